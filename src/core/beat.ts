/** Three of them are the 5 s after which this node's own ports are asked; one is the longest a new address goes unseen. */
export const usualBeatMs = 5_000 / 3;

/** Up to a tenth longer or shorter, so that nodes that started at one moment drift apart; `random` from 0 to 1. */
export const jittered = (ms: number, random: number): number => ms * (0.9 + 0.2 * random);

/**
 * The beat, counted from now, that is nearest to the end of a pause; `elapsed` of the running one are over. 0: the pause
 * is a short one, under some 4 s, and ends when it ends. On an idle node a wake-up costs more than what is then done.
 */
export const beatsUntil = (pause: number, elapsed: number, beatMs: number): number =>
  pause < 2.5 * beatMs ? 0 : Math.max(1, Math.round((pause + Math.min(elapsed, beatMs)) / beatMs));
