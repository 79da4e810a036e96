import { type Difference, differenceOf, isDifferent, type OwnChanges } from './difference.ts';
import {
  beginEpisode,
  causeOf,
  type Episode,
  type EpisodeEnd,
  endOfEpisode,
  episodeAtStart,
  extendEpisode,
  nextLookOfEpisode,
  type Recognise,
  standingFor,
} from './episode.ts';
import type { Identity, Tree } from './tree.ts';

/** Waiting times outside of episodes, in milliseconds (design.md, "Spegel at work"). */
export const waits = {
  /** Nothing may have changed for this long before we write. */
  quiet: 250,
  /** Changes that never stop hold us back no longer than this. */
  quietAtMost: 2_000,
  /**
   * The same two for files that go beside a `_backup/`: they may be the first steps of a clear, and a write into a
   * directory that Spegel is removing would make its step fail.
   */
  quietAfterVanishing: 750,
  vanishingAtMost: 10_000,
  /** An agent starts beside a `_backup/`: Spegel may be between two steps. */
  start: 750,
  /** The same when it knows nothing: a clear that has already listed what it removes would not see what we make. */
  startNewHere: 1_200,
  /** The same when a clear may have begun while nobody looked. */
  startClearing: 2_000,
} as const;

/** What passes remember of the directory; lost with the process. */
export type Watch = {
  readonly tree: Tree;
  /** The agent started beside a `_backup/`: not before this moment. */
  readonly notBefore: number | undefined;
  /** No look has been settled since the agent started. */
  readonly fresh: boolean;
  /** Somebody else's changes since the last settled look: the first, the last. */
  readonly changes: Span;
  /** The same for files that went beside a `_backup/`. */
  readonly vanishings: Span;
  readonly episode: Episode | undefined;
  /** Paths that vanished since the last settled look. */
  readonly vanished: ReadonlySet<string>;
  /** Spegel's files as its last start left them, or as they stood when the agent started. */
  readonly spegelLeft: ReadonlyMap<string, Identity>;
  /** When a start of Spegel was last seen to end, on the steady clock. */
  readonly spegelWroteAt: number | undefined;
};

type Span = { readonly first: number; readonly last: number } | undefined;

export type Observation = {
  readonly watch: Watch;
  /** May we write now? If not: why, and when to look again (steady milliseconds). */
  readonly settled: boolean;
  readonly waitingFor: string | undefined;
  readonly lookAgainAt: number | undefined;
  /** On a settled look: what went since the last settled one, while Spegel was not at work. */
  readonly vanished: ReadonlySet<string>;
  /** Set on the pass on which an episode ends. */
  readonly ended: { readonly how: EpisodeEnd; readonly episode: Episode } | undefined;
  readonly began: boolean;
  /** The first settled look since the agent started: what was done before it, nobody saw. */
  readonly fresh: boolean;
  readonly difference: Difference | undefined;
};

export type Look = { readonly tree: Tree; readonly own: OwnChanges; readonly now: number };

const grow = (span: Span, now: number): Span => ({ first: span?.first ?? now, last: now });

const startOf = ({ newHere, clearing }: Recognise): 'start' | 'startNewHere' | 'startClearing' => {
  if (clearing) return 'startClearing';
  return newHere ? 'startNewHere' : 'start';
};

const start = (tree: Tree, now: number, recognise: Recognise): Watch => {
  const spegelLeft = standingFor(tree, recognise);
  const beside = tree.backup !== undefined;
  const episode = beside && spegelLeft.size === 0 ? episodeAtStart(now, recognise) : undefined;
  const notBefore = beside ? now + waits[startOf(recognise)] : undefined;
  return {
    tree,
    notBefore,
    fresh: true,
    changes: undefined,
    vanishings: undefined,
    episode,
    vanished: new Set(),
    spegelLeft,
    spegelWroteAt: undefined,
  };
};

const firstLook = (look: Look, recognise: Recognise): Followed => {
  const watch = start(look.tree, look.now, recognise);
  return { watch, began: watch.episode !== undefined, difference: undefined };
};

type Followed = { readonly watch: Watch; readonly began: boolean; readonly difference: Difference | undefined };

const follow = (watch: Watch, look: Look, recognise: Recognise): Followed => {
  const { tree, own, now } = look;
  const trees = { before: watch.tree, after: tree };
  const difference = differenceOf(watch.tree, tree, own);
  if (!isDifferent(difference)) return { watch: { ...watch, tree }, began: false, difference };
  const cause = watch.episode === undefined ? causeOf(difference, trees, recognise) : undefined;
  const opened =
    cause === undefined ? watch.episode : beginEpisode(watch.tree, { cause, vanished: watch.vanished, now }, recognise);
  const vanishing = tree.backup !== undefined && difference.vanished.length > 0;
  return {
    began: cause !== undefined,
    difference,
    watch: {
      tree,
      notBefore: watch.notBefore,
      fresh: watch.fresh,
      changes: grow(watch.changes, now),
      vanishings: vanishing ? grow(watch.vanishings, now) : watch.vanishings,
      episode: opened === undefined ? undefined : extendEpisode(opened, difference, trees, now),
      vanished: new Set([...watch.vanished, ...difference.vanished]),
      spegelLeft: watch.spegelLeft,
      spegelWroteAt: watch.spegelWroteAt,
    },
  };
};

const mayWriteAt = ({ notBefore, changes, vanishings }: Watch): number => {
  const started = notBefore ?? Number.NEGATIVE_INFINITY;
  const quiet =
    changes === undefined
      ? Number.NEGATIVE_INFINITY
      : Math.max(Math.min(changes.last + waits.quiet, changes.first + waits.quietAtMost), changes.last);
  if (vanishings === undefined) return Math.max(started, quiet);
  const still = Math.min(vanishings.last + waits.quietAfterVanishing, vanishings.first + waits.vanishingAtMost);
  return Math.max(started, quiet, still, vanishings.last);
};

const atRest = (watch: Watch): Watch => ({
  ...watch,
  notBefore: undefined,
  fresh: false,
  changes: undefined,
  vanishings: undefined,
  episode: undefined,
  vanished: new Set(),
});

const settled = { settled: true, waitingFor: undefined, lookAgainAt: undefined } as const;

const nothingVanished: ReadonlySet<string> = new Set();

const duringEpisode = (followed: Followed, episode: Episode, now: number, recognise: Recognise): Observation => {
  const { watch } = followed;
  const how = endOfEpisode(episode, watch.tree, now, recognise);
  if (how !== undefined) {
    const spegelWroteAt = how === 'spegel-wrote' ? episode.lastChange : watch.spegelWroteAt;
    const rested = { ...atRest(watch), spegelLeft: standingFor(watch.tree, recognise), spegelWroteAt };
    return {
      ...followed,
      ...settled,
      fresh: watch.fresh,
      watch: rested,
      vanished: nothingVanished,
      ended: { how, episode },
    };
  }
  return {
    ...followed,
    fresh: false,
    settled: false,
    waitingFor: `Spegel is at work (${episode.cause})`,
    lookAgainAt: nextLookOfEpisode(episode, now),
    vanished: nothingVanished,
    ended: undefined,
  };
};

/**
 * One look at certs.d: what changed since the last, whether Spegel is at work, and whether we may write now
 * (design.md section 3; Spegel's steps as in v0.2.0 and later).
 */
export const observe = (watch: Watch | undefined, look: Look, recognise: Recognise): Observation => {
  const { now } = look;
  const followed = watch === undefined ? firstLook(look, recognise) : follow(watch, look, recognise);
  const current = followed.watch;
  if (current.episode !== undefined) return duringEpisode(followed, current.episode, now, recognise);
  const writeAt = mayWriteAt(current);
  if (now >= writeAt) {
    return {
      ...followed,
      ...settled,
      fresh: current.fresh,
      watch: atRest(current),
      vanished: current.vanished,
      ended: undefined,
    };
  }
  return {
    ...followed,
    fresh: false,
    settled: false,
    waitingFor: 'somebody is changing files',
    lookAgainAt: writeAt,
    vanished: nothingVanished,
    ended: undefined,
  };
};
