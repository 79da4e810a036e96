import { setTimeout } from 'node:timers/promises';

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
