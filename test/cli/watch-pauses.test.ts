import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPauses } from '../../src/kubernetes/watch-pauses.ts';
import { chanceOf } from '../support/seeded.ts';

const times = { pause: 1_000, spread: 10_000, longestPause: 80_000, longestRefusedPause: 600_000 };

describe('the pauses of a watch', () => {
  it('grow to twice each time, up to their limit, and begin again after a watch that stood', () => {
    const pauses = createPauses(times, () => 1);
    const longest = (): number => pauses.next('growing');
    assert.deepEqual([longest(), longest(), longest(), longest(), longest()], [10_000, 20_000, 40_000, 80_000, 80_000]);
    assert.equal(pauses.next('patient'), 80_000);
    assert.equal(pauses.next('patient'), 160_000);
    pauses.begin();
    assert.equal(longest(), 10_000);
  });

  it('are none after an orderly end, and about a second where other nodes have no cause to come', () => {
    const pauses = createPauses(times, () => 0.5);
    assert.deepEqual([pauses.next('none'), pauses.next('short')], [0, 1_000]);
  });

  for (const awaySeconds of [0, 1, 5, 30, 60, 300]) {
    it(`bring 5,000 nodes back at most 700 in any second of an outage of ${awaySeconds} s or after it, all within 80 s`, () => {
      const chance = chanceOf(awaySeconds + 1);
      const perSecond = new Map<number, number>();
      for (let node = 0; node < 5_000; node++) {
        const pauses = createPauses(times, () => chance.upTo(1_000_000) / 1_000_000);
        let at = pauses.next('growing');
        while (at < awaySeconds * 1_000) at += pauses.next('growing');
        const second = Math.floor(at / 1_000) - awaySeconds;
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
      assert.ok(Math.max(...perSecond.values()) <= 700, `${Math.max(...perSecond.values())} in a second`);
      assert.ok(Math.max(...perSecond.keys()) <= 80);
    });
  }
});
