import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fight } from '../../src/core/ledger.ts';
import { fightAgain, fightLimits } from '../../src/core/plan-hosts.ts';

/** One change after the other, at these times. */
const fought = (times: readonly number[], writer: (at: number) => string = () => 'foreign', before?: Fight) => {
  let fight = before;
  const conflicts: boolean[] = [];
  for (const at of times) {
    const next = fightAgain(fight, writer(at), at);
    fight = next.fight;
    conflicts.push(next.conflict);
  }
  return { fight, conflicts };
};

const everySecond = (count: number, from = 0): readonly number[] =>
  Array.from({ length: count }, (_, at) => from + at * 1_000);

describe('a quarrel over a file', () => {
  it('is a conflict at the sixth change by the same writer in 10 minutes', () => {
    assert.deepEqual(fought(everySecond(6)).conflicts, [false, false, false, false, false, true]);
    assert.equal(fought(everySecond(6)).fight?.until, 5_000 + fightLimits.backOffMs);
  });

  it('is none when the changes are spread over more than 10 minutes, or over several writers', () => {
    const slow = Array.from({ length: 20 }, (_, at) => at * 121_000);
    assert.equal(fought(slow).conflicts.includes(true), false);
    const writers = (at: number): string => (at % 2_000 === 0 ? 'foreign' : 'ours-edited');
    assert.equal(fought(everySecond(10), writers).conflicts.includes(true), false);
  });

  it('holds until its time is over, then doubles up to an hour, and begins anew after a calm hour', () => {
    let { fight } = fought(everySecond(6));
    const pauses: number[] = [];
    for (let again = 0; again < 4; again += 1) {
      const until = fight?.until ?? 0;
      assert.equal(fightAgain(fight, 'foreign', until - 1).conflict, true);
      assert.equal(fightAgain(fight, 'foreign', until).conflict, false);
      const times = everySecond(6, until);
      fight = fought(times, undefined, fight).fight;
      pauses.push((fight?.until ?? 0) - (times.at(-1) ?? 0));
    }
    assert.deepEqual(pauses, [1_200_000, 2_400_000, 3_600_000, 3_600_000]);
    const calm = (fight?.until ?? 0) + fightLimits.longestMs + 1;
    const later = fought(everySecond(6, calm), undefined, fight);
    assert.equal((later.fight?.until ?? 0) - calm - 5_000, fightLimits.backOffMs);
  });
});
