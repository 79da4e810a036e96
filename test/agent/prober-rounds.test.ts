import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { defaultSettings } from '../../src/core/config/settings.ts';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import type { Verdict } from '../../src/core/gate/verdict.ts';
import { createProber } from '../../src/prober.ts';

const mirror = (key: string, near: boolean): Mirror => ({
  key,
  url: key,
  probeUrls: [`${key}/v2/`],
  role: near ? 'local' : 'foreign',
  address: '127.0.0.1',
  port: 80,
  registries: [],
  near,
  deep: false,
  onePod: near,
  headers: {},
  ca: [],
  client: undefined,
  skipVerify: false,
});

/** A prober in simulated time; `at`: when each mirror was asked, in milliseconds. */
const createWorld = () => {
  let now = 0;
  const waiting = new Set<{ readonly at: number; readonly act: () => void }>();
  const verdicts = new Map<string, Verdict>();
  const at = new Map<string, number[]>();
  const stop = new AbortController();
  let drawn = 0;
  const prober = createProber({
    now: () => now,
    later: (ms, act) => {
      const one = { at: now + ms, act };
      waiting.add(one);
      return () => waiting.delete(one);
    },
    probe: async ({ key }: Mirror) => {
      at.set(key, [...(at.get(key) ?? []), now]);
      return { verdict: verdicts.get(key) ?? 'up', at: now, latencyMs: 1, detail: '' };
    },
    changed: () => undefined,
    pace: () => defaultSettings.probe,
    // Every jitter is another one.
    random: () => {
      drawn += 1;
      return (drawn * 0.37) % 1;
    },
    signal: stop.signal,
  });
  const run = async (until: number): Promise<void> => {
    for (;;) {
      const next = [...waiting].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      waiting.delete(next);
      now = next.at;
      next.act();
      await setImmediate();
    }
    now = until;
  };
  return { prober, verdicts, run, waiting, stop, times: (key: string) => at.get(key) ?? [] };
};

const pauses = (times: readonly number[]): readonly number[] => times.slice(1).map((time, i) => time - (times[i] ?? 0));

describe('mirrors of this node that are at rest', () => {
  it('are asked together every 5 s, a tenth sooner or later', async () => {
    const { prober, verdicts, run, times } = createWorld();
    verdicts.set('b', 'refused');
    prober.watch([mirror('a', true), mirror('b', true)]);
    await run(120_000);
    const [a, b] = [times('a'), times('b')];
    assert.deepEqual(a.slice(3), b.slice(3));
    for (const pause of pauses(a.slice(3))) assert.ok(pause >= 4_500 && pause <= 5_500, `${pause}`);
    assert.ok(new Set(pauses(a).map(Math.round)).size > 5);
  });

  it('are asked by themselves each second while they change, and come back to the others', async () => {
    const { prober, verdicts, run, times } = createWorld();
    prober.watch([mirror('a', true), mirror('b', true)]);
    await run(30_000);
    verdicts.set('b', 'hung');
    await run(60_000);
    const since = times('b').filter((time) => time > 30_000);
    assert.ok((since[1] ?? 0) - (since[0] ?? 0) <= 1_100);
    assert.deepEqual(times('b').slice(-3), times('a').slice(-3));
    assert.ok(pauses(since).every((pause) => pause <= 5_500));
  });

  it('are asked no more once they are not wanted, or the agent stops', async () => {
    const { prober, run, times, stop, waiting } = createWorld();
    prober.watch([mirror('a', true), mirror('b', true), mirror('far', false)]);
    await run(20_000);
    prober.watch([mirror('b', true), mirror('far', false)]);
    const [asked, left] = [times('a').length, times('b').length];
    await run(40_000);
    assert.equal(times('a').length, asked);
    assert.ok(times('b').length >= left + 3);
    stop.abort();
    const last = times('b').length;
    await run(200_000);
    assert.equal(times('b').length, last);
    assert.equal(waiting.size, 0);
  });

  it('do not hurry the mirrors of others: each has a pause of its own', async () => {
    const { prober, run, times } = createWorld();
    prober.watch([mirror('far', false), mirror('farther', false), mirror('a', true)]);
    await run(600_000);
    const far = times('far').slice(2);
    for (const pause of pauses(far)) assert.ok(pause >= 54_000 && pause <= 66_000);
    assert.notDeepEqual(far, times('farther').slice(2));
  });
});
