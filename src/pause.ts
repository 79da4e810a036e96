import { setTimeout } from 'node:timers/promises';
import { onBeat } from './core/beat.ts';

/** `setTimeout` takes no more and would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Resolves after `ms`, or at once when the signal is aborted. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await setTimeout(Math.min(Math.max(ms, 0), longestTimerMs), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  }
};

/** The same, ended on a beat: for what an idle agent does again and again. */
export const pauseToBeat = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(onBeat(ms, performance.now()), signal);
