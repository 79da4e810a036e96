import { registryOf, type Seen, sameIdentity, type Tree } from './tree.ts';

/** What somebody else changed between two looks. */
export type Difference = {
  readonly appeared: readonly string[];
  readonly vanished: readonly string[];
  readonly changed: readonly string[];
  readonly backup: 'same' | 'appeared' | 'vanished' | 'changed';
  readonly root: 'same' | 'replaced';
};

const sameSeen = (a: Seen, b: Seen): boolean => {
  if (a.kind !== b.kind || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  // A directory's times move with every entry; only being another directory counts.
  return a.kind === 'directory' ? a.id.ino === b.id.ino : sameIdentity(a.id, b.id);
};

const sameBackup = (a: Tree['backup'], b: Tree['backup']): Difference['backup'] => {
  if (a === undefined) return b === undefined ? 'same' : 'appeared';
  if (b === undefined) return 'vanished';
  if (a.size !== b.size) return 'changed';
  for (const [path, seen] of a) {
    const other = b.get(path);
    if (other === undefined || !sameSeen(seen, other)) return 'changed';
  }
  return 'same';
};

/** Compares two looks at certs.d; `own` are the paths that the agent itself changed between them. */
export const differenceOf = (before: Tree, after: Tree, own: ReadonlySet<string>): Difference => {
  const appeared: string[] = [];
  const vanished: string[] = [];
  const changed: string[] = [];
  for (const [path, seen] of after.entries) {
    if (own.has(path)) continue;
    const old = before.entries.get(path);
    if (old === undefined) appeared.push(path);
    else if (!sameSeen(old, seen)) changed.push(path);
  }
  for (const path of before.entries.keys()) if (!own.has(path) && !after.entries.has(path)) vanished.push(path);
  return {
    appeared,
    vanished,
    changed,
    backup: own.has('_backup') ? 'same' : sameBackup(before.backup, after.backup),
    root: before.rootId === after.rootId || before.root === 'absent' ? 'same' : 'replaced',
  };
};

export const isDifferent = (difference: Difference): boolean =>
  difference.appeared.length + difference.vanished.length + difference.changed.length > 0 ||
  difference.backup !== 'same' ||
  difference.root !== 'same';

/** Whole registry directories that went, or were made anew under the same name. */
export const vanishedEntries = (difference: Difference, before: Tree, after: Tree): readonly string[] => {
  const gone = difference.vanished.filter((path) => path === registryOf(path));
  const anew = difference.changed.filter((path) => {
    const old = before.entries.get(path);
    const now = after.entries.get(path);
    return path === registryOf(path) && old?.kind === 'directory' && now?.kind === 'directory' && old.id.ino !== now.id.ino;
  });
  return [...gone, ...anew];
};
