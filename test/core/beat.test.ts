import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { onBeat } from '../../src/core/beat.ts';

it('pauses that end within the same half second end together, none earlier than asked, none half a second later', () => {
  const time = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(time, fc.double({ min: 1_000, max: 3_600_000, noNaN: true }), (now, pause) => {
      const end = now + onBeat(pause, now);
      assert.ok(end - (now + pause) > -1e-3 && end - (now + pause) < 500 + 1e-3);
      assert.ok(Math.abs(end - Math.round(end / 500) * 500) < 1e-3);
    }),
  );
});

it('leaves short pauses as they are', () => {
  assert.deepEqual([onBeat(999, 123.4), onBeat(0, 123.4), onBeat(50, 7)], [999, 0, 50]);
});
