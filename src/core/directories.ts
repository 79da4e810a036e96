import { type Attribution, cameOutOfBackup, removalOf, wasSpegel } from './attribution.ts';
import type { KnownDirectory, Ledger } from './ledger.ts';
import { registryOf, type Tree } from './tree.ts';

const parentsOf = (paths: Iterable<string>): ReadonlySet<string> => {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) parents.add(path.slice(0, at));
  }
  return parents;
};

const emptyOnes = (tree: Tree): ReadonlySet<string> => {
  const filled = parentsOf(tree.entries.keys());
  return new Set(
    [...tree.entries].flatMap(([path, seen]) => (seen.kind === 'directory' && !filled.has(path) ? [path] : [])),
  );
};

const missing = (path: string, directory: KnownDirectory, look: Attribution): KnownDirectory => {
  const { mode, uid, gid } = directory;
  if (directory.state === 'removed')
    return wasSpegel(directory.doubtSince, look) ? { mode, uid, gid, state: 'present' } : directory;
  const removal = removalOf(path, look);
  if (removal.by === 'spegel') return directory;
  return { mode, uid, gid, state: 'removed', ...(removal.by === 'person' ? {} : { doubtSince: removal.since }) };
};

/** Follows mode and owner of other people's directories, empty ones too. */
export const directoriesOf = (look: Attribution, originals: Ledger['originals']): Ledger['directories'] => {
  const { tree, ledger } = look;
  const known: Record<string, Ledger['directories'][string]> = { ...ledger.directories };
  const theirs = parentsOf(
    Object.entries(originals).flatMap(([path, { state }]) => (state === 'removed' ? [] : [path])),
  );
  const empty = emptyOnes(tree);
  const made = new Set(ledger.made);
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'directory' || made.has(path)) continue;
    // Spegel makes its directories itself; what it made there says nothing about theirs.
    if (look.survey.get(`${registryOf(path)}/hosts.toml`)?.writer === 'spegel') continue;
    const isTheirs = theirs.has(path) || (!look.desired.units.has(registryOf(path)) && empty.has(path));
    // An older copy that Spegel's hook put back: the rights seen last are to come back.
    const overdue = path in ledger.directories && cameOutOfBackup(path, seen, ledger);
    if (isTheirs && !overdue) known[path] = { mode: seen.mode, uid: seen.uid, gid: seen.gid, state: 'present' };
  }
  for (const [path, directory] of Object.entries(known))
    if (!tree.entries.has(path)) known[path] = missing(path, directory, look);
  return known;
};
