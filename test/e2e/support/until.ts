import { setTimeout } from 'node:timers/promises';

/** Far more than any row of the table promises: these machines are slow, shared, and stall for seconds. */
export const generousMs = 30_000;

/** Tests that mostly wait are played side by side, each on a node of its own. */
export const together = { concurrency: 3 } as const;

export type UntilOptions = {
  readonly limitMs?: number;
  /** What a person wants to see when it never came to pass. */
  readonly otherwise?: () => string;
};

const lookEveryMs = 10;

/**
 * Looks again and again until it is so, and gives what the look gave and how long it took; a look that throws (a file
 * that is not there yet) is not so.
 */
export const until = async <T>(
  what: string,
  look: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<{ readonly found: Exclude<T, false | undefined | null>; readonly ms: number }> => {
  const began = performance.now();
  const limit = options.limitMs ?? generousMs;
  for (;;) {
    let last = 'not so';
    try {
      const found = await look();
      if (found !== false && found !== undefined && found !== null) {
        return { found: found as Exclude<T, false | undefined | null>, ms: performance.now() - began };
      }
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() - began > limit) {
      throw new Error(`after ${limit} ms still not: ${what} (${last})\n${options.otherwise?.() ?? ''}`);
    }
    await setTimeout(lookEveryMs);
  }
};

/** Looks for as long as `ms`: it must be so each time. For what must not happen there is no event to wait for. */
export const stays = async (what: string, ms: number, look: () => boolean | Promise<boolean>): Promise<void> => {
  const began = performance.now();
  while (performance.now() - began < ms) {
    if (!(await look())) throw new Error(`no longer: ${what}, after ${Math.round(performance.now() - began)} ms`);
    await setTimeout(lookEveryMs);
  }
};
