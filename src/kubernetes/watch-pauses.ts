/**
 * `short`: about a second, where other nodes have no cause to come just now; `growing`: at random up to a time that
 * doubles, since all nodes may have lost the same API server; `patient`: the same, up to ten minutes.
 */
export type Pause = 'none' | 'short' | 'growing' | 'patient';

/** In milliseconds. */
export type PauseTimes = {
  readonly pause: number;
  /** Nodes that lost the same API server come again within this time first, each at a moment of its own. */
  readonly spread: number;
  readonly longestPause: number;
  /** While there is no right to watch: nobody's outage, so it has time. */
  readonly longestRefusedPause: number;
};

export type Pauses = {
  /** How long to wait, in milliseconds. */
  readonly next: (pause: Pause) => number;
  /** A watch stood: the next trouble is another one. */
  readonly begin: () => void;
};

/** Pauses before the next watch; at random from 0 on, since after a short outage all nodes are at their first one. */
export const createPauses = (times: PauseTimes, random: () => number): Pauses => {
  let longest = times.spread;
  return {
    next: (pause) => {
      if (pause === 'none') return 0;
      if (pause === 'short') return times.pause * (0.5 + random());
      const limit = pause === 'patient' ? times.longestRefusedPause : times.longestPause;
      const ms = Math.min(longest, limit) * random();
      longest = Math.min(longest * 2, limit);
      return ms;
    },
    begin: () => {
      longest = times.spread;
    },
  };
};
