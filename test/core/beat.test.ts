import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { beatsUntil, jittered, usualBeatMs } from '../../src/core/beat.ts';

it('a long pause ends on the beat that is nearest to its end', () => {
  const beatMs = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(beatMs, fc.nat(3_600_000), fc.nat(10_000), (beat, more, over) => {
      const [pause, elapsed] = [3 * beat + more, over % beat];
      const beats = beatsUntil(pause, elapsed, beat);
      assert.ok(beats >= 1);
      assert.ok(beats === 1 || Math.abs(beats * beat - elapsed - pause) <= beat / 2 + 1e-6);
    }),
  );
});

it('a process that slept through many beats waits no longer than usual', () => {
  assert.equal(beatsUntil(5_000, 3_600_000, usualBeatMs), 4);
});

it('short pauses are left as they are', () => {
  assert.deepEqual(
    [0, 1_000, 3_000, 4_166].map((pause) => beatsUntil(pause, 800, usualBeatMs)),
    [0, 0, 0, 0],
  );
});

it('this node’s own ports are asked every third beat, with any jitter', () => {
  for (const random of [0, 0.5, 1]) assert.equal(beatsUntil(jittered(5_000, random), 5, usualBeatMs), 3);
});

it('a look every beat sees a new address in time for it to be in the files within 2 s', () => {
  assert.ok(jittered(usualBeatMs, 1) < 1_850);
});
