/** A timer this late means that this process was stopped, and says nothing of the other side. */
const lateMs = 200;
const mostGraces = 3;

/**
 * Calls `late` after `timeoutMs` in which this process was able to listen. Gives what calls it off. `begun` is called
 * when what else was started with it, and what was answered at once, is known.
 */
export const startLimit = (timeoutMs: number, late: () => void, begun?: () => void): (() => void) => {
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
  const begin = setImmediate(() => {
    begun?.();
    arm(mostGraces);
  });
  return () => {
    clearImmediate(begin);
    clearTimeout(timer);
  };
};

type Member = { readonly late: () => void };
type Round = { readonly members: Set<Member>; readonly callOff: () => void };

/** As `startLimit`; those of one length that are started together share one timer. */
export const createLimits = (): ((timeoutMs: number, late: () => void) => () => void) => {
  const open = new Map<number, Round>();
  const begin = (timeoutMs: number): Round => {
    const members = new Set<Member>();
    const close = (): void => void open.delete(timeoutMs);
    const allLate = (): void => {
      for (const { late } of members) late();
    };
    const callOff = startLimit(timeoutMs, allLate, close);
    const round: Round = {
      members,
      callOff: () => {
        if (open.get(timeoutMs) === round) close();
        callOff();
      },
    };
    open.set(timeoutMs, round);
    return round;
  };
  return (timeoutMs, late) => {
    const { members, callOff } = open.get(timeoutMs) ?? begin(timeoutMs);
    const member = { late };
    members.add(member);
    return () => {
      if (members.delete(member) && members.size === 0) callOff();
    };
  };
};
