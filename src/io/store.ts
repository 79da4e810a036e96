import {
  type BigIntStats,
  closeSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { textOf } from '../core/error-text.ts';
import type { JournalRecord } from '../core/status.ts';
import {
  bytesIfThere,
  codeOf,
  createFile,
  explain,
  isGone,
  openDirectory,
  removeTree,
  statsAt,
  syncDirectory,
} from './disk/files.ts';
import { sha256 as sha256Of } from './disk/hash.ts';
import { createJournal } from './state/journal.ts';

export type JsonRead =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'missing' }
  /** It was there and was no JSON; it lies beside its old place as `<name>.damaged`. */
  | { readonly kind: 'damaged'; readonly reason: string }
  /** For who only looks: it may not be read. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Every method throws an error that says what was being done, with the cause, when the disk does not let it. */
export type Store = {
  readonly readJson: (name: string) => JsonRead;
  /** The old file stays whole until the new one is on disk. */
  readonly writeJson: (name: string, value: unknown) => void;
  /** Brings it to disk under another name, for a later `writeJson` of this very value. */
  readonly prepareJson: (name: string, value: unknown) => void;
  /** Removes what was prepared and not written. */
  readonly discard: () => void;
  readonly remove: (name: string) => void;
  /** Keeps bytes under their hex SHA-256, which it gives. */
  readonly putObject: (bytes: Uint8Array) => string;
  /** Several at once, which is faster; all of them are on disk when this returns. */
  readonly putObjects: (all: readonly Uint8Array[]) => void;
  /** `undefined`: missing, or no longer what its name says. */
  readonly getObject: (sha256: string) => Uint8Array | undefined;
  /** Removes what a process that was killed left under other names. Only for the holder of the lock. */
  readonly sweep: () => void;
  /** Removes every object but these. */
  readonly sweepObjects: (keep: ReadonlySet<string>) => void;
  readonly appendJournal: (records: readonly JournalRecord[]) => void;
  /** The last `count` records, oldest first. */
  readonly readJournal: (count: number) => readonly JournalRecord[];
  /** Removes everything but these names, for a release. */
  readonly removeAll: (except: readonly string[]) => void;
  /**
   * Device and inode: another value means that the directory was lost or replaced, and everything in it. `gone`: it
   * stood and stands no more; `undefined`: it never did, as far as this process knows.
   */
  readonly place: () => string | undefined;
};

const objectsName = 'objects';
/** One writer, so one name. */
const temporaryOf = (parent: string, name: string): string => join(parent, `.${name}.tmp`);
const isTemporary = (name: string): boolean => name.startsWith('.') && name.endsWith('.tmp');

const jsonOf = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);

const placeOf = ({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string => `${dev}:${ino}`;

export type StoreOptions = {
  /** Nothing is moved: what is damaged stays in its place. */
  readonly looking?: boolean;
};

/**
 * The state directory: private to one writer (the holder of the lock), made when it is first written to and again
 * whenever it is lost. `directory` must not be a symbolic link, another user's, or writable by anybody else.
 */
export const createStore = (directory: string, { looking = false }: StoreOptions = {}): Store => {
  const doing = <T>(what: string, act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new Error(`cannot ${what} in ${directory}: ${explain(error)}`, { cause: error });
    }
  };

  let prepared: { readonly name: string; readonly value: unknown } | undefined;

  // Held open, so that a directory made after this one is gone cannot get its inode and be taken for it.
  let held: { readonly fd: number; readonly place: string } | undefined;
  const hold = (stats: BigIntStats): number => {
    if (held?.place === placeOf(stats)) return held.fd;
    const fd = openDirectory(directory);
    if (held !== undefined) closeSync(held.fd);
    held = { fd, place: placeOf(fstatSync(fd, { bigint: true })) };
    return fd;
  };

  /** `undefined`: there is none. Else it, opened. */
  const stands = (): number | undefined => {
    const stats = statsAt(directory);
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) throw new Error('it is not a directory, or a symbolic link: remove it or name another');
    if (Number(stats.uid) !== process.geteuid?.()) throw new Error(`it belongs to user ${stats.uid}, not to this one`);
    if ((stats.mode & 0o022n) !== 0n) throw new Error('it is writable by other users: nothing in it can be trusted');
    return hold(stats);
  };

  const make = (): number => {
    mkdirSync(dirname(directory), { recursive: true, mode: 0o755 });
    mkdirSync(directory, { mode: 0o700 });
    syncDirectory(dirname(directory));
    return hold(lstatSync(directory, { bigint: true }));
  };

  const ensure = (): void => {
    const fd = stands() ?? make();
    // What hostPath volumes make is 0755, and then only a name of theirs.
    if ((fstatSync(fd).mode & 0o777) !== 0o700) fchmodSync(fd, 0o700);
  };

  const ensureObjects = (): string => {
    ensure();
    const objects = join(directory, objectsName);
    const stats = statsAt(objects);
    if (stats?.isDirectory() === true) return objects;
    if (stats !== undefined) removeTree(objects);
    mkdirSync(objects, { mode: 0o700 });
    return objects;
  };

  /** Calls `use` with the new file under another name; whatever happens in it, nothing is left when it fails. */
  const making = (parent: string, name: string, bytes: Uint8Array, use: (temporary: string) => void): void => {
    const temporary = temporaryOf(parent, name);
    removeTree(temporary);
    try {
      createFile(temporary, bytes, { mode: 0o600 });
      use(temporary);
    } catch (error) {
      removeTree(temporary);
      throw error;
    }
  };

  /** Whole or not at all; there for good once the parent is on disk. */
  const put = (parent: string, name: string, bytes: Uint8Array): void =>
    making(parent, name, bytes, (temporary) => renameSync(temporary, join(parent, name)));

  const replace = (parent: string, name: string, bytes: Uint8Array): void => {
    put(parent, name, bytes);
    syncDirectory(parent);
  };

  const moveAside = (name: string): string => {
    if (looking) return 'left where it is';
    const aside = join(directory, `${name}.damaged`);
    try {
      removeTree(aside);
      renameSync(join(directory, name), aside);
      return `kept as ${name}.damaged`;
    } catch (error) {
      // What is wrong with the file counts; a full or read-only disk is said by whoever writes the next one.
      return `left where it is: ${textOf(error)}`;
    }
  };

  const readJson = (name: string): JsonRead => {
    if (stands() === undefined) return { kind: 'missing' };
    const path = join(directory, name);
    const stats = statsAt(path);
    if (stats === undefined) return { kind: 'missing' };
    if (!stats.isFile()) return { kind: 'damaged', reason: `it is not a file (${moveAside(name)})` };
    const bytes = bytesIfThere(path);
    if (bytes === undefined) return { kind: 'missing' };
    try {
      const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      return { kind: 'value', value };
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      return { kind: 'damaged', reason: `${error.message} (${moveAside(name)})` };
    }
  };

  const getObject = (sha256: string): Uint8Array | undefined => {
    if (!/^[0-9a-f]{64}$/.test(sha256) || stands() === undefined) return undefined;
    const path = join(directory, objectsName, sha256);
    if (statsAt(path)?.isFile() !== true) return undefined;
    const bytes = bytesIfThere(path);
    return bytes !== undefined && sha256Of(bytes) === sha256 ? new Uint8Array(bytes) : undefined;
  };

  const putObjects = (all: readonly Uint8Array[]): void => {
    const missing = all.map((bytes) => ({ bytes, name: sha256Of(bytes) })).filter(({ name }) => !getObject(name));
    if (missing.length === 0) return;
    const objects = ensureObjects();
    for (const { name, bytes } of missing) put(objects, name, bytes);
    syncDirectory(objects);
  };

  const putObject = (bytes: Uint8Array): string => {
    putObjects([bytes]);
    return sha256Of(bytes);
  };

  const sweep = (): void => {
    if (stands() === undefined) return;
    for (const parent of [directory, join(directory, objectsName)]) {
      if (statsAt(parent)?.isDirectory() !== true) continue;
      for (const name of readdirSync(parent)) if (isTemporary(name)) removeTree(join(parent, name));
    }
  };

  const sweepObjects = (keep: ReadonlySet<string>): void => {
    const objects = join(directory, objectsName);
    if (stands() === undefined || statsAt(objects)?.isDirectory() !== true) return;
    for (const name of readdirSync(objects)) if (!keep.has(name)) removeTree(join(objects, name));
  };

  const journal = createJournal(directory, moveAside);

  const removeAll = (except: readonly string[]): void => {
    if (stands() === undefined) return;
    for (const name of readdirSync(directory)) {
      if (!except.includes(name)) removeTree(join(directory, name));
    }
    syncDirectory(directory);
  };

  const remove = (name: string): void => {
    if (stands() === undefined || statsAt(join(directory, name)) === undefined) return;
    removeTree(join(directory, name));
    syncDirectory(directory);
  };

  const discard = (): void => {
    if (prepared === undefined) return;
    const { name } = prepared;
    prepared = undefined;
    removeTree(temporaryOf(directory, name));
  };

  const prepareJson = (name: string, value: unknown): void => {
    discard();
    ensure();
    making(directory, name, jsonOf(value), () => {
      prepared = { name, value };
    });
  };

  /** `false`: this value was not prepared, or is there no more. */
  const placePrepared = (name: string, value: unknown): boolean => {
    if (prepared?.name !== name || prepared.value !== value) return false;
    prepared = undefined;
    try {
      renameSync(temporaryOf(directory, name), join(directory, name));
    } catch (error) {
      if (!isGone(error) && codeOf(error) !== 'EISDIR') throw error;
      return false;
    }
    syncDirectory(directory);
    return true;
  };

  const writeJson = (name: string, value: unknown): void => {
    ensure();
    if (placePrepared(name, value)) return;
    const bytes = jsonOf(value);
    try {
      replace(directory, name, bytes);
    } catch (error) {
      if (codeOf(error) !== 'EISDIR') throw error;
      moveAside(name);
      replace(directory, name, bytes);
    }
  };

  return {
    readJson: (name) => doing(`read ${name}`, () => readJson(name)),
    writeJson: (name, value) => doing(`write ${name}`, () => writeJson(name, value)),
    prepareJson: (name, value) => doing(`prepare ${name}`, () => prepareJson(name, value)),
    discard: () => doing('remove what was prepared', discard),
    sweep: () => doing('remove temporary files', sweep),
    remove: (name) => doing(`remove ${name}`, () => remove(name)),
    putObject: (bytes) => doing('keep a file', () => putObject(bytes)),
    putObjects: (all) => doing('keep files', () => putObjects(all)),
    getObject: (sha256) => doing('read a kept file', () => getObject(sha256)),
    sweepObjects: (keep) => doing('remove kept files', () => sweepObjects(keep)),
    appendJournal: (records) =>
      doing('write the journal', () => {
        ensure();
        journal.append(records);
      }),
    readJournal: (count) => doing('read the journal', () => (stands() === undefined ? [] : journal.read(count))),
    removeAll: (except) => doing('remove everything', () => removeAll(except)),
    place: () => {
      const stats = statsAt(directory);
      if (stats !== undefined) return placeOf(stats);
      return held === undefined ? undefined : 'gone';
    },
  };
};
