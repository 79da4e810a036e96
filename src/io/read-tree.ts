import {
  type BigIntStats,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { textOf } from '../core/error-text.ts';
import { type FileSeen, type Seen, sameIdentity, type Tree } from '../core/tree.ts';
import { attributesOf, closing, codeOf, identityOf, isGone, openForReading } from './disk/files.ts';

/** A file above this many bytes is none that containerd or a person would put there: named, not read. */
export const maxFileBytes = 4 * 1024 * 1024;
/** All files of one look together: what a hostile or mistaken directory may cost in memory. */
const maxTotalBytes = 64 * 1024 * 1024;
const maxEntries = 20_000;
/** Directories inside each other below certs.d, and below `_backup/`. */
export const maxDepth = 6;

/**
 * The kernel stamps times in ticks of up to 10 ms (2 s on some file systems): a file that changes twice within one
 * tick keeps its identity. So bytes are only reused when they were read this long after the file's last change.
 */
const settleMs = 2_000;
/** Entries read while their last change was younger than `settleMs`, or in the future: read again next time. */
const unsettled = new WeakSet<Seen>();

const backupName = '_backup';
/** Looks taken, or readings of one file, because it changed meanwhile; then the last one counts. */
const maxLooks = 3;

type Known = ReadonlyMap<string, Seen> | undefined;
type Budget = { entries: number; bytes: number };
type Walk = { readonly base: string; readonly known: Known; readonly budget: Budget; readonly found: [string, Seen][] };

const describe = (stats: BigIntStats) => ({ ...attributesOf(stats), id: identityOf(stats) });

const unreadable = (stats: BigIntStats | undefined, why: string): Seen =>
  stats === undefined
    ? { kind: 'unreadable', why, mode: 0, uid: 0, gid: 0, id: { ino: '0', mtime: '0', ctime: '0', size: 0 } }
    : { kind: 'unreadable', why, ...describe(stats) };

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Up to `size` bytes and one more, so that a file that has grown is noticed. */
const readUpTo = (fd: number, size: number): Uint8Array => {
  const buffer = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(fd, buffer, length, buffer.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return new Uint8Array(buffer.buffer, buffer.byteOffset, length);
};

/**
 * A file that changes while it is read is read again; after a few times the last bytes are taken with the identity
 * from before the reading, so that whoever acts on them finds that the file has moved on.
 */
const readOpenFile = (fd: number, budget: Budget): Seen => {
  for (let look = 1; ; look += 1) {
    const readAt = Date.now();
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) return unreadable(before, 'not a regular file');
    const size = Number(before.size);
    if (size > maxFileBytes) return unreadable(before, `larger than ${maxFileBytes} bytes`);
    if (size > budget.bytes) return unreadable(before, `all files together are larger than ${maxTotalBytes} bytes`);
    const bytes = readUpTo(fd, size);
    const attributes = describe(before);
    const still = bytes.length === size && sameIdentity(attributes.id, identityOf(fstatSync(fd, { bigint: true })));
    if (!still && look < maxLooks) continue;
    budget.bytes -= bytes.length;
    const seen: FileSeen = { kind: 'file', ...attributes, bytes };
    const age = readAt - Number(before.ctimeMs);
    if (!still || age < settleMs) unsettled.add(seen);
    return seen;
  }
};

const readFile = (path: string, stats: BigIntStats, previous: Seen | undefined, budget: Budget): Seen => {
  const known = previous?.kind === 'file' && sameIdentity(previous.id, identityOf(stats)) ? previous : undefined;
  if (known !== undefined && !unsettled.has(known)) {
    budget.bytes -= known.bytes.length;
    return known;
  }
  if (stats.size > BigInt(maxFileBytes)) return unreadable(stats, `larger than ${maxFileBytes} bytes`);
  const seen = closing(openForReading(path), (fd) => readOpenFile(fd, budget));
  if (known === undefined || seen.kind !== 'file' || !sameBytes(known.bytes, seen.bytes)) return seen;
  const kept: FileSeen = { ...seen, bytes: known.bytes };
  if (unsettled.has(seen)) unsettled.add(kept);
  return kept;
};

/** Bytes of the file that containerd reads through a link, of a directory its hosts.toml; what cannot be read is none. */
const readBehind = (path: string, previous: Seen | undefined, budget: Budget): Uint8Array | undefined => {
  try {
    const file = statSync(path).isDirectory() ? `${path}/hosts.toml` : path;
    if (!statSync(file).isFile()) return undefined;
    const seen = closing(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK), (fd) => readOpenFile(fd, budget));
    if (seen.kind !== 'file') return undefined;
    const known = previous?.kind === 'symlink' ? previous.behind : undefined;
    return known !== undefined && sameBytes(known, seen.bytes) ? known : seen.bytes;
  } catch (error) {
    if (codeOf(error) === '') throw error;
    return undefined;
  }
};

const seeLink = (path: string, stats: BigIntStats, previous: Seen | undefined, budget: Budget): Seen => {
  const behind = readBehind(path, previous, budget);
  const link = { kind: 'symlink', ...describe(stats), target: readlinkSync(path) } as const;
  return behind === undefined ? link : { ...link, behind };
};

const lookAt = (path: string, stats: BigIntStats, previous: Seen | undefined, budget: Budget): Seen => {
  if (stats.isFile()) return readFile(path, stats, previous, budget);
  if (stats.isDirectory()) return { kind: 'directory', ...describe(stats) };
  if (stats.isSymbolicLink()) return seeLink(path, stats, previous, budget);
  return unreadable(stats, 'neither a file, a directory nor a symbolic link');
};

/** `undefined`: it is gone. Every other failure is said, since what cannot be read must never look absent. */
const seeEntry = (walk: Walk, path: string): Seen | undefined => {
  const absolute = `${walk.base}/${path}`;
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(absolute, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined) return lookAt(absolute, stats, walk.known?.get(path), walk.budget);
    return path.includes('\u{fffd}') ? unreadable(undefined, 'its name is not UTF-8') : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    return unreadable(stats, textOf(error));
  }
};

const seeNames = (walk: Walk, names: readonly string[], prefix: string, depth: number): void => {
  for (const name of names) {
    const path = prefix + name;
    const seen = seeEntry(walk, path);
    if (seen === undefined) continue;
    walk.budget.entries -= 1;
    if (walk.budget.entries < 0) throw new Error(`${walk.base}: more than ${maxEntries} entries, nothing was read`);
    if (seen.kind === 'directory') seeDirectory(walk, path, seen, depth);
    else walk.found.push([path, seen]);
  }
};

const seeDirectory = (walk: Walk, path: string, seen: Seen, depth: number): void => {
  const { mode, uid, gid, id } = seen;
  const instead = (why: string) => walk.found.push([path, { kind: 'unreadable', why, mode, uid, gid, id }]);
  if (depth >= maxDepth) {
    instead(`more than ${maxDepth} directories inside each other`);
    return;
  }
  let names: readonly string[];
  try {
    names = readdirSync(`${walk.base}/${path}`);
  } catch (error) {
    if (!isGone(error)) instead(textOf(error));
    return;
  }
  walk.found.push([path, seen]);
  seeNames(walk, names, `${path}/`, depth + 1);
};

const inByteOrder = (found: readonly [string, Seen][]): ReadonlyMap<string, Seen> => {
  const astral = found.some(([path]) => /[\u{10000}-\u{10ffff}]/u.test(path));
  const compare = ([a]: [string, Seen], [b]: [string, Seen]): number => (a < b ? -1 : 1);
  // UTF-16 order differs from byte order only for characters beyond the basic plane.
  const byBytes = ([a]: [string, Seen], [b]: [string, Seen]) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return new Map(found.toSorted(astral ? byBytes : compare));
};

const empty = (root: Tree['root'], rootId = ''): Tree => ({ root, rootId, entries: new Map(), backup: undefined });

const seeRoot = (certsDir: string): BigIntStats | Tree => {
  try {
    const stats = statSync(certsDir, { bigint: true, throwIfNoEntry: false });
    if (stats?.isDirectory()) return stats;
    if (stats !== undefined) return empty({ problem: `${certsDir} is not a directory` });
    const link = lstatSync(certsDir, { throwIfNoEntry: false });
    if (link?.isSymbolicLink()) return empty({ problem: `${certsDir} is a symbolic link to nothing` });
    return empty('absent');
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return empty({ problem: `a parent of ${certsDir} is not a directory` });
    if (codeOf(error) === 'ELOOP') return empty({ problem: `${certsDir} is a circle of symbolic links` });
    throw error;
  }
};

const stamp = (path: string): string => {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`;
};

/** `undefined`: certs.d vanished during the look. */
const look = (certsDir: string, root: BigIntStats, previous: Tree | undefined): Tree | undefined => {
  const budget: Budget = { entries: maxEntries, bytes: maxTotalBytes };
  const rootId = `${root.dev}:${root.ino}`;
  const known = previous?.rootId === rootId ? previous : undefined;
  const live: Walk = { base: certsDir, known: known?.entries, budget, found: [] };
  const old: Walk = { base: `${certsDir}/${backupName}`, known: known?.backup, budget, found: [] };
  let names: readonly string[];
  try {
    names = readdirSync(certsDir);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  // Only a directory is a backup; anything else of that name is an entry like others.
  const backup = lstatSync(old.base, { throwIfNoEntry: false })?.isDirectory() === true;
  seeNames(live, backup ? names.filter((name) => name !== backupName) : names, '', 0);
  // Last, so that what moves into it during the look is seen twice rather than not at all.
  if (backup) {
    try {
      seeNames(old, readdirSync(old.base), '', 0);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
  return {
    root: 'directory',
    rootId,
    entries: inByteOrder(live.found),
    backup: backup ? inByteOrder(old.found) : undefined,
  };
};

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
};

/**
 * Something stands now that the look saw nowhere: it moved from where was looked later to where was looked before. The
 * time stamps of both directories tell that too, but only in ticks of the clock.
 */
const missedAny = (certsDir: string, { entries, backup }: Tree): boolean => {
  const now = [...namesIn(`${certsDir}/${backupName}`), ...namesIn(certsDir)];
  return now.some((name) => name !== backupName && !entries.has(name) && backup?.has(name) !== true);
};

/**
 * One synchronous look at everything below certs.d, which may itself be reached through symbolic links; none below it
 * is ever followed, but for the file that containerd would read through it. Bytes come from `previous` where the file has not been touched since. A look during which entries
 * move between certs.d and `_backup/` is taken again.
 *
 * What cannot be read, or is beyond the bounds, is `unreadable` with the reason, and nothing is known of what lies
 * below it; what vanishes during the look is not there.
 * @throws when certs.d or `_backup/` as a whole cannot be listed (EMFILE, EACCES, EIO, more entries than `maxEntries`):
 * an empty tree would say that everything is gone.
 */
export const readTree = (certsDir: string, previous?: Tree): Tree => {
  try {
    for (let looks = 1; ; looks += 1) {
      const root = seeRoot(certsDir);
      if ('entries' in root) return root;
      const stampOf = (): string => `${stamp(`${certsDir}/.`)} ${stamp(`${certsDir}/${backupName}`)}`;
      const before = stampOf();
      const tree = look(certsDir, root, previous);
      const still = tree !== undefined && !missedAny(certsDir, tree) && before === stampOf();
      if (still || (looks >= maxLooks && tree !== undefined)) return tree;
      if (looks > 10 * maxLooks) throw new Error('it comes and goes');
    }
  } catch (error) {
    throw new Error(`cannot read ${certsDir}: ${textOf(error)}`, { cause: error });
  }
};
