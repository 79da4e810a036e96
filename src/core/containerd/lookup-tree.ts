/** A registry host directory tree as the kernel would show it to containerd, without touching a disk. */
export type LookupEntry =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode?: number }
  | { readonly kind: 'directory'; readonly mode?: number }
  | { readonly kind: 'symlink'; readonly target: string };

export type LookupTree = {
  /** The directory of `config_path`, absolute. */
  readonly root: string;
  readonly rootState: 'directory' | 'absent' | 'file';
  readonly rootMode?: number;
  /** By path below the root, with `/`. Directories that only hold others may be left out. */
  readonly entries: ReadonlyMap<string, LookupEntry>;
  /** What lies outside the root; nothing, if not given. */
  readonly outside?: (path: string) => Exclude<LookupEntry, { kind: 'symlink' }> | undefined;
  /** False: modes count, for their owner. Root, as which containerd runs, can read everything. */
  readonly privileged?: boolean;
};

export type SystemError =
  | 'no such file or directory'
  | 'not a directory'
  | 'is a directory'
  | 'permission denied'
  | 'too many levels of symbolic links'
  | 'file name too long'
  | 'invalid argument';

export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: SystemError };

const failed = (error: SystemError): { readonly ok: false; readonly error: SystemError } => ({ ok: false, error });

/** Calls that resolve links and permissions as Linux does. */
export type LookupFiles = {
  readonly stat: (path: string) => Found<'file' | 'directory'>;
  readonly read: (path: string) => Found<Uint8Array>;
  /** Names in byte order, and whether each is itself a directory (a link to one is not). */
  readonly list: (path: string) => Found<readonly { readonly name: string; readonly directory: boolean }[]>;
};

const search = 0o100;
const readable = 0o400;
const maxLinks = 40;
const maxName = 255;
const maxPath = 4095;

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

const withParents = (entries: LookupTree['entries']): ReadonlyMap<string, LookupEntry> => {
  const all = new Map(entries);
  for (const path of entries.keys()) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash);
      if (!all.has(parent)) all.set(parent, { kind: 'directory' });
    }
  }
  return all;
};

type Walk = { readonly path: string; readonly entry: LookupEntry };

/** By code point, which is the order of the UTF-8 bytes. */
const compareNames = (a: string, b: string): number => {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
};

/** The calls that containerd makes on a tree. */
export const openTree = (tree: LookupTree): LookupFiles => {
  const entries = withParents(tree.entries);
  const prefix = tree.root === '/' ? '/' : `${tree.root}/`;
  const modes = tree.privileged === false;

  const entryAt = (path: string): LookupEntry | undefined => {
    if (path === tree.root) {
      if (tree.rootState === 'absent') return undefined;
      if (tree.rootState === 'file') return { kind: 'file', bytes: new Uint8Array() };
      return tree.rootMode === undefined ? { kind: 'directory' } : { kind: 'directory', mode: tree.rootMode };
    }
    if (path.startsWith(prefix))
      return tree.rootState === 'directory' ? entries.get(path.slice(prefix.length)) : undefined;
    if (path === '/' || tree.root.startsWith(`${path}/`)) return { kind: 'directory' };
    return tree.outside?.(path);
  };

  const denied = (entry: LookupEntry, bit: number): boolean =>
    modes && entry.kind !== 'symlink' && entry.mode !== undefined && (entry.mode & bit) === 0;

  const walk = (path: string): Found<Walk> => {
    if (path.includes('\0')) return failed('invalid argument');
    if (byteLength(path) > maxPath) return failed('file name too long');
    let waiting = path.split('/').filter((part) => part !== '');
    let current: Walk = { path: '/', entry: { kind: 'directory' } };
    let links = 0;
    while (waiting.length > 0) {
      const [part = '', ...rest] = waiting;
      waiting = rest;
      if (current.entry.kind !== 'directory') return failed('not a directory');
      if (denied(current.entry, search)) return failed('permission denied');
      if (part === '.') continue;
      if (part === '..') {
        const parent = current.path.slice(0, current.path.lastIndexOf('/')) || '/';
        current = { path: parent, entry: entryAt(parent) ?? { kind: 'directory' } };
        continue;
      }
      if (byteLength(part) > maxName) return failed('file name too long');
      const next = current.path === '/' ? `/${part}` : `${current.path}/${part}`;
      const entry = entryAt(next);
      if (entry === undefined) return failed('no such file or directory');
      if (entry.kind !== 'symlink') {
        current = { path: next, entry };
        continue;
      }
      links += 1;
      if (links > maxLinks) return failed('too many levels of symbolic links');
      if (entry.target.startsWith('/')) current = { path: '/', entry: { kind: 'directory' } };
      waiting = [...entry.target.split('/').filter((piece) => piece !== ''), ...waiting];
    }
    const directoryWanted = path.endsWith('/') && current.entry.kind !== 'directory';
    return directoryWanted ? failed('not a directory') : { ok: true, value: current };
  };

  return {
    stat: (path) => {
      const found = walk(path);
      if (!found.ok) return found;
      return { ok: true, value: found.value.entry.kind === 'file' ? 'file' : 'directory' };
    },
    read: (path) => {
      const found = walk(path);
      if (!found.ok) return found;
      const { entry } = found.value;
      if (denied(entry, readable)) return failed('permission denied');
      return entry.kind === 'file' ? { ok: true, value: entry.bytes } : failed('is a directory');
    },
    list: (path) => {
      const found = walk(path);
      if (!found.ok) return found;
      if (found.value.entry.kind !== 'directory') return failed('not a directory');
      if (denied(found.value.entry, readable)) return failed('permission denied');
      const below = found.value.path === tree.root ? '' : `${found.value.path.slice(prefix.length)}/`;
      const names = [...entries]
        .filter(([name]) => name.startsWith(below) && name.length > below.length && !name.includes('/', below.length))
        .map(([name, entry]) => ({ name: name.slice(below.length), directory: entry.kind === 'directory' }));
      return { ok: true, value: names.sort((a, b) => compareNames(a.name, b.name)) };
    },
  };
};
