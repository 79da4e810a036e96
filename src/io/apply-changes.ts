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
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Change, Expected, Outcome } from '../core/change.ts';
import { sameIdentity } from '../core/tree.ts';
import { createStaging, pathProblem } from './certs-dir/staging.ts';
import {
  closing,
  codeOf,
  explain,
  identityOf,
  openDirectory,
  openForReading,
  readPlainFile,
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
  /** Makes what these very changes will put in place, and brings it to disk beside certs.d. Throws when it cannot. */
  readonly prepare: (changes: readonly Change[]) => void;
  /** Removes what was prepared and not used. */
  readonly discard: () => void;
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

/** Only what was put there is judged: another inode, or one touched since, is somebody else's work. */
const verifyFile = (path: string, bytes: Uint8Array, written: BigIntStats): void => {
  const { bytes: found, stats } = orMoved(path, () => readPlainFile(path));
  const touched = stats.ino !== written.ino || stats.mtimeNs !== written.mtimeNs;
  if (touched || found.length !== bytes.length) throw new Moved(path);
  if (Buffer.compare(found, bytes) !== 0) throw new Error(`${path} reads back with other bytes than were written`);
};

const verifyLink = (path: string, to: string): void => {
  if (orMoved(path, () => readlinkSync(path)) !== to) throw new Moved(path);
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

  const rootOf = (): string => {
    resolved ??= resolveOnce(certsDir);
    return resolved;
  };
  const staging = createStaging(() => dirname(rootOf()));

  const ensureRoot = (): readonly string[] => {
    const before = made.length;
    makeDirectories(rootOf(), (path) => made.push(path));
    return made.slice(before);
  };

  const ensureParent = (): void => {
    resolved = undefined;
    makeDirectories(dirname(rootOf()), (path) => made.push(path));
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
      case 'write-file':
      case 'put-directory':
      case 'make-link': {
        if (change.kind === 'put-directory' && !path.includes('/')) ensureRoot();
        checkParents(path);
        staging.use(change, ({ temporary, written }) => {
          const target = place(temporary, path, change.kind === 'put-directory' ? undefined : change.expected);
          placed();
          sync();
          for (const one of written) verifyFile(join(target, one.path), one.bytes, one.stats);
          if (change.kind === 'make-link') verifyLink(target, change.target);
        });
        return;
      }
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
        staging.close();
      }
      return { result: 'done', changed };
    } catch (error) {
      if (error instanceof Cleared) return { result: 'moved', path, changed, clearing: true };
      if (error instanceof Moved) return { result: 'moved', path, changed };
      return { result: 'failed', path, error: explain(error), changed };
    }
  };

  const prepare = (changes: readonly Change[]): void => {
    resolved = undefined;
    for (const change of changes) {
      if (change.kind !== 'write-file' && change.kind !== 'put-directory') continue;
      if (pathProblem(change.path) === undefined) staging.prepare(change);
    }
  };

  return {
    apply,
    prepare,
    discard: staging.discard,
    ensureRoot,
    ensureParent,
    madeDirectories: () => [...made],
    sweep: () => {
      resolved = undefined;
      staging.sweep();
    },
  };
};
