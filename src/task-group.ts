/**
 * Runs tasks under one signal: start joins, stop waits. The first failure stops the rest; it is thrown when all of them
 * have ended.
 */
export const runTogether = async (
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  outer: AbortSignal,
): Promise<void> => {
  const failing = new AbortController();
  const signal = AbortSignal.any([outer, failing.signal]);
  const results = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        await task(signal);
      } catch (error) {
        failing.abort();
        throw error;
      }
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};
