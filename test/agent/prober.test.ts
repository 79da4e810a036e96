import assert from 'node:assert/strict';
import { EventEmitter, on, once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import type { Pace } from '../../src/core/gate/pace.ts';
import type { Depth, Sample, Verdict } from '../../src/core/gate/verdict.ts';
import { createClock } from '../../src/io/clock.ts';
import { createProber } from '../../src/prober.ts';
import { localMirror } from '../support/local-mirror.ts';

const quick: Pace = { interval: 2, deepInterval: 2, remoteInterval: 2 };
const day = 86_400_000;
const seldom: Pace = { interval: day, deepInterval: day, remoteInterval: day };

const start = (t: TestContext, startPace: Pace) => {
  const stop = new AbortController();
  t.after(() => stop.abort());
  // The prober's own timers keep no process alive.
  const alive = setInterval(() => undefined, 1_000);
  t.after(() => clearInterval(alive));
  let pace = startPace;
  const asked = new EventEmitter();
  const answers: Partial<Record<Depth, Verdict>> = {};
  const probe = async ({ url }: Mirror, depth: Depth): Promise<Sample> => {
    asked.emit('asked', depth, url);
    await new Promise(setImmediate);
    return { verdict: answers[depth] ?? 'up', at: performance.now(), latencyMs: 1, detail: '' };
  };
  const prober = createProber({
    now: () => performance.now(),
    later: createClock().later,
    probe,
    changed: (key) => asked.emit('changed', key),
    pace: () => pace,
    random: () => 0.5,
    signal: stop.signal,
  });
  return {
    prober,
    asked,
    answers,
    become: (next: Pace) => {
      pace = next;
    },
    /** Waits until it has been asked so often at a depth. */
    times: async (depth: Depth, count: number): Promise<void> => {
      let seen = 0;
      for await (const [found] of on(asked, 'asked')) {
        if (found === depth) seen += 1;
        if (seen === count) return;
      }
    },
  };
};

describe('the prober', () => {
  for (const shallow of ['up', 'erroring'] as const) {
    it(`looks deeper into a mirror that is ${shallow} at /v2/`, async (t) => {
      const { prober, answers, times } = start(t, quick);
      answers.shallow = shallow;
      answers.deep = 'hung';
      const looked = times('deep', 3);
      prober.watch([localMirror('http://m')]);
      await looked;
      assert.ok((prober.states().get('http://m')?.deep?.costlyInARow ?? 0) >= 2);
    });
  }

  for (const shallow of ['refused', 'timeout', 'hung', 'wrong'] as const) {
    it(`does not where /v2/ is ${shallow}, nor where nothing deep is asked`, async (t) => {
      const { prober, answers, times, asked } = start(t, quick);
      answers.shallow = shallow;
      const depths: string[] = [];
      asked.on('asked', (depth: string, url: string) => depths.push(`${depth} ${url}`));
      const looked = times('shallow', 20);
      prober.watch([localMirror('http://m'), localMirror('http://far', { deep: false })]);
      await looked;
      assert.deepEqual(
        depths.filter((one) => one.startsWith('deep')),
        [],
      );
    });
  }

  it('goes by a pace that is set anew at once, also when the old pause lasts a day', async (t) => {
    const { prober, answers, become, asked } = start(t, seldom);
    answers.shallow = 'refused';
    const far = localMirror('http://far', { near: false, deep: false });
    prober.watch([far]);
    await once(asked, 'changed');
    // Its next turn is armed now.
    await new Promise(setImmediate);
    become(quick);
    const again = once(asked, 'asked');
    prober.watch([far]);
    await again;
  });

  it('asks the other silent mirrors of this node at once when one answers again', async (t) => {
    const { prober, answers, become, asked, times } = start(t, quick);
    const mirrors = ['http://a', 'http://b'].map((url) => localMirror(url, { deep: false }));
    answers.shallow = 'hung';
    const silent = times('shallow', 20);
    prober.watch(mirrors);
    await silent;
    become(seldom);
    prober.watch(mirrors);
    // Who is being asked answers as before.
    for (let i = 0; i < 3; i++) await new Promise(setImmediate);
    answers.shallow = 'up';
    const told: string[] = [];
    asked.on('asked', (_depth: string, url: string) => told.push(url));
    await prober.ask(mirrors.slice(0, 1));
    while (!told.includes('http://b')) await once(asked, 'asked');
  });

  it('looks deeper soon after a mirror has come, not only when the long pause is over', async (t) => {
    const { prober, times } = start(t, { ...quick, deepInterval: day });
    const looked = times('deep', 1);
    prober.watch([localMirror('http://m')]);
    await looked;
  });

  it('tells what decides, and not each sample of one that stays as it is', async (t) => {
    const { prober, asked, answers, times } = start(t, quick);
    const told: string[] = [];
    asked.on('changed', (key: string) => told.push(key));
    const settled = times('shallow', 20);
    prober.watch([localMirror('http://m', { deep: false })]);
    await settled;
    const before = told.length;
    assert.ok(before >= 1 && before <= 3, `${before}`);
    answers.shallow = 'hung';
    const fell = times('shallow', 20);
    await fell;
    assert.equal(told.length - before, 2, 'the first costly one, and the second');
  });

  it('forgets who is not wanted any more, and asks nobody once it is stopped', async (t) => {
    const { prober, times } = start(t, quick);
    const looked = times('shallow', 4);
    prober.watch([localMirror('http://a', { deep: false }), localMirror('http://b', { deep: false })]);
    await looked;
    prober.watch([localMirror('http://b', { deep: false })]);
    assert.deepEqual([...prober.states().keys()], ['http://b']);
  });
});
