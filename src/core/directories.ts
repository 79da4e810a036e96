import { type Attribution, cameOutOfBackup, removalOf, wasSpegel } from './attribution.ts';
import type { KnownDirectory, Ledger } from './ledger.ts';
import { registryOf, type Seen, type Tree } from './tree.ts';

const parentsOf = (paths: Iterable<string>): ReadonlySet<string> => {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) parents.add(path.slice(0, at));
  }
  return parents;
};

/** Directories with nothing inside but further such directories. */
const emptyOnes = (entries: Tree['entries']): ReadonlySet<string> => {
  const filled = parentsOf([...entries].flatMap(([path, seen]) => (seen.kind === 'directory' ? [] : [path])));
  return new Set(
    [...entries].flatMap(([path, seen]) => (seen.kind === 'directory' && !filled.has(path) ? [path] : [])),
  );
};

const missing = (path: string, directory: KnownDirectory, look: Attribution): KnownDirectory => {
  const { doubtSince, ...rest } = directory;
  if (directory.state === 'removed') return wasSpegel(doubtSince, look) ? { ...rest, state: 'present' } : directory;
  const removal = removalOf(path, look);
  if (removal.by === 'spegel') return directory;
  return { ...rest, state: 'removed', ...(removal.by === 'person' ? {} : { doubtSince: removal.since }) };
};

/** Directories that lie in a `_backup/` older than us, where somebody's files come back or nothing was inside. */
const fromBackup = (look: Attribution, theirs: ReadonlySet<string>): Ledger['directories'] => {
  const { tree, ledger, desired } = look;
  const backup = tree.backup ?? new Map<string, Seen>();
  const empty = emptyOnes(backup);
  const found: Record<string, KnownDirectory> = {};
  for (const [path, seen] of backup) {
    if (seen.kind !== 'directory' || path in ledger.directories || tree.entries.has(path)) continue;
    if (!theirs.has(path) && !(empty.has(path) && !desired.units.has(registryOf(path)))) continue;
    found[path] = { mode: seen.mode, uid: seen.uid, gid: seen.gid, state: 'present', from: 'backup' };
  }
  return found;
};

/** Follows mode and owner of other people's directories, empty ones too. */
export const directoriesOf = (look: Attribution, originals: Ledger['originals']): Ledger['directories'] => {
  const { tree, ledger } = look;
  const theirs = parentsOf(
    Object.entries(originals).flatMap(([path, { state }]) => (state === 'removed' ? [] : [path])),
  );
  const known: Record<string, KnownDirectory> = { ...ledger.directories, ...fromBackup(look, theirs) };
  const empty = emptyOnes(tree.entries);
  const made = new Set(ledger.made);
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'directory' || made.has(path)) continue;
    // Spegel makes its directories itself; what it made there says nothing about theirs.
    if (look.survey.get(`${registryOf(path)}/hosts.toml`)?.writer === 'spegel') continue;
    const isTheirs = theirs.has(path) || (!look.desired.units.has(registryOf(path)) && empty.has(path));
    // An older copy that Spegel's hook put back: the rights seen last are to come back.
    const overdue = path in ledger.directories && cameOutOfBackup(path, seen, ledger);
    if (!isTheirs || overdue) continue;
    const from = known[path]?.from === undefined ? {} : { from: 'backup' as const };
    known[path] = { mode: seen.mode, uid: seen.uid, gid: seen.gid, state: 'present', ...from };
  }
  for (const [path, directory] of Object.entries(known))
    if (!tree.entries.has(path)) known[path] = missing(path, directory, look);
  return known;
};
