import type { Desired } from './desired.ts';
import type { Ledger } from './ledger.ts';
import type { Observation } from './observe.ts';
import type { Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import { registryOf, type Seen, type Tree } from './tree.ts';

/** One look, with what is needed to tell whose doing a change was. */
export type Attribution = {
  readonly tree: Tree;
  readonly survey: Survey;
  readonly desired: Desired;
  readonly observation: Observation;
  readonly ledger: Ledger;
  readonly tools: Tools;
  /** The first look since the agent started. */
  readonly first: boolean;
  readonly now: number;
};

/** Who took it away? Known at once, or only when Spegel does not come back soon (`since` when it is in doubt). */
export type Removal =
  | { readonly by: 'person' }
  | { readonly by: 'person?'; readonly since: number }
  | { readonly by: 'spegel' };

/** An init container or hook that failed is tried again within this time (kubelet waits 10, 20, 40 s). */
const doubtMs = 120_000;

/**
 * Spegel clears in byte order. What went before everything that still stands may be the beginning of a clear that
 * failed; anything else is a person's work.
 */
const looksLikeFailedClear = (path: string, tree: Tree): boolean => {
  if (tree.backup === undefined) return false;
  const top = registryOf(path);
  for (const other of tree.entries.keys()) if (registryOf(other) < top) return false;
  return true;
};

/** Whose doing is a missing path? A person's, unless Spegel was at work, or no agent ran while a `_backup/` stood. */
export const removalOf = (path: string, look: Attribution): Removal => {
  const { observation, tree, ledger, first, now } = look;
  const { ended } = observation;
  const person: Removal = looksLikeFailedClear(path, tree) ? { by: 'person?', since: now } : { by: 'person' };
  if (ended !== undefined) {
    const movedByRename = tree.backup?.has(path) === true && ledger.backupInodes[path] === undefined;
    return ended.how === 'person' && ended.episode.vanished.has(path) && !movedByRename ? person : { by: 'spegel' };
  }
  if (first) return tree.backup === undefined && !ledger.backupStood ? { by: 'person' } : { by: 'spegel' };
  return observation.vanished.has(path) ? person : { by: 'spegel' };
};

/** What is remembered as removed by a person, perhaps, was Spegel's work after all: it came back soon, or may have. */
export const wasSpegel = (doubtSince: number | undefined, look: Attribution): boolean => {
  const { ended, fresh } = look.observation;
  if (doubtSince === undefined || ended?.how === 'person' || (ended === undefined && !fresh)) return false;
  const since = ended?.episode.since ?? look.now;
  return since - doubtSince < doubtMs && since >= doubtSince;
};

/** A rename keeps inode and time: that is how a file is known again that comes out of `_backup/`. */
const stampOf = (seen: Seen): string =>
  seen.kind === 'directory' ? `directory ${seen.id.ino}` : `${seen.id.ino} ${seen.id.mtime}`;

/** Did what stands here lie in `_backup/` before? Then it is of another day (design.md, "What stands in"). */
export const cameOutOfBackup = (path: string, seen: Seen, ledger: Pick<Ledger, 'backupInodes'>): boolean =>
  ledger.backupInodes[path] === stampOf(seen);

/** What lies in `_backup/` now, and what came out of it and still stands untouched. */
export const nextBackupInodes = ({ tree, ledger }: Pick<Attribution, 'tree' | 'ledger'>): Ledger['backupInodes'] => {
  const next: Record<string, string> = {};
  for (const [path, stamp] of Object.entries(ledger.backupInodes)) {
    const seen = tree.entries.get(path);
    if (seen !== undefined && stampOf(seen) === stamp) next[path] = stamp;
  }
  for (const [path, seen] of tree.backup ?? []) next[path] = stampOf(seen);
  return next;
};
