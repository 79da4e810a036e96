import {
  type BigIntStats,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Change, Expected, Outcome } from '../core/change.ts';
import { sameIdentity } from '../core/tree.ts';
import {
  closing,
  codeOf,
  createFile,
  explain,
  finishDirectory,
  identityOf,
  openDirectory,
  openForReading,
  readPlainFile,
  removeTree,
  setAttributes,
  statsAt,
  syncDirectory,
} from './disk/files.ts';

export type Applier = {
  /**
   * Does the steps in order, each whole or not at all; the first that fails or finds something else ends it. So does one of
   * the names in `standing` that no longer stands in certs.d just before a rename: somebody has begun to clear. They are
   * kept as the steps leave them.
   */
  readonly apply: (changes: readonly Change[], standing?: Set<string>) => Outcome;
  /** Makes certs.d and its parents (0755). Gives the directories that were made now, outermost first, absolute. */
  readonly ensureRoot: () => readonly string[];
  /** The same for the parents alone. */
  readonly ensureParent: () => void;
  /** Every directory that had to be made so far for certs.d to stand: release removes those that are empty. */
  readonly madeDirectories: () => readonly string[];
  /** Removes what an earlier run left in the staging directory. Only for the holder of the writer's lock. */
  readonly sweep: () => void;
};

export type ApplierOptions = {
  readonly certsDir: string;
  /** For tests: called with the path just before the last look at it. */
  readonly beforeRename?: (path: string) => void;
};

const stagingName = '.handspegel';

/** Something else changed the path: plan again. */
class Moved extends Error {
  override readonly name = 'Moved';
}

/** Somebody has begun to clear certs.d. */
class Cleared extends Moved {}

/** What a rename or removal says that raced with somebody else, as opposed to one that cannot work. */
const movedCodes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'ELOOP']);

const orMoved = <T>(path: string, act: () => T): T => {
  try {
    return act();
  } catch (error) {
    if (movedCodes.has(codeOf(error))) throw new Moved(path, { cause: error });
    throw error;
  }
};

const pathProblem = (path: string): string | undefined => {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    return 'is not a plain path below certs.d';
  }
  if (path === '_backup') return 'is left to Spegel: it is never made, replaced or removed';
  if (parts[0] === stagingName) return 'has the name of the staging directory';
  return undefined;
};

/** The deepest part that exists is resolved, so that a link put there later leads nowhere. */
const resolveOnce = (path: string): string => {
  try {
    return realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    if (statsAt(path) !== undefined) throw new Error(`${path} is a symbolic link to nothing`, { cause: error });
    return join(resolveOnce(dirname(path)), basename(path));
  }
};

/** Calls `onMade` for each directory that was missing, outermost first. */
const makeDirectories = (path: string, onMade: (path: string) => void): void => {
  if (statsAt(path) !== undefined) return;
  makeDirectories(dirname(path), onMade);
  mkdirSync(path);
  onMade(path);
  closing(openDirectory(path), (fd) => fchmodSync(fd, 0o755));
  syncDirectory(dirname(path));
};

type PutDirectory = Extract<Change, { kind: 'put-directory' }>;

type Written = { readonly path: string; readonly bytes: Uint8Array; readonly stats: BigIntStats };

/** Whole and on disk before anybody sees it. Directories get their modes last, innermost first. */
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

/** Only what was put there is judged: another inode, or one touched since, is somebody else's work. */
const verifyFile = (path: string, bytes: Uint8Array, written: BigIntStats): void => {
  const { bytes: found, stats } = orMoved(path, () => readPlainFile(path));
  const touched = stats.ino !== written.ino || stats.mtimeNs !== written.mtimeNs;
  if (touched || found.length !== bytes.length) throw new Moved(path);
  if (Buffer.compare(found, bytes) !== 0) throw new Error(`${path} reads back with other bytes than were written`);
};

const isExpected = (expected: Expected, stats: BigIntStats | undefined): boolean =>
  expected === 'absent'
    ? stats === undefined
    : stats !== undefined && !stats.isDirectory() && sameIdentity(expected, identityOf(stats));

/**
 * The only writer below certs.d. New files and directories are made in `.handspegel/` beside it, brought to disk there,
 * and renamed into place after a last look; so a reader, a crash or a full disk never shows a part of one.
 * `certsDir` may be reached through symbolic links, resolved once for each `apply`; below it none is passed through.
 */
export const createApplier = ({ certsDir, beforeRename }: ApplierOptions): Applier => {
  let resolved: string | undefined;
  let expectedNames: Set<string> | undefined;
  const made: string[] = [];
  let count = 0;

  const rootOf = (): string => {
    resolved ??= resolveOnce(certsDir);
    return resolved;
  };
  const stagingOf = (): string => join(dirname(rootOf()), stagingName);

  const ensureRoot = (): readonly string[] => {
    const before = made.length;
    makeDirectories(rootOf(), (path) => made.push(path));
    return made.slice(before);
  };

  const ensureParent = (): void => {
    resolved = undefined;
    makeDirectories(dirname(rootOf()), (path) => made.push(path));
  };

  /** `false`: there is none. One that is not ours alone could hand us a link or take our files away. */
  const stagingStands = (): boolean => {
    const staging = stagingOf();
    const stats = statsAt(staging);
    if (stats === undefined) return false;
    if (!stats.isDirectory()) throw new Error(`${staging} is not a directory: remove it`);
    if (Number(stats.uid) !== process.geteuid?.()) throw new Error(`${staging} belongs to another user: remove it`);
    if ((stats.mode & 0o077n) !== 0n) closing(openDirectory(staging), (fd) => fchmodSync(fd, 0o700));
    return true;
  };

  /** Our own leftovers of a failed removal stay for `sweep`; the outcome of the changes is what counts. */
  const removeStaging = (): void => {
    try {
      rmdirSync(stagingOf());
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EROFS', 'EACCES', 'EPERM'].includes(codeOf(error))) throw error;
    }
  };

  /** `use` gets a name in the staging directory that is free; whatever still lies there afterwards is removed. */
  const staged = <T>(use: (temporary: string) => T): T => {
    if (!stagingStands()) mkdirSync(stagingOf(), { mode: 0o700 });
    count += 1;
    const temporary = join(stagingOf(), `${process.pid}-${count}`);
    try {
      removeTree(temporary);
      return use(temporary);
    } finally {
      removeTree(temporary);
    }
  };

  const checkParents = (path: string): void => {
    const parts = ['', ...path.split('/').slice(0, -1)];
    let parent = rootOf();
    for (const part of parts) {
      if (part !== '') parent = join(parent, part);
      const stats = statsAt(parent);
      if (stats === undefined) throw new Moved(parent);
      if (stats.isSymbolicLink()) throw new Error(`${parent} is a symbolic link: nothing is written through it`);
      if (!stats.isDirectory()) throw new Moved(parent);
    }
  };

  const checkNames = (): void => {
    if (expectedNames === undefined || expectedNames.size === 0) return;
    const names = new Set(orMoved(rootOf(), () => readdirSync(rootOf())));
    for (const name of expectedNames) if (!names.has(name)) throw new Cleared(join(rootOf(), name));
  };

  const keepName = ({ kind, path }: Change): void => {
    if (path.includes('/')) return;
    if (kind === 'remove-file' || kind === 'remove-empty-directory') expectedNames?.delete(path);
    else expectedNames?.add(path);
  };

  const lastLook = (path: string, expected?: Expected): string => {
    const target = join(rootOf(), path);
    beforeRename?.(path);
    checkNames();
    checkParents(path);
    if (expected !== undefined && !isExpected(expected, statsAt(target))) throw new Moved(target);
    return target;
  };

  const place = (temporary: string, path: string, expected: Expected | undefined): string => {
    const target = lastLook(path, expected);
    orMoved(target, () => renameSync(temporary, target));
    return target;
  };

  /** Calls `placed` as soon as others can see the change. */
  const step = (change: Change, placed: () => void): void => {
    const { path } = change;
    const problem = pathProblem(path);
    if (problem !== undefined) throw new Error(`'${path}' ${problem}`);
    const sync = (): void => orMoved(path, () => syncDirectory(dirname(join(rootOf(), path))));
    switch (change.kind) {
      case 'write-file': {
        const { bytes, mode, uid, gid, expected } = change;
        checkParents(path);
        staged((temporary) => {
          const written = createFile(temporary, bytes, { mode, uid, gid });
          const target = place(temporary, path, expected);
          placed();
          sync();
          verifyFile(target, bytes, written);
        });
        return;
      }
      case 'put-directory': {
        if (!path.includes('/')) ensureRoot();
        checkParents(path);
        staged((temporary) => {
          const written = buildDirectory(temporary, change);
          const target = place(temporary, path, undefined);
          placed();
          sync();
          for (const one of written) verifyFile(join(target, one.path), one.bytes, one.stats);
        });
        return;
      }
      case 'make-link':
        checkParents(path);
        staged((temporary) => {
          symlinkSync(change.target, temporary);
          const target = place(temporary, path, change.expected);
          placed();
          sync();
          if (orMoved(path, () => readlinkSync(target)) !== change.target) throw new Moved(target);
        });
        return;
      case 'remove-file': {
        const target = lastLook(path, change.expected);
        orMoved(target, () => unlinkSync(target));
        placed();
        sync();
        return;
      }
      case 'remove-empty-directory': {
        if (statsAt(join(rootOf(), path)) === undefined) return;
        const target = lastLook(path);
        try {
          rmdirSync(target);
        } catch (error) {
          if (movedCodes.has(codeOf(error))) return;
          throw error;
        }
        placed();
        sync();
        return;
      }
      case 'set-attributes': {
        const target = lastLook(path);
        const fd = orMoved(target, () => openForReading(target));
        closing(fd, () => {
          if (!setAttributes(fd, change)) return;
          placed();
          fsyncSync(fd);
        });
        return;
      }
      default:
        change satisfies never;
    }
  };

  const apply = (changes: readonly Change[], standing?: Set<string>): Outcome => {
    resolved = undefined;
    expectedNames = standing;
    const changed: string[] = [];
    let path = '';
    const before = count;
    try {
      try {
        for (const change of changes) {
          path = change.path;
          step(change, () => {
            changed.push(change.path);
            keepName(change);
          });
        }
      } finally {
        if (count !== before) removeStaging();
      }
      return { result: 'done', changed };
    } catch (error) {
      if (error instanceof Cleared) return { result: 'moved', path, changed, clearing: true };
      if (error instanceof Moved) return { result: 'moved', path, changed };
      return { result: 'failed', path, error: explain(error), changed };
    }
  };

  const sweep = (): void => {
    resolved = undefined;
    if (stagingStands()) removeTree(stagingOf());
  };

  return { apply, ensureRoot, ensureParent, madeDirectories: () => [...made], sweep };
};
