import type { Mirror } from './mirror.ts';

/** What one probe of a mirror saw (design.md, Gate). */
export const verdicts = ['up', 'refused', 'erroring', 'timeout', 'hung', 'wrong'] as const;
export type Verdict = (typeof verdicts)[number];

/** `shallow`: `/v2/`. `deep`: an unknown digest, and a manifest that this node holds. */
export type Depth = 'shallow' | 'deep';

export type Sample = {
  readonly verdict: Verdict;
  readonly at: number;
  readonly latencyMs: number;
  readonly detail: string;
};

/** Samples of one depth. Times are steady milliseconds. */
export type Series = {
  readonly last: Sample;
  readonly since: number;
  /** Samples in a row of this verdict. */
  readonly inARow: number;
  readonly upInARow: number;
  /** Samples in a row that were costly, whatever kind of costly. */
  readonly costlyInARow: number;
};

/** What is known of one mirror. */
export type MirrorState = {
  readonly mirror: Mirror;
  /** Since when it is probed, on the steady clock. */
  readonly watchedSince: number;
  readonly shallow: Series | undefined;
  readonly deep: Series | undefined;
  /** Shallow samples in a row to which something answered, whatever it said. */
  readonly answersInARow: number;
  /** The last 15 minutes of both depths, oldest first. */
  readonly recent: readonly Sample[];
};

const costly: ReadonlySet<Verdict> = new Set(['timeout', 'hung', 'wrong']);
const silent: ReadonlySet<Verdict> = new Set(['refused', 'timeout', 'hung']);

/** Would containerd wait for it or take a broken image from it? The others cost it next to nothing. */
export const isCostly = (verdict: Verdict): boolean => costly.has(verdict);

const recentMs = 900_000;
const mostRecent = 200;

export const newMirrorState = (mirror: Mirror, now: number): MirrorState => ({
  mirror,
  watchedSince: now,
  shallow: undefined,
  deep: undefined,
  answersInARow: 0,
  recent: [],
});

const addTo = (series: Series | undefined, sample: Sample): Series => {
  const same = series?.last.verdict === sample.verdict;
  return {
    last: sample,
    since: same ? series.since : sample.at,
    inARow: same ? series.inARow + 1 : 1,
    upInARow: sample.verdict === 'up' ? (series?.upInARow ?? 0) + 1 : 0,
    costlyInARow: isCostly(sample.verdict) ? (series?.costlyInARow ?? 0) + 1 : 0,
  };
};

/** Adds one sample to what is known; pure, `sample.at` is the clock. */
export const addSample = (state: MirrorState, depth: Depth, sample: Sample): MirrorState => {
  const answered = depth === 'shallow' && !silent.has(sample.verdict) ? state.answersInARow + 1 : 0;
  return {
    ...state,
    [depth]: addTo(state[depth], sample),
    answersInARow: depth === 'shallow' ? answered : state.answersInARow,
    recent: [...state.recent.filter(({ at }) => sample.at - at < recentMs), sample].slice(-mostRecent),
  };
};

/**
 * What holds of the mirror as a whole: what the deep probe has against it, else what the shallow one saw. One that errs
 * at `/v2/` may still make a pull wait for its manifests.
 */
export const currentOf = ({ shallow, deep }: MirrorState): Series | undefined => {
  if (shallow === undefined || deep === undefined) return shallow;
  const { verdict } = shallow.last;
  const counts = verdict === 'up' ? deep.last.verdict !== 'up' : verdict === 'erroring' && isCostly(deep.last.verdict);
  return counts ? deep : shallow;
};

const sameSeries = (a: Series | undefined, b: Series | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.last.verdict === b.last.verdict &&
    a.last.detail === b.last.detail &&
    a.since === b.since &&
    sameCount(a.upInARow, b.upInARow) &&
    sameCount(a.costlyInARow, b.costlyInARow));

/** Nothing is decided by more than two samples in a row. */
const sameCount = (a: number, b: number): boolean => Math.min(a, 2) === Math.min(b, 2);

/** Is what was seen of a mirror since no news? Then every plan makes the same of both. */
export const sameStanding = (a: MirrorState, b: MirrorState): boolean =>
  a === b ||
  (a.mirror === b.mirror &&
    a.watchedSince === b.watchedSince &&
    sameCount(a.answersInARow, b.answersInARow) &&
    sameSeries(a.shallow, b.shallow) &&
    sameSeries(a.deep, b.deep));
