import { addSample, type MirrorState, type Sample } from './core/verdict.ts';

export type Prober = {
  /** Which URLs are probed from now on; what is known of others is forgotten. */
  readonly watch: (urls: readonly string[]) => void;
  readonly states: () => ReadonlyMap<string, MirrorState>;
  /** Asks each of these once, 500 ms at most for all. */
  readonly ask: (urls: readonly string[]) => Promise<void>;
};

export type ProberDeps = {
  readonly probe: (url: string, signal: AbortSignal) => Promise<Sample>;
  /** Called when a verdict changed, or a mirror is known for the first time, or answered for the second time. */
  readonly changed: (url: string) => void;
  readonly intervalMs: () => number;
  readonly random: () => number;
  readonly signal: AbortSignal;
};

const whileChangingMs = 1_000;

/** Probes each mirror on its own jittered timer, every second while its state is changing (design.md, Gate). */
export const createProber = (deps: ProberDeps): Prober => {
  const states = new Map<string, MirrorState>();
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Set<string>();

  const sample = async (url: string): Promise<void> => {
    const taken = await deps.probe(url, deps.signal);
    if (deps.signal.aborted) return;
    const before = states.get(url);
    const after = addSample(before, url, taken);
    states.set(url, after);
    if (before?.verdict !== after.verdict || after.answersInARow === 2) deps.changed(url);
  };

  const schedule = (url: string): void => {
    const state = states.get(url);
    const base = state === undefined ? 0 : state.inARow < 2 ? whileChangingMs : deps.intervalMs();
    const timer = setTimeout(() => void turn(url), base * (0.9 + 0.2 * deps.random()));
    timer.unref();
    timers.set(url, timer);
  };

  const turn = async (url: string): Promise<void> => {
    if (!timers.has(url) || running.has(url)) return;
    running.add(url);
    await sample(url);
    running.delete(url);
    if (timers.has(url) && !deps.signal.aborted) schedule(url);
  };

  deps.signal.addEventListener('abort', () => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  });

  return {
    watch: (urls) => {
      for (const [url, timer] of timers) {
        if (urls.includes(url)) continue;
        clearTimeout(timer);
        timers.delete(url);
        states.delete(url);
      }
      for (const url of urls) if (!timers.has(url) && !deps.signal.aborted) schedule(url);
    },
    states: () => states,
    ask: async (urls) => {
      await Promise.all(urls.map(sample));
    },
  };
};
