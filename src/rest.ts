import type { Clock } from './io/clock.ts';

/** What may be spent on looks before a rest is due, in milliseconds: a burst of events is followed at once. */
const freeMs = 20;
const mostRestMs = 100;

/** Rests between looks, so that they take half of the time at most, however many events come. */
export const createRest = (clock: Pick<Clock, 'now' | 'sleep'>) => {
  let spent = 0;
  let endedAt = clock.now();
  return {
    /** After a look that began then. */
    after: async (began: number, signal: AbortSignal): Promise<void> => {
      const took = clock.now() - began;
      spent = Math.max(0, spent - (began - endedAt)) + took;
      endedAt = clock.now();
      if (spent > freeMs) await clock.sleep(Math.min(took, mostRestMs), signal);
    },
  };
};
