import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FileGate, giveBackLimits, heldBack, isTakenOut, nextFileGate } from '../../../src/core/gate/file-gate.ts';

const { closedMs, windowMs } = giveBackLimits;
const at = 10_000_000;

type World = { readonly out?: readonly string[]; readonly returning?: readonly string[]; readonly now?: number };

const next = (before: FileGate | undefined, { out = [], returning = [], now = at }: World): FileGate =>
  nextFileGate(
    before,
    ['a', 'b'],
    { isOut: (key) => out.includes(key), isReturning: (key) => returning.includes(key) },
    now,
  );

const withdrawn = (givenBack: readonly number[], more: Partial<FileGate> = {}): FileGate => ({
  out: ['a'],
  givenBack,
  ...more,
});

/** Each row of the table "A file" in docs/gate.md. */
describe('a file', () => {
  it('whole -> withdrawn: at once, whatever was before', () => {
    assert.deepEqual(next(undefined, { out: ['a'] }).out, ['a']);
    const closed = { out: [], givenBack: [], closedUntil: at + 1 };
    assert.deepEqual(next(closed, { out: ['b'] }).out, ['b']);
    assert.deepEqual(next({ out: [], givenBack: [at, at, at] }, { out: ['a', 'b'] }).out, ['a', 'b']);
  });

  it('withdrawn -> whole: three times within an hour, the fourth time not', () => {
    assert.deepEqual(next(withdrawn([]), {}), { out: [], givenBack: [at] });
    assert.deepEqual(next(withdrawn([at - 2, at - 1]), {}).out, []);
    const fourth = next(withdrawn([at - 3, at - 2, at - 1]), {});
    assert.deepEqual(fourth, { out: ['a'], givenBack: [at - 3, at - 2, at - 1], closedUntil: at + closedMs });
    assert.deepEqual(
      heldBack(fourth, () => false),
      { keys: ['a'], until: at + closedMs },
    );
  });

  it('counts a give-back for an hour and no longer', () => {
    assert.deepEqual(next(withdrawn([at - windowMs + 1, at - 2, at - 1]), {}).out, ['a']);
    assert.deepEqual(next(withdrawn([at - windowMs, at - 2, at - 1]), {}).out, []);
  });

  it('closed -> on trial: when the hour has gone by, not a millisecond sooner', () => {
    const closed = withdrawn([], { closedUntil: at });
    assert.deepEqual(next(closed, { now: at - 1 }), closed);
    assert.deepEqual(next(closed, {}), { out: [], givenBack: [at], trialUntil: at + windowMs });
    assert.deepEqual(next(closed, { out: ['a'] }).out, ['a'], 'a mirror that is still bad stays out');
  });

  it('on trial -> closed: withdrawn within the hour, it is not given back', () => {
    const trial = withdrawn([at - windowMs + 1], { trialUntil: at + 1 });
    assert.deepEqual(next(trial, {}).closedUntil, at + closedMs);
  });

  it('on trial -> whole: an hour went by', () => {
    assert.deepEqual(next(withdrawn([at - windowMs], { trialUntil: at }), {}), { out: [], givenBack: [at] });
  });

  it('waits for a mirror that is about to come back too, so that both count once', () => {
    const both = { out: ['a', 'b'], givenBack: [] };
    assert.deepEqual(next(both, { out: ['b'], returning: ['b'] }), both);
    assert.deepEqual(next(both, { out: ['b'] }), { out: ['b'], givenBack: [at] });
    assert.deepEqual(next(both, {}), { out: [], givenBack: [at] });
  });

  it('is closed for no longer than the limit when the clock was set back', () => {
    assert.deepEqual(next(withdrawn([], { closedUntil: at + closedMs + 1 }), {}).out, []);
    assert.deepEqual(next(withdrawn([at + 1, at + 2, at + 3]), {}).out, [], 'nor are give-backs of the future counted');
  });
});

describe('a mirror is taken out', () => {
  it('when its answers speak against it, or they are good again and a file of it has flapped', () => {
    const files = { 'a/hosts.toml': { out: ['flapped'], givenBack: [] }, 'b/hosts.toml': { out: [], givenBack: [at] } };
    const gate = { outs: { costly: ['shallow'] as const }, files };
    assert.deepEqual(
      ['costly', 'flapped', 'well'].map((key) => isTakenOut(gate, key)),
      [true, true, false],
    );
  });
});
