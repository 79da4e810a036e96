import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClock } from '../../src/io/clock.ts';

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

  it('does something again and again, one after the other, until it is stopped or fails', async () => {
    const clock = createClock();
    const stop = new AbortController();
    const seen: string[] = [];
    let turns = 0;
    await clock.every(
      1,
      async () => {
        seen.push('begins');
        await clock.sleep(3);
        seen.push('ends');
        turns += 1;
        if (turns === 3) stop.abort();
      },
      stop.signal,
    );
    assert.deepEqual(seen, ['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
    await clock.every(1, () => Promise.reject(new Error('never')), stop.signal);
    const failing = clock.every(1, () => Promise.reject(new Error('no')), new AbortController().signal);
    await assert.rejects(failing, /no/);
  });
});
