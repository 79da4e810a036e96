import { sameBytes } from './marker.ts';
import { registryOf, type Seen, sameIdentity, type Tree } from './tree.ts';

/** What somebody else changed between two looks. */
export type Difference = {
  readonly appeared: readonly string[];
  readonly vanished: readonly string[];
  readonly changed: readonly string[];
  /** `emptied`: an entry went out of it. */
  readonly backup: 'same' | 'appeared' | 'vanished' | 'emptied' | 'changed';
  readonly root: 'same' | 'replaced';
};

/**
 * What we ourselves did since the last look, by path: `gone`, `there`, or the bytes that a file got. Anything else that
 * is found there was somebody else's doing. `_backup` stands for everything below it.
 */
export type OwnChanges = ReadonlyMap<string, 'gone' | 'there' | Uint8Array>;

const isOwn = (own: ReturnType<OwnChanges['get']>, after: Seen | undefined): boolean => {
  if (own === undefined) return false;
  if (own === 'gone') return after === undefined;
  if (own === 'there') return after !== undefined;
  return after?.kind === 'file' && sameBytes(after.bytes, own);
};

const sameSeen = (a: Seen, b: Seen): boolean => {
  if (a.kind !== b.kind || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  // A directory's times move with every entry; only being another directory counts.
  return a.kind === 'directory' ? a.id.ino === b.id.ino : sameIdentity(a.id, b.id);
};

const compareBackups = (a: Tree['backup'], b: Tree['backup']): Difference['backup'] => {
  if (a === undefined) return b === undefined ? 'same' : 'appeared';
  if (b === undefined) return 'vanished';
  let changed = a.size !== b.size;
  for (const [path, seen] of a) {
    const other = b.get(path);
    if (other === undefined && path === registryOf(path)) return 'emptied';
    changed ||= other === undefined || !sameSeen(seen, other);
  }
  return changed ? 'changed' : 'same';
};

/** Compares two looks at certs.d; what is as `own` says it was left is not somebody else's change. */
export const differenceOf = (before: Tree, after: Tree, own: OwnChanges): Difference => {
  const appeared: string[] = [];
  const vanished: string[] = [];
  const changed: string[] = [];
  for (const [path, seen] of after.entries) {
    if (isOwn(own.get(path), seen)) continue;
    const old = before.entries.get(path);
    if (old === undefined) appeared.push(path);
    else if (!sameSeen(old, seen)) changed.push(path);
  }
  for (const path of new Set([...before.entries.keys(), ...own.keys()])) {
    if (after.entries.has(path) || path === '_backup') continue;
    const ours = own.get(path);
    // What we put there between the looks and is gone again: somebody was fast.
    if (ours === undefined ? before.entries.has(path) : ours !== 'gone') vanished.push(path);
  }
  return {
    appeared,
    vanished,
    changed,
    backup: own.has('_backup') ? 'same' : compareBackups(before.backup, after.backup),
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
    return (
      path === registryOf(path) && old?.kind === 'directory' && now?.kind === 'directory' && old.id.ino !== now.id.ino
    );
  });
  return [...gone, ...anew];
};
