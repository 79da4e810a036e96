/** A generator of numbers from 0 to below 1 that a seed repeats (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export type Chance = {
  /** True once in `n` times. */
  readonly oneIn: (n: number) => boolean;
  readonly upTo: (most: number) => number;
  readonly pick: <T>(items: readonly [T, ...T[]]) => T;
};

export const chanceOf = (seed: number): Chance => {
  const next = seeded(seed);
  const upTo = (most: number): number => Math.floor(next() * (most + 1));
  return {
    upTo,
    oneIn: (n) => next() * n < 1,
    pick: (items) => items[upTo(items.length - 1)] ?? items[0],
  };
};
