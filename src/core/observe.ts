import { type Difference, differenceOf, isDifferent, vanishedEntries } from './difference.ts';
import type { Identity, Tree } from './tree.ts';
import { registryOf, sameIdentity } from './tree.ts';

/** Waiting times, in milliseconds (design.md, "Spegel at work"). */
export const waits = {
  /** Nothing may have changed for this long before we write. */
  quiet: 250,
  /** The same, when a file went away beside a `_backup/`: it may be the first step of a clear. */
  quietAfterVanishing: 600,
  /** Changes that never stop hold us back no longer than this. */
  quietAtMost: 2_000,
  /** Spegel's file still stands this long after the last vanishing: a person did it. */
  person: 2_000,
  /** Spegel never came to an end: one alarm, then we write. */
  giveUp: 30_000,
} as const;

/** Spegel's init container or its uninstall hook is at work in certs.d: nobody writes. */
export type Episode = {
  readonly since: number;
  readonly lastChange: number;
  readonly lastVanish: number | undefined;
  readonly cause: string;
  /** Files that were Spegel's, or stood in for Spegel's, when it began. */
  readonly before: ReadonlyMap<string, Identity>;
  /** Every path that stood when it began, and is gone. */
  readonly vanished: ReadonlySet<string>;
};

export type EpisodeEnd = 'spegel-wrote' | 'backup-gone' | 'person' | 'gave-up';

/** What passes remember of the directory; lost with the process. */
export type Watch = {
  readonly tree: Tree;
  readonly lastChange: number;
  readonly firstChange: number;
  readonly quiet: number;
  readonly episode: Episode | undefined;
  /** Paths that vanished since the last settled look. */
  readonly vanished: ReadonlySet<string>;
  /** Spegel's files as its last start left them, or as they stood when the agent started. */
  readonly spegelLeft: ReadonlyMap<string, Identity>;
};

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
  readonly difference: Difference | undefined;
};

export type Recognise = {
  /** Is the file at this path Spegel's own text, today? */
  readonly spegel: (tree: Tree, path: string) => boolean;
  /** Is it a file of ours that stands in for Spegel's? */
  readonly standIn: (tree: Tree, path: string) => boolean;
  /** Spegel has neither init container nor hook here (`containerdMirrorAdd: false`): any standing entry shows a person. */
  readonly spegelCannotBeAtWork: boolean;
};

const standingFor = (tree: Tree, recognise: Recognise): ReadonlyMap<string, Identity> => {
  const found = new Map<string, Identity>();
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'file') continue;
    if (recognise.spegel(tree, path) || recognise.standIn(tree, path)) found.set(path, seen.id);
  }
  return found;
};

const start = (tree: Tree, now: number, recognise: Recognise): Watch => {
  const spegelHere = standingFor(tree, recognise);
  const lost = tree.backup !== undefined && spegelHere.size === 0;
  const episode: Episode | undefined = lost
    ? {
        since: now,
        lastChange: now,
        lastVanish: undefined,
        cause: 'the agent started beside a _backup/ without a file of Spegel',
        before: new Map(),
        vanished: new Set(),
      }
    : undefined;
  // Beside a _backup/ Spegel may be writing this very moment.
  const lastChange = tree.backup === undefined ? Number.NEGATIVE_INFINITY : now;
  return { tree, lastChange, firstChange: lastChange, quiet: waits.quiet, episode, vanished: new Set(), spegelLeft: spegelHere };
};

/** Does a change open an episode: an entry went while `_backup/` stands or appears, or came and went as a whole. */
const causeOf = (difference: Difference, before: Tree, after: Tree): string | undefined => {
  if (difference.root === 'replaced') return undefined;
  if (difference.backup === 'appeared') return '_backup/ appeared';
  if (difference.backup === 'vanished') return '_backup/ went';
  if (after.backup === undefined) return undefined;
  const [entry] = vanishedEntries(difference, before, after);
  return entry === undefined ? undefined : `${entry}/ went while _backup/ stands`;
};

const endOf = (episode: Episode, tree: Tree, now: number, recognise: Recognise): EpisodeEnd | undefined => {
  if (now - episode.lastChange < waits.quiet) return undefined;
  if (tree.backup === undefined) return 'backup-gone';
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'file' || !recognise.spegel(tree, path)) continue;
    const old = episode.before.get(path);
    if (old === undefined || !sameIdentity(old, seen.id)) return 'spegel-wrote';
  }
  const still = [...episode.before].some(([path, id]) => {
    const seen = tree.entries.get(path);
    return seen !== undefined && sameIdentity(seen.id, id);
  });
  const anything = recognise.spegelCannotBeAtWork && tree.entries.size > 0;
  if ((still || anything) && now - (episode.lastVanish ?? episode.since) >= waits.person) return 'person';
  return now - episode.lastChange >= waits.giveUp ? 'gave-up' : undefined;
};

const nextLook = (episode: Episode, now: number): number => {
  const times = [
    episode.lastChange + waits.quiet,
    (episode.lastVanish ?? episode.since) + waits.person,
    episode.lastChange + waits.giveUp,
  ].filter((at) => at > now);
  return Math.min(...times, now + 1_000);
};

const extend = (episode: Episode, difference: Difference, gone: readonly string[], now: number): Episode => ({
  ...episode,
  lastChange: now,
  lastVanish: gone.length > 0 || difference.vanished.length > 0 ? now : episode.lastVanish,
  vanished: new Set([...episode.vanished, ...difference.vanished]),
});

const follow = (
  watch: Watch,
  look: { readonly tree: Tree; readonly own: ReadonlySet<string>; readonly now: number },
  recognise: Recognise,
): { watch: Watch; began: boolean; difference: Difference } => {
  const { tree, own, now } = look;
  const difference = differenceOf(watch.tree, tree, own);
  if (!isDifferent(difference)) return { watch: { ...watch, tree }, began: false, difference };
  const cause = causeOf(difference, watch.tree, tree);
  const gone = vanishedEntries(difference, watch.tree, tree);
  const began = watch.episode === undefined && cause !== undefined;
  const opened: Episode | undefined = began
    ? { since: now, lastChange: now, lastVanish: undefined, cause, before: standingFor(watch.tree, recognise), vanished: watch.vanished }
    : watch.episode;
  const settledBefore = now - watch.lastChange >= watch.quiet;
  const vanishing = tree.backup !== undefined && difference.vanished.some((path) => path !== registryOf(path));
  return {
    began,
    difference,
    watch: {
      tree,
      lastChange: now,
      firstChange: settledBefore ? now : watch.firstChange,
      quiet: vanishing ? waits.quietAfterVanishing : settledBefore ? waits.quiet : watch.quiet,
      episode: opened === undefined ? undefined : extend(opened, difference, gone, now),
      vanished: new Set([...watch.vanished, ...difference.vanished]),
      spegelLeft: watch.spegelLeft,
    },
  };
};

const settledNow = {
  settled: true,
  waitingFor: undefined,
  lookAgainAt: undefined,
  vanished: new Set<string>(),
  ended: undefined,
} as const;

/**
 * One look at certs.d: what changed since the last, whether Spegel is at work, and whether we may write now
 * (design.md section 3; Spegel's steps as in v0.2.0 and later).
 */
export const observe = (
  watch: Watch | undefined,
  look: { readonly tree: Tree; readonly own: ReadonlySet<string>; readonly now: number },
  recognise: Recognise,
): Observation => {
  const { now } = look;
  const followed =
    watch === undefined
      ? { watch: start(look.tree, now, recognise), began: false, difference: undefined }
      : follow(watch, look, recognise);
  const current = followed.watch;
  const base = { began: followed.began || (watch === undefined && current.episode !== undefined), difference: followed.difference };
  if (current.episode !== undefined) {
    const how = endOf(current.episode, current.tree, now, recognise);
    if (how === undefined) {
      return {
        ...base,
        watch: current,
        settled: false,
        waitingFor: `Spegel is at work (${current.episode.cause})`,
        lookAgainAt: nextLook(current.episode, now),
        vanished: new Set(),
        ended: undefined,
      };
    }
    const spegelLeft = standingFor(current.tree, recognise);
    const rested = { ...current, firstChange: now, episode: undefined, vanished: new Set<string>(), spegelLeft };
    return { ...base, ...settledNow, watch: rested, ended: { how, episode: current.episode } };
  }
  const quietAt = current.lastChange + current.quiet;
  const latest = Math.max(current.firstChange + waits.quietAtMost, current.lastChange);
  const writeAt = Math.min(quietAt, latest);
  if (now < writeAt) {
    const waitingFor = 'somebody is changing files';
    return { ...base, watch: current, settled: false, waitingFor, lookAgainAt: writeAt, vanished: new Set(), ended: undefined };
  }
  const rested = { ...current, firstChange: now, vanished: new Set<string>() };
  return { ...base, ...settledNow, watch: rested, vanished: current.vanished };
};
