const beatMs = 500;

/**
 * A pause that ends on the nearest beat, a quarter of a second sooner or later at most, so that what is due at about the
 * same time wakes the process once: on an idle node a wake-up costs more than what is then done. Pauses under 1 s, and
 * the times of tests, stay as they are. Both in milliseconds; `now` is that of `performance`, which each node starts at
 * another moment.
 */
export const onBeat = (pause: number, now: number): number =>
  pause < 2 * beatMs ? pause : Math.round((now + pause) / beatMs) * beatMs - now;
