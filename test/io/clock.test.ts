import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClock } from '../../src/io/clock.ts';

/** Beats keep no process alive. */
const keptAlive = async <T>(waiting: Promise<T>): Promise<T> => {
  const timer = setInterval(() => undefined, 1_000);
  try {
    return await waiting;
  } finally {
    clearInterval(timer);
  }
};

describe('createClock', () => {
  it('starts at wall time and goes on evenly when the wall clock jumps a day', (t) => {
    const clock = createClock();
    const before = clock.now();
    assert.ok(Math.abs(before - Date.now()) < 50);
    t.mock.method(Date, 'now', () => 0);
    const elapsed = clock.now() - before;
    assert.ok(elapsed >= 0 && elapsed < 1_000);
  });

  it('shows the wall clock as it is', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 86_400_000 });
    assert.equal(createClock().wall().toISOString(), '1970-01-02T00:00:00.000Z');
  });

  it('sleeps at least as long as asked', async () => {
    const clock = createClock();
    const before = clock.now();
    await clock.sleep(20);
    assert.ok(clock.now() - before >= 19);
    await clock.sleep(-5);
  });

  it('wakes at once when stopped, also when it was stopped before', async () => {
    const clock = createClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(2 ** 40, stop.signal);
    stop.abort();
    await sleeping;
    await clock.sleep(1e9, stop.signal);
  });

  it('does something on every beat, one after the other, until it is stopped or fails', async () => {
    const clock = createClock({ beatMs: 5 });
    const stop = new AbortController();
    const seen: string[] = [];
    let turns = 0;
    const act = async (): Promise<void> => {
      seen.push('begins');
      await clock.sleep(8);
      seen.push('ends');
      turns += 1;
      if (turns === 3) stop.abort();
    };
    await keptAlive(clock.everyBeat(act, stop.signal));
    assert.deepEqual(seen, ['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
    await clock.everyBeat(() => Promise.reject(new Error('never')), stop.signal);
    const failing = clock.everyBeat(() => Promise.reject(new Error('no')), new AbortController().signal);
    await assert.rejects(keptAlive(failing), /no/);
  });

  it('does what is due at about the same time at once, and not what was called off', async () => {
    const clock = createClock({ beatMs: 100, random: () => 0.5 });
    const seen: string[] = [];
    const told = new Promise<void>((resolve) => {
      clock.later(410, () => {
        seen.push('a');
        callOff();
        // Only what is due on the same beat comes before what is due at once.
        setImmediate(() => {
          seen.push('later');
          resolve();
        });
      });
    });
    clock.later(390, () => seen.push('b'));
    const callOff = clock.later(400, () => seen.push('called off by a'));
    clock.later(430, () => seen.push('c'));
    clock.later(300, () => seen.push('first'));
    await keptAlive(told);
    assert.deepEqual(seen, ['first', 'a', 'b', 'c', 'later']);
  });

  it('ends a short pause when it ends', async () => {
    const clock = createClock({ beatMs: 3_600_000 });
    const seen: string[] = [];
    const told = new Promise<void>((resolve) => {
      clock.later(30, () => resolve());
      clock.later(10, () => seen.push('sooner'));
      clock.later(5, () => seen.push('called off'))();
    });
    await keptAlive(told);
    assert.deepEqual(seen, ['sooner']);
  });
});
