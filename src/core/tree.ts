/** What stands on disk under certs.d, as one look saw it. Paths are relative to certs.d, with `/`. */
export type Attributes = { readonly mode: number; readonly uid: number; readonly gid: number };

/** Enough to tell later whether it is still the same file, untouched. Times in nanoseconds, as decimal text. */
export type Identity = { readonly ino: string; readonly mtime: string; readonly ctime: string; readonly size: number };

export type FileSeen = Attributes & { readonly kind: 'file'; readonly id: Identity; readonly bytes: Uint8Array };
export type LinkSeen = Attributes & {
  readonly kind: 'symlink';
  readonly id: Identity;
  readonly target: string;
  /** The file that containerd reads through it, of a directory its hosts.toml, as far as it can be read here. */
  readonly behind?: Uint8Array;
};
export type DirectorySeen = Attributes & { readonly kind: 'directory'; readonly id: Identity };
/** A socket, a device, a file too large to be one of ours, or something that cannot be read. */
export type UnreadableSeen = Attributes & { readonly kind: 'unreadable'; readonly id: Identity; readonly why: string };
export type Seen = FileSeen | LinkSeen | DirectorySeen | UnreadableSeen;

export type Tree = {
  /** `absent`, `directory`, or what is wrong with certs.d itself. */
  readonly root: 'absent' | 'directory' | { readonly problem: string };
  /** Device and inode of certs.d: another value means another directory. */
  readonly rootId: string;
  /** Everything below certs.d but `_backup/`, parents before children, in byte order. */
  readonly entries: ReadonlyMap<string, Seen>;
  /** `undefined`: there is no `_backup/`. Paths relative to `_backup/`. */
  readonly backup: ReadonlyMap<string, Seen> | undefined;
};

/** The top-level name a path belongs to: the registry directory. */
export const registryOf = (path: string): string => {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
};

export const sameIdentity = (a: Identity, b: Identity): boolean =>
  a.ino === b.ino && a.mtime === b.mtime && a.ctime === b.ctime && a.size === b.size;

const sameSeen = (a: Seen, b: Seen): boolean => {
  if (a === b) return true;
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || !sameIdentity(a.id, b.id)) return false;
  if (a.kind === 'file') return b.kind === 'file' && a.bytes === b.bytes;
  if (a.kind === 'symlink') return b.kind === 'symlink' && a.target === b.target && a.behind === b.behind;
  if (a.kind === 'unreadable') return b.kind === 'unreadable' && a.why === b.why;
  return b.kind === 'directory';
};

const sameEntries = (a: ReadonlyMap<string, Seen>, b: ReadonlyMap<string, Seen>): boolean => {
  if (a.size !== b.size) return false;
  for (const [path, seen] of a) {
    const other = b.get(path);
    if (other === undefined || !sameSeen(seen, other)) return false;
  }
  return true;
};

/** Did two looks see the very same? Bytes count as such only where the second look found those of the first again. */
export const sameTree = (a: Tree, b: Tree): boolean =>
  a.root === b.root &&
  a.rootId === b.rootId &&
  sameEntries(a.entries, b.entries) &&
  (a.backup === undefined || b.backup === undefined ? a.backup === b.backup : sameEntries(a.backup, b.backup));
