import type { Desired } from './desired.ts';
import type { Ledger } from './ledger.ts';
import type { Observation } from './observe.ts';
import type { Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import type { Seen, Tree } from './tree.ts';

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
};

/** Who took it away? A person, unless Spegel was at work, or no agent ran while a `_backup/` stood. */
export const removedByPerson = (path: string, look: Attribution): boolean => {
  const { observation, tree, ledger, first } = look;
  const { ended } = observation;
  if (ended !== undefined) {
    const movedByRename = tree.backup?.has(path) === true && ledger.backupInodes[path] === undefined;
    return ended.how === 'person' && ended.episode.vanished.has(path) && !movedByRename;
  }
  if (first) return tree.backup === undefined && !ledger.backupStood;
  return observation.vanished.has(path);
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
