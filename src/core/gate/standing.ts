import type { Depth, MirrorState, Series } from './verdict.ts';

/** Mirrors that the gate holds out, by key, and the probes that have something against each. Remembered on disk. */
export type Outs = Readonly<Record<string, readonly Depth[]>>;

const depths = ['shallow', 'deep'] as const satisfies readonly Depth[];

/** Two in a row decide, either way (design.md, Gate). */
const needed = 2;

const isHeldBy = (held: boolean, series: Series | undefined): boolean => {
  if (series === undefined) return held;
  return held ? series.upInARow < needed : series.costlyInARow >= needed;
};

/**
 * Who is out after these samples: two costly ones in a row of one depth take a mirror out, two `up` in a row of each
 * depth that had something against it bring it back. A mirror that has not been asked yet stays as it was; one that is
 * not wanted any more is forgotten.
 */
export const nextOuts = (
  before: Outs,
  states: ReadonlyMap<string, MirrorState>,
  wanted: readonly { readonly key: string; readonly deep: boolean }[],
): Outs => {
  const after: Record<string, readonly Depth[]> = {};
  for (const { key, deep } of wanted) {
    const state = states.get(key);
    const held = depths.filter(
      (depth) => (depth === 'shallow' || deep) && isHeldBy(before[key]?.includes(depth) ?? false, state?.[depth]),
    );
    if (held.length > 0) after[key] = held;
  }
  return after;
};

/** A mirror that is out whose last answer was good: one more brings it back. */
export const isReturning = (outs: Outs, key: string, state: MirrorState | undefined): boolean =>
  (outs[key] ?? []).length > 0 && (outs[key] ?? []).every((depth) => (state?.[depth]?.upInARow ?? 0) > 0);

/** The one sample that decides before a first file is written; `undefined`: not known yet. */
export const firstStanding = (state: MirrorState | undefined, now: number): 'in' | 'out' | undefined => {
  const verdict = state?.shallow?.last.verdict;
  if (verdict === undefined) return state !== undefined && now - state.watchedSince >= firstProbeMs ? 'out' : undefined;
  return verdict === 'up' || verdict === 'refused' || verdict === 'erroring' ? 'in' : 'out';
};

/** How long a first file waits for all of its mirrors. */
const firstProbeMs = 500;
