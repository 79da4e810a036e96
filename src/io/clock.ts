import { onBeat } from '../core/beat.ts';
import { pause } from '../pause.ts';

export type Clock = {
  /** Steady milliseconds since the epoch: the wall time at the start plus what has elapsed since, whatever a person or NTP does to the wall clock. */
  readonly now: () => number;
  /** What the wall clock says, for records that people read. */
  readonly wall: () => Date;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /**
   * Does it about every `ms` (on a beat), the next time not before it is done, until the signal is aborted or it fails.
   * Costs less than sleeping again and again.
   */
  readonly every: (ms: number, act: () => Promise<void>, signal: AbortSignal) => Promise<void>;
};

/** What `performance.now()` tells, whose module takes a millisecond to load. */
const elapsed = (): number => process.uptime() * 1_000;

export const createClock = (): Clock => {
  const start = Date.now() - elapsed();
  return {
    now: () => start + elapsed(),
    wall: () => new Date(),
    sleep: pause,
    every: (ms, act, signal) =>
      new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout;
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        const arm = (): void => {
          if (!signal.aborted) timer = setTimeout(turn, onBeat(ms, performance.now()));
        };
        const turn = (): void => void act().then(arm, reject);
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', done, { once: true });
        arm();
      }),
  };
};
