/** What reader, applier and store ask of a file system. Synchronous; links in the last part of a path never followed. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { textOf } from '../../core/error-text.ts';
import type { Attributes, Identity } from '../../core/tree.ts';

/** The `code` of a system error, e.g. `ENOENT`; empty for anything else. */
export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** ENOTDIR: a parent was replaced by something that is no directory. */
export const isGone = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

const rights = 'run as root with the capabilities CHOWN, DAC_OVERRIDE and FOWNER';

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'no space or no inode is left there: free some',
  EDQUOT: 'the disk quota is used up: raise it or free some space',
  EROFS: 'the file system is read-only: remount it read-write, or mount the volume without readOnly',
  EMFILE: 'this process has too many open files: raise its limit (ulimit -n)',
  ENFILE: 'this machine has too many open files: raise fs.file-max',
  EACCES: `${rights}, and check SELinux or AppArmor`,
  EPERM: `${rights}, and check for an immutable file (lsattr)`,
  EXDEV: 'that is a mount of its own: mount its parent directory instead',
  EBUSY: 'a mount point cannot be replaced: mount its parent directory instead',
  EIO: 'the disk fails: see the kernel log (dmesg)',
  ENAMETOOLONG: 'the name is longer than the file system allows',
};

/** The text of an error, and what to do about it where that is known. */
export const explain = (error: unknown): string => {
  const hint = hints[codeOf(error)];
  return hint === undefined ? textOf(error) : `${textOf(error)} (${hint})`;
};

export const identityOf = (stats: BigIntStats): Identity => ({
  ino: String(stats.ino),
  mtime: String(stats.mtimeNs),
  ctime: String(stats.ctimeNs),
  size: Number(stats.size),
});

export const attributesOf = (stats: BigIntStats): Attributes => ({
  mode: Number(stats.mode) & 0o7777,
  uid: Number(stats.uid),
  gid: Number(stats.gid),
});

/** `undefined`: nothing is there, or a parent is no directory. */
export const statsAt = (path: string): BigIntStats | undefined => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
};

export const closing = <T>(fd: number, use: (fd: number) => T): T => {
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
};

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW;

export const openDirectory = (path: string): number => openSync(path, readFlags | constants.O_DIRECTORY);

/** A pipe put there since the last look at it would otherwise block the open for ever. */
export const openForReading = (path: string): number => openSync(path, readFlags | constants.O_NONBLOCK);

const syncOpenDirectory = (fd: number): void => {
  try {
    fsyncSync(fd);
  } catch (error) {
    // File systems without it (some FUSE and network ones) keep directories on their own terms.
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
  }
};

export const syncDirectory = (path: string): void => closing(openDirectory(path), syncOpenDirectory);

/** Whether anything had to change. Owner first: a change of owner clears set-id bits. */
export const setAttributes = (fd: number, { mode, uid, gid }: Attributes): boolean => {
  const stats = fstatSync(fd);
  const otherOwner = stats.uid !== uid || stats.gid !== gid;
  if (otherOwner) fchownSync(fd, uid, gid);
  const otherMode = (stats.mode & 0o7777) !== mode;
  if (otherOwner || otherMode) fchmodSync(fd, mode);
  return otherOwner || otherMode;
};

/** A new file, its mode and owner set before its data, on disk when this returns. Fails where anything stands. */
export const createFile = (path: string, bytes: Uint8Array, attributes: Partial<Attributes>): BigIntStats => {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;
  return closing(openSync(path, flags, 0o600), (fd) => {
    const { uid, gid } = fstatSync(fd);
    const wanted = { mode: 0o600, uid, gid, ...attributes };
    setAttributes(fd, wanted);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
    // Without the capability FSETID the kernel takes set-id bits away from a file that is written to.
    setAttributes(fd, wanted);
    fsyncSync(fd);
    return fstatSync(fd, { bigint: true });
  });
};

export const readPlainFile = (path: string): { readonly bytes: Uint8Array; readonly stats: BigIntStats } =>
  closing(openForReading(path), (fd) => ({ bytes: readFileSync(fd), stats: fstatSync(fd, { bigint: true }) }));

/** Mode and owner of a directory that is not yet in place, then its entries on disk. */
export const finishDirectory = (path: string, attributes: Attributes): void => {
  closing(openDirectory(path), (fd) => {
    setAttributes(fd, attributes);
    syncOpenDirectory(fd);
  });
};

/**
 * Removes whatever stands there, links as themselves; nothing standing there is fine. Not `rmSync`, whose errors say
 * neither their code nor their cause (Node 24).
 */
export const removeTree = (path: string): void => {
  const stats = statsAt(path);
  if (stats === undefined) return;
  try {
    if (stats.isDirectory()) {
      for (const name of readdirSync(path)) removeTree(`${path}/${name}`);
      rmdirSync(path);
    } else unlinkSync(path);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

/** A directory that holds something, is a mount point or cannot be removed there stays. */
export const removeIfEmpty = (path: string): void => {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT', 'EBUSY', 'EEXIST', 'EROFS'].includes(codeOf(error))) throw error;
  }
};

/** `undefined`: nothing is there. */
export const bytesIfThere = (path: string): Uint8Array | undefined => {
  try {
    return readPlainFile(path).bytes;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};
