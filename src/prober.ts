import { jittered } from './core/beat.ts';
import type { Mirror } from './core/gate/mirror.ts';
import { type Pace, pauseBefore } from './core/gate/pace.ts';
import {
  addSample,
  currentOf,
  type Depth,
  isCostly,
  type MirrorState,
  newMirrorState,
  type Sample,
} from './core/gate/verdict.ts';

export type Prober = {
  /** Which mirrors are probed from now on; what is known of others is forgotten. */
  readonly watch: (mirrors: readonly Mirror[]) => void;
  /** By key. */
  readonly states: () => ReadonlyMap<string, MirrorState>;
  /** Asks each of these once for `/v2/`, all at the same time. */
  readonly ask: (mirrors: readonly Mirror[]) => Promise<void>;
};

export type ProberDeps = {
  readonly now: () => number;
  /** Does it once, in about so many milliseconds; gives what calls it off. */
  readonly later: (ms: number, act: () => void) => () => void;
  readonly probe: (mirror: Mirror, depth: Depth, signal: AbortSignal) => Promise<Sample>;
  /** Called when what is known of a mirror may change what is decided. */
  readonly changed: (key: string) => void;
  /** Called with each sample, for metrics. */
  readonly sampled?: (mirror: Mirror, depth: Depth, sample: Sample) => void;
  readonly pace: () => Pace;
  readonly random: () => number;
  readonly signal: AbortSignal;
};

/** Nothing is decided by more than two samples in a row, so that later ones are no news. */
const matters = (before: MirrorState, after: MirrorState, depth: Depth): boolean => {
  const series = after[depth];
  if (series === undefined) return false;
  return (
    currentOf(before)?.last.verdict !== currentOf(after)?.last.verdict ||
    series.costlyInARow === 2 ||
    series.upInARow === 2 ||
    after.answersInARow === 2
  );
};

const neighbourMs = 200;
const depths = ['shallow', 'deep'] as const satisfies readonly Depth[];
/** Who is asked after as many rounds or more is asked in one of them. */
const slowFrom = 10;

const isNear = (mirror: Mirror, depth: Depth): boolean => depth === 'shallow' || mirror.deep;

/**
 * Probes each mirror on its own jittered timers, faster while its state is changing (design.md, Gate); this node's own
 * mirrors and Spegel's, while they are at rest, in one round, which the slower ones join.
 */
export const createProber = (deps: ProberDeps): Prober => {
  const states = new Map<string, MirrorState>();
  /** What calls the next turn off. */
  const timers = new Map<string, () => void>();
  let round: Set<() => void> | undefined;
  const running = new Set<string>();
  let pace: string | undefined;

  const sample = async (mirror: Mirror, depth: Depth): Promise<void> => {
    const taken = await deps.probe(mirror, depth, deps.signal);
    if (deps.signal.aborted) return;
    const before = states.get(mirror.key);
    if (before === undefined) return;
    const after = addSample(before, depth, taken);
    states.set(mirror.key, after);
    deps.sampled?.(before.mirror, depth, taken);
    // The deep probe waits until there is something to ask.
    if (depth === 'shallow' && taken.verdict === 'up' && before.shallow?.last.verdict !== 'up') hurry(mirror);
    if (depth === 'shallow' && taken.verdict === 'up' && after.shallow?.upInARow === 1) askNeighbours(mirror);
    if (matters(before, after, depth)) deps.changed(mirror.key);
  };

  const timerKey = (key: string, depth: Depth): string => `${depth} ${key}`;

  /** The turn that was to come does not. */
  const replace = (key: string, depth: Depth, callOff: () => void): void => {
    const id = timerKey(key, depth);
    timers.get(id)?.();
    timers.set(id, callOff);
  };

  const arm = (key: string, depth: Depth, pause: number): void =>
    replace(
      key,
      depth,
      deps.later(pause, () => void turn(key, depth)),
    );

  /** With all that is asked next: to a process that sleeps in between, the first costs more than the others together. */
  const joinRound = (key: string, depth: Depth, pause: number): void => {
    const turns = round ?? new Set();
    const act = (): void => void turn(key, depth);
    turns.add(act);
    replace(key, depth, () => turns.delete(act));
    if (round !== undefined) return;
    round = turns;
    deps.later(pause, () => {
      if (round === turns) round = undefined;
      for (const one of turns) one();
    });
  };

  const schedule = (key: string, depth: Depth): void => {
    const state = states.get(key);
    if (state === undefined || deps.signal.aborted) return;
    const current = deps.pace();
    const { interval } = current;
    const usual = pauseBefore(state, depth, current);
    const random = deps.random();
    if (state.mirror.near && depth === 'shallow' && usual === interval) joinRound(key, depth, jittered(usual, random));
    else if (usual < slowFrom * interval) arm(key, depth, jittered(usual, random));
    else {
      // Half a round sooner, so that the next one is at its time.
      const early = jittered(usual, 0.25 + random / 2) - interval / 2;
      replace(
        key,
        depth,
        deps.later(early, () => joinRound(key, depth, interval / 2)),
      );
    }
  };

  /** When one of this node's mirrors answers again, the others that were silent most likely do too: they are asked now. */
  const askNeighbours = (mirror: Mirror): void => {
    for (const { mirror: other, shallow } of states.values()) {
      const id = timerKey(other.key, 'shallow');
      const silent = shallow !== undefined && isCostly(shallow.last.verdict);
      if (!mirror.near || !other.near || other.key === mirror.key || !silent || running.has(id)) continue;
      if (!timers.has(id)) continue;
      arm(other.key, 'shallow', neighbourMs * deps.random());
    }
  };

  const hurry = (mirror: Mirror): void => {
    const id = timerKey(mirror.key, 'deep');
    if (!mirror.deep || !timers.has(id) || running.has(id)) return;
    schedule(mirror.key, 'deep');
  };

  /** A pace that was set anew counts at once: the old pause may be a day. */
  const followPace = (): void => {
    const now = Object.values(deps.pace()).join();
    if (now === pace) return;
    pace = now;
    round = undefined;
    for (const key of states.keys()) {
      for (const depth of depths) {
        const id = timerKey(key, depth);
        if (timers.has(id) && !running.has(id)) schedule(key, depth);
      }
    }
  };

  /** What does not answer `/v2/` needs no deeper look, unless the deep probe has something against it. */
  const isWorthwhile = (state: MirrorState, depth: Depth): boolean =>
    depth === 'shallow' ||
    state.shallow?.last.verdict === 'up' ||
    state.shallow?.last.verdict === 'erroring' ||
    (state.deep !== undefined && isCostly(state.deep.last.verdict) && state.shallow?.last.verdict !== 'refused');

  const turn = async (key: string, depth: Depth): Promise<void> => {
    const id = timerKey(key, depth);
    const state = states.get(key);
    if (state === undefined || running.has(id)) return;
    running.add(id);
    try {
      if (isWorthwhile(state, depth)) await sample(state.mirror, depth);
    } finally {
      running.delete(id);
    }
    if (timers.has(id) && isNear(state.mirror, depth)) schedule(key, depth);
  };

  const forget = (key: string): void => {
    states.delete(key);
    for (const depth of depths) {
      timers.get(timerKey(key, depth))?.();
      timers.delete(timerKey(key, depth));
    }
  };

  const know = (mirror: Mirror): void => {
    const state = states.get(mirror.key);
    states.set(mirror.key, state === undefined ? newMirrorState(mirror, deps.now()) : { ...state, mirror });
  };

  deps.signal.addEventListener('abort', () => {
    for (const callOff of timers.values()) callOff();
    timers.clear();
  });

  return {
    watch: (mirrors) => {
      const wanted = new Set(mirrors.map(({ key }) => key));
      for (const key of states.keys()) if (!wanted.has(key)) forget(key);
      followPace();
      for (const mirror of mirrors) {
        know(mirror);
        for (const depth of depths) {
          const id = timerKey(mirror.key, depth);
          if (!timers.has(id) && isNear(mirror, depth)) schedule(mirror.key, depth);
        }
      }
    },
    states: () => states,
    ask: async (mirrors) => {
      for (const mirror of mirrors) know(mirror);
      await Promise.all(mirrors.map((mirror) => sample(mirror, 'shallow')));
    },
  };
};
