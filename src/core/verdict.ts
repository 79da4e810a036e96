/** What one probe of a mirror saw (design.md, Gate). */
export const verdicts = ['up', 'refused', 'erroring', 'timeout', 'hung', 'wrong'] as const;
export type Verdict = (typeof verdicts)[number];

export type Sample = {
  readonly verdict: Verdict;
  readonly at: number;
  readonly latencyMs: number;
  readonly detail: string;
};

/** What is known of one mirror from its samples. Times are steady milliseconds. */
export type MirrorState = {
  readonly url: string;
  readonly verdict: Verdict;
  readonly since: number;
  /** Samples in a row of this verdict. */
  readonly inARow: number;
  /** Samples in a row to which something answered, whatever it said. */
  readonly answersInARow: number;
  readonly last: Sample;
};

const silent: ReadonlySet<Verdict> = new Set(['refused', 'timeout', 'hung']);

/** Adds one sample to what is known; pure, `at` is the clock. */
export const addSample = (state: MirrorState | undefined, url: string, sample: Sample): MirrorState => {
  const same = state?.verdict === sample.verdict;
  return {
    url,
    verdict: sample.verdict,
    since: same ? state.since : sample.at,
    inARow: same ? state.inARow + 1 : 1,
    answersInARow: silent.has(sample.verdict) ? 0 : (state?.answersInARow ?? 0) + 1,
    last: sample,
  };
};
