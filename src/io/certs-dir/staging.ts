import { type BigIntStats, fchmodSync, mkdirSync, rmdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Change } from '../../core/change.ts';
import { closing, codeOf, createFile, finishDirectory, openDirectory, removeTree, statsAt } from '../disk/files.ts';

/** A change that puts something new in place. */
export type NewThing = Extract<Change, { kind: 'write-file' | 'put-directory' | 'make-link' }>;

/** A file as it was brought to disk; `path` relative to what is put in place. */
export type Written = { readonly path: string; readonly bytes: Uint8Array; readonly stats: BigIntStats };

/** The new thing under another name, whole and on disk. */
export type Made = { readonly temporary: string; readonly written: readonly Written[] };

/** The directory beside certs.d, on the same file system, where new things are made before anybody sees them. */
export type Staging = {
  /** `act` gets the thing, prepared or made now, and renames it; what still lies there afterwards is removed. */
  readonly use: (change: NewThing, act: (made: Made) => void) => void;
  /** Makes the thing for a later `use` of this very change. */
  readonly prepare: (change: NewThing) => void;
  /** Removes what was prepared and not used, then the directory. */
  readonly discard: () => void;
  /** Removes the directory, unless something prepared lies there. */
  readonly close: () => void;
  /** Removes what an earlier run left. Only for the holder of the writer's lock. */
  readonly sweep: () => void;
};

const stagingName = '.handspegel';

/** Why nothing may be put at a path below certs.d; `undefined`: it may. */
export const pathProblem = (path: string): string | undefined => {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    return 'is not a plain path below certs.d';
  }
  if (path === '_backup') return 'is left to Spegel: it is never made, replaced or removed';
  if (parts[0] === stagingName) return 'has the name of the staging directory';
  return undefined;
};

type PutDirectory = Extract<Change, { kind: 'put-directory' }>;

/** Directories get their modes last, innermost first. */
const buildDirectory = (base: string, { content, mode, uid, gid }: PutDirectory): readonly Written[] => {
  mkdirSync(base, { mode: 0o700 });
  const written: Written[] = [];
  const directories = new Set(['.']);
  for (const entry of content) {
    const { path } = entry;
    const plain = pathProblem(`registry/${path}`) === undefined;
    if (!plain || !directories.has(dirname(path)))
      throw new Error(`'${path}' is not a plain path in a listed directory`);
    if (entry.kind === 'directory') {
      mkdirSync(join(base, path), { mode: 0o700 });
      directories.add(path);
    } else if (entry.kind === 'symlink') symlinkSync(entry.target, join(base, path));
    else written.push({ path, bytes: entry.bytes, stats: createFile(join(base, path), entry.bytes, entry) });
  }
  for (const entry of content.toReversed()) {
    if (entry.kind === 'directory') finishDirectory(join(base, entry.path), entry);
  }
  finishDirectory(base, { mode, uid, gid });
  return written;
};

const build = (temporary: string, change: NewThing): readonly Written[] => {
  switch (change.kind) {
    case 'write-file': {
      const { bytes, mode, uid, gid } = change;
      return [{ path: '', bytes, stats: createFile(temporary, bytes, { mode, uid, gid }) }];
    }
    case 'put-directory':
      return buildDirectory(temporary, change);
    case 'make-link':
      symlinkSync(change.target, temporary);
      return [];
    default:
      return change satisfies never;
  }
};

/** `parent` gives the directory that holds certs.d, resolved. */
export const createStaging = (parent: () => string): Staging => {
  const prepared = new Map<NewThing, Made>();
  let count = 0;
  let isOpen = false;

  const place = (): string => join(parent(), stagingName);

  /** `false`: there is none. One that is not ours alone could hand us a link or take our files away. */
  const stands = (): boolean => {
    const staging = place();
    const stats = statsAt(staging);
    if (stats === undefined) return false;
    if (!stats.isDirectory()) throw new Error(`${staging} is not a directory: remove it`);
    if (Number(stats.uid) !== process.geteuid?.()) throw new Error(`${staging} belongs to another user: remove it`);
    if ((stats.mode & 0o077n) !== 0n) closing(openDirectory(staging), (fd) => fchmodSync(fd, 0o700));
    return true;
  };

  const make = (change: NewThing): Made => {
    if (!stands()) mkdirSync(place(), { mode: 0o700 });
    isOpen = true;
    count += 1;
    const temporary = join(place(), `${process.pid}-${count}`);
    removeTree(temporary);
    try {
      return { temporary, written: build(temporary, change) };
    } catch (error) {
      removeTree(temporary);
      throw error;
    }
  };

  /** What was prepared for it, unless certs.d has got another parent since. */
  const take = (change: NewThing): Made | undefined => {
    const made = prepared.get(change);
    if (made === undefined || dirname(made.temporary) !== place()) return undefined;
    prepared.delete(change);
    return made;
  };

  const use = (change: NewThing, act: (made: Made) => void): void => {
    const made = take(change) ?? make(change);
    try {
      act(made);
    } finally {
      removeTree(made.temporary);
    }
  };

  /** Our own leftovers of a failed removal stay for `sweep`; the outcome of the changes is what counts. */
  const close = (): void => {
    if (!isOpen || prepared.size > 0) return;
    isOpen = false;
    try {
      rmdirSync(place());
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EROFS', 'EACCES', 'EPERM'].includes(codeOf(error))) throw error;
    }
  };

  return {
    use,
    prepare: (change) => {
      if (!prepared.has(change)) prepared.set(change, make(change));
    },
    discard: () => {
      const unused = [...prepared.values()];
      prepared.clear();
      for (const { temporary } of unused) removeTree(temporary);
      close();
    },
    close,
    sweep: () => {
      if (stands()) removeTree(place());
    },
  };
};
