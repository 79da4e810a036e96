/** A timer this late means that this process was stopped, and says nothing of the other side. */
const lateMs = 200;
const mostGraces = 3;

/** Calls `late` after `timeoutMs` in which this process was able to listen. Gives what calls it off. */
export const startLimit = (timeoutMs: number, late: () => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  const arm = (graces: number): void => {
    const began = performance.now();
    timer = setTimeout(() => {
      const wasStopped = performance.now() - began - timeoutMs > lateMs;
      if (wasStopped && graces > 0) arm(graces - 1);
      else late();
    }, timeoutMs);
  };
  // What is answered at once needs no timer: one that is called off still wakes the process when it would have ended.
  const begin = setImmediate(() => arm(mostGraces));
  return () => {
    clearImmediate(begin);
    clearTimeout(timer);
  };
};
