import { beatsUntil, jittered, usualBeatMs } from '../core/beat.ts';
import { pause } from '../pause.ts';

/** Gives what calls it off. */
export type Later = (ms: number, act: () => void) => () => void;

export type Clock = {
  /** Steady milliseconds since the epoch: the wall time at the start plus what has elapsed since, whatever a person or NTP does to the wall clock. */
  readonly now: () => number;
  /** What the wall clock says, for records that people read. */
  readonly wall: () => Date;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Does it once, in about `ms`: on the nearest beat, unless it is a matter of few seconds. Never keeps the process alive. */
  readonly later: Later;
  /** Does it on every beat, but not while it is still being done, until the signal is aborted or it fails. */
  readonly everyBeat: (act: () => Promise<void> | undefined, signal: AbortSignal) => Promise<void>;
};

export type ClockOptions = { readonly beatMs?: number; readonly random?: () => number };

/** What `performance.now()` tells, whose module takes a millisecond to load. */
const elapsed = (): number => process.uptime() * 1_000;

/** What is due at about the same time is done on one wake-up: one timer, as long as anything waits for a beat. */
const createBeats = (beatMs: number) => {
  type Waiting = { beats: number; readonly act: () => void };
  const always = new Set<() => void>();
  const waiting = new Set<Waiting>();
  let began = 0;
  let timer: NodeJS.Timeout | undefined;
  const beat = (): void => {
    began = elapsed();
    const due: Waiting[] = [];
    for (const one of waiting) {
      one.beats -= 1;
      if (one.beats === 0) due.push(one);
    }
    for (const act of always) act();
    // What one of them calls off is not done any more, and what it puts off waits for a later beat.
    for (const one of due) if (waiting.delete(one)) one.act();
    if (waiting.size + always.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const add = <T>(to: Set<T>, one: T): (() => void) => {
    to.add(one);
    if (timer === undefined) {
      began = elapsed();
      timer = setInterval(beat, beatMs);
      timer.unref();
    }
    return () => void to.delete(one);
  };
  return {
    /** Of the running beat, in milliseconds. */
    elapsed: () => (timer === undefined ? 0 : elapsed() - began),
    after: (beats: number, act: () => void): (() => void) => add<Waiting>(waiting, { beats, act }),
    every: (act: () => void): (() => void) => add(always, act),
  };
};

export const createClock = ({ beatMs = usualBeatMs, random = Math.random }: ClockOptions = {}): Clock => {
  const start = Date.now() - elapsed();
  const beats = createBeats(jittered(beatMs, random()));
  return {
    now: () => start + elapsed(),
    wall: () => new Date(),
    sleep: pause,
    later: (ms, act) => {
      const count = beatsUntil(ms, beats.elapsed(), beatMs);
      if (count > 0) return beats.after(count, act);
      const timer = setTimeout(act, Math.max(ms, 0));
      timer.unref();
      return () => clearTimeout(timer);
    },
    everyBeat: (act, signal) =>
      new Promise((resolve, reject) => {
        let isBusy = false;
        const end = (): void => {
          callOff();
          resolve();
        };
        const fail = (error: unknown): void => {
          callOff();
          reject(error);
        };
        const turn = (): void => {
          if (isBusy) return;
          const pending = act();
          if (pending === undefined) return;
          isBusy = true;
          pending.then(() => {
            isBusy = false;
          }, fail);
        };
        const callOff = signal.aborted ? () => undefined : beats.every(turn);
        signal.addEventListener('abort', end, { once: true });
        if (signal.aborted) end();
      }),
  };
};
