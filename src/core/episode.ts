import { type Difference, vanishedEntries } from './difference.ts';
import { type Identity, registryOf, sameIdentity, type Tree } from './tree.ts';

/** Waiting times of an episode, in milliseconds (design.md, "Spegel at work"). */
export const episodeWaits = {
  /** Nothing may have changed for this long before it is over. */
  quiet: 250,
  /** The same while some of Spegel's files are still to come: four of its steps between two of them show nothing. */
  quietBetweenFiles: 850,
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
  /** Files that were Spegel's, or stood in for Spegel's, when it began, as long as they stand untouched. */
  readonly before: ReadonlyMap<string, Identity>;
  /** Where Spegel is expected to write: where its files stood, else where the configuration says. */
  readonly expected: ReadonlySet<string>;
  /** Every path that stood when it began, and is gone. */
  readonly vanished: ReadonlySet<string>;
};

export type EpisodeEnd = 'spegel-wrote' | 'backup-gone' | 'person' | 'gave-up';

export type Recognise = {
  /** Is the file at this path Spegel's own text, today? */
  readonly spegel: (tree: Tree, path: string) => boolean;
  /** Is it a file of ours that stands in for Spegel's? */
  readonly standIn: (tree: Tree, path: string) => boolean;
  /** Files that Spegel writes, as far as the configuration tells. */
  readonly spegelWrites: ReadonlySet<string>;
  /** The agent remembers nothing of this node: what it would write has not stood here before. */
  readonly newHere: boolean;
  /** What is missing of what the ledger knows looks like the beginning of a clear. */
  readonly clearing: boolean;
  /** Spegel has neither init container nor hook here (`containerdMirrorAdd: false`): any standing entry shows a person. */
  readonly spegelCannotBeAtWork: boolean;
};

/** Spegel's files and their stand-ins, by path. */
export const standingFor = (tree: Tree, recognise: Recognise): ReadonlyMap<string, Identity> => {
  const found = new Map<string, Identity>();
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'file') continue;
    if (recognise.spegel(tree, path) || recognise.standIn(tree, path)) found.set(path, seen.id);
  }
  return found;
};

const wasMadeAnew = (registry: string, before: Tree, after: Tree): boolean => {
  const old = before.entries.get(registry);
  const now = after.entries.get(registry);
  return old === undefined || now === undefined || old.id.ino !== now.id.ino || old.id.mtime !== now.id.mtime;
};

/**
 * A file with Spegel's text that was not there before, in a directory that was touched: Spegel makes each of its
 * directories anew, and file systems give the same inode numbers again. Text that somebody copied over a standing file
 * leaves the directory as it was.
 */
const freshFile = (
  difference: Difference,
  trees: { before: Tree; after: Tree },
  recognise: Recognise,
): string | undefined =>
  [...difference.appeared, ...difference.changed].find(
    (path) => recognise.spegel(trees.after, path) && wasMadeAnew(registryOf(path), trees.before, trees.after),
  );

/** Which change, if any, shows that Spegel's init container or its hook has begun, or has come and gone between two looks. */
export const causeOf = (
  difference: Difference,
  trees: { readonly before: Tree; readonly after: Tree },
  recognise: Recognise,
): string | undefined => {
  if (difference.root === 'replaced') return undefined;
  if (difference.backup === 'appeared') return '_backup/ appeared';
  if (difference.backup === 'vanished') return '_backup/ went';
  if (trees.after.backup === undefined) return undefined;
  if (difference.backup === 'emptied') return '_backup/ is being emptied';
  const [entry] = vanishedEntries(difference, trees.before, trees.after);
  if (entry !== undefined) return `${entry}/ went while _backup/ stands`;
  const file = freshFile(difference, trees, recognise);
  return file === undefined ? undefined : `${file} was written by Spegel`;
};

/**
 * An empty file where Spegel's would be: Spegel fills its files as soon as it has made them. One that stays so was emptied
 * by somebody, or by us who forgot (a lost state directory).
 */
const isEmptied = (tree: Tree, recognise: Recognise): boolean =>
  ['_default/hosts.toml', ...recognise.spegelWrites].some((path) => {
    const seen = tree.entries.get(path);
    return seen?.kind === 'file' && seen.bytes.length === 0;
  });

/** The agent starts beside a `_backup/`, and no file of Spegel tells that it had come to an end. */
export const episodeAtStart = (now: number, recognise: Recognise): Episode => ({
  since: now,
  lastChange: now,
  lastVanish: undefined,
  cause: 'the agent started beside a _backup/ without a file of Spegel',
  before: new Map(),
  expected: recognise.spegelWrites,
  vanished: new Set(),
});

export const beginEpisode = (
  before: Tree,
  how: { readonly cause: string; readonly vanished: ReadonlySet<string>; readonly now: number },
  recognise: Recognise,
): Episode => {
  const standing = standingFor(before, recognise);
  return {
    since: how.now,
    lastChange: how.now,
    lastVanish: undefined,
    cause: how.cause,
    before: standing,
    expected: standing.size > 0 ? new Set(standing.keys()) : recognise.spegelWrites,
    vanished: how.vanished,
  };
};

/** What one more look that differs adds to an episode. */
export const extendEpisode = (
  episode: Episode,
  difference: Difference,
  trees: { readonly before: Tree; readonly after: Tree },
  now: number,
): Episode => {
  const gone = difference.vanished.length > 0 || vanishedEntries(difference, trees.before, trees.after).length > 0;
  const untouched = [...episode.before].filter(([path, id]) => {
    const seen = trees.after.entries.get(path);
    return seen !== undefined && sameIdentity(seen.id, id);
  });
  return {
    ...episode,
    before: new Map(untouched),
    lastChange: now,
    lastVanish: gone ? now : episode.lastVanish,
    vanished: new Set([...episode.vanished, ...difference.vanished]),
  };
};

/** Has it come to an end? `undefined`: not yet. */
export const endOfEpisode = (
  episode: Episode,
  tree: Tree,
  now: number,
  recognise: Recognise,
): EpisodeEnd | undefined => {
  const quiet = now - episode.lastChange;
  if (quiet < episodeWaits.quiet) return undefined;
  if (tree.backup === undefined) return 'backup-gone';
  const written = new Set<string>();
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'file' || episode.before.has(path) || !recognise.spegel(tree, path)) continue;
    written.add(path);
  }
  const complete = [...episode.expected].every((path) => written.has(path));
  if (written.size > 0 && (complete || quiet >= episodeWaits.quietBetweenFiles)) return 'spegel-wrote';
  const anything = recognise.spegelCannotBeAtWork && tree.entries.size > 0;
  const sinceVanish = now - (episode.lastVanish ?? episode.since);
  if ((episode.before.size > 0 || anything) && sinceVanish >= episodeWaits.person) return 'person';
  if (episode.lastVanish === undefined && quiet >= episodeWaits.person && isEmptied(tree, recognise)) return 'person';
  return quiet >= episodeWaits.giveUp ? 'gave-up' : undefined;
};

/** When time alone may end it. */
export const nextLookOfEpisode = (episode: Episode, now: number): number => {
  const times = [
    episode.lastChange + episodeWaits.quiet,
    episode.lastChange + episodeWaits.quietBetweenFiles,
    (episode.lastVanish ?? episode.since) + episodeWaits.person,
    episode.lastChange + episodeWaits.giveUp,
  ].filter((at) => at > now);
  return Math.min(...times, now + 1_000);
};
