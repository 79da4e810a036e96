import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { onBeat } from '../../src/core/beat.ts';

it('pauses that end within the same half second end together, none a quarter of a second off', () => {
  const time = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(time, fc.double({ min: 1_000, max: 3_600_000, noNaN: true }), (now, pause) => {
      const end = now + onBeat(pause, now);
      assert.ok(Math.abs(end - (now + pause)) <= 250 + 1e-3);
      assert.ok(Math.abs(end - Math.round(end / 500) * 500) < 1e-3);
    }),
  );
});

it('keeps a steady pace although timers are a little late', () => {
  let now = 500.3;
  const ends = [1, 2, 3, 4].map(() => {
    now += onBeat(1_000, now);
    now += 0.4;
    return Math.floor(now);
  });
  assert.deepEqual(ends, [1_500, 2_500, 3_500, 4_500]);
});

it('leaves short pauses as they are', () => {
  assert.deepEqual([onBeat(999, 123.4), onBeat(0, 123.4), onBeat(50, 7)], [999, 0, 50]);
});
