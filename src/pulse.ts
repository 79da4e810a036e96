import { longestTimerMs } from './pause.ts';

/** Coalesces wake-ups: however many events come, the next look happens once, with all the reasons. */
export type Pulse = {
  readonly wake: (reason: string) => void;
  /** Would `next` resolve at once? */
  readonly isRung: () => boolean;
  /** Resolves on the next wake, after `ms` at the latest, or at once when the signal is aborted. */
  readonly next: (ms: number, signal: AbortSignal) => Promise<readonly string[]>;
};

/** The reason when there is no other. */
export const timer = 'timer';

export const createPulse = (): Pulse => {
  let reasons = new Set<string>();
  let ring: (() => void) | undefined;
  return {
    wake: (reason) => {
      reasons.add(reason);
      ring?.();
    },
    isRung: () => reasons.size > 0,
    next: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timeout);
          signal.removeEventListener('abort', done);
          ring = undefined;
          const told = [...reasons];
          reasons = new Set();
          resolve(told.length > 0 ? told : [timer]);
        };
        const timeout = setTimeout(done, Math.min(Math.max(0, Math.ceil(ms)), longestTimerMs));
        signal.addEventListener('abort', done, { once: true });
        ring = done;
        if (reasons.size > 0 || signal.aborted) done();
      }),
  };
};
