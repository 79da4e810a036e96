import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, opendir, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One call to the file system; `to` is the new name of a rename. */
export interface Step {
  readonly op: 'stat' | 'mkdir' | 'list' | 'rename' | 'unlink' | 'rmdir' | 'read' | 'open' | 'write' | 'close';
  readonly path: string;
  readonly to?: string;
}

/** Called before each step: may wait, and may throw, which ends Spegel there as a crash would. */
export type Pause = (next: Step) => void | Promise<void>;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Is this one of the named errors of the operating system? */
export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(codeOf(error) ?? 'none');

/** Go's `os`, as far as Spegel uses it, one step at a time. */
export interface GoOs {
  isDirectory(path: string): Promise<boolean>;
  exists(path: string): Promise<boolean>;
  mkdirAll(path: string): Promise<void>;
  readDir(path: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  removeAll(path: string): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  writeFile(path: string, text: string): Promise<void>;
  appendFile(path: string, bytes: Uint8Array): Promise<void>;
  walkFiles(root: string): AsyncIterable<string>;
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Go reads a directory in portions of this size while it removes it. */
const portion = 1024;

const { O_APPEND, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/**
 * Go's functions with a pause before each system call.
 * Source: os/path.go, os/dir.go, os/file_unix.go and os/removeall_at.go of Go 1.26; afero's ReadDir for Spegel up to v0.2.0.
 * One difference: Go removes relative to open directories, this by path, which shows only to somebody who renames a
 * directory while Spegel empties it.
 */
export function createGoOs(pause: Pause, listLooks: boolean): GoOs {
  let crash: { readonly error: unknown } | undefined;

  /** A pause that throws is the end of the process: no later step happens, whatever the code around it tolerates. */
  async function alive(next: Step): Promise<void> {
    if (crash !== undefined) throw crash.error;
    try {
      await pause(next);
    } catch (error) {
      crash = { error };
      throw error;
    }
  }

  async function step<T>(next: Step, act: () => Promise<T>): Promise<T> {
    await alive(next);
    return act();
  }

  async function isDirectory(path: string): Promise<boolean> {
    try {
      return (await step({ op: 'stat', path }, () => stat(path))).isDirectory();
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async function exists(path: string): Promise<boolean> {
    try {
      await step({ op: 'stat', path }, () => stat(path));
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async function mkdirAll(path: string): Promise<void> {
    const found = await step({ op: 'stat', path }, () => stat(path)).catch((error: unknown) => {
      if (codeOf(error) === undefined) throw error;
      return undefined;
    });
    if (found?.isDirectory() === true) return;
    if (found !== undefined) throw Object.assign(new Error(`mkdir ${path}: not a directory`), { code: 'ENOTDIR' });
    if (dirname(path) !== path) await mkdirAll(dirname(path));
    try {
      await step({ op: 'mkdir', path }, () => mkdir(path, 0o755));
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      const now = await step({ op: 'stat', path }, () => lstat(path)).catch(() => undefined);
      if (now?.isDirectory() !== true) throw error;
    }
  }

  /** Names in the order of the directory, at most `limit` of them after the first `skip`. */
  async function names(path: string, limit: number, skip = 0): Promise<string[]> {
    const found: string[] = [];
    const directory = await opendir(path, { bufferSize: portion });
    for await (const entry of directory) {
      found.push(entry.name);
      if (found.length === skip + limit) break;
    }
    return found.slice(skip);
  }

  async function readDir(path: string): Promise<readonly string[]> {
    const found = await step({ op: 'list', path }, () => names(path, Number.POSITIVE_INFINITY));
    if (!listLooks) return found.sort(byBytes);
    const seen: string[] = [];
    for (const name of found) {
      const entry = join(path, name);
      try {
        await step({ op: 'stat', path: entry }, () => lstat(entry));
        seen.push(name);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
    return seen.sort(byBytes);
  }

  /** Go refuses a new name that is a directory, even an empty one; ENOTEMPTY needs one that appears just after the look. */
  async function renameUnlessDirectory(from: string, to: string): Promise<void> {
    const look = (path: string): Promise<Stats | undefined> =>
      step({ op: 'stat', path }, () => lstat(path)).catch((error: unknown) => {
        if (codeOf(error) === undefined) throw error;
        return undefined;
      });
    if ((await look(to))?.isDirectory() === true) {
      const code = (await look(from)) === undefined ? 'ENOENT' : 'EEXIST';
      const why = code === 'ENOENT' ? 'no such file or directory' : 'file exists';
      throw Object.assign(new Error(`rename ${from} ${to}: ${why}`), { code });
    }
    await step({ op: 'rename', path: from, to }, () => rename(from, to));
  }

  /** removeAllFrom: the first error is given back at the end, and only if the directory could not be removed. */
  async function removeAllFrom(path: string): Promise<void> {
    try {
      return await step({ op: 'unlink', path }, () => unlink(path));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      if (!isErrno(error, 'EISDIR', 'EPERM', 'EACCES')) throw error;
    }
    let first: unknown;
    const remember = (error: unknown): void => {
      if (codeOf(error) === undefined) throw error;
      first ??= error;
    };
    // A portion of which nothing can be removed is passed over.
    for (let skip = 0; ; ) {
      let found: readonly string[];
      try {
        found = await step({ op: 'list', path }, () => names(path, portion, skip));
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return;
        if (isErrno(error, 'ENOTDIR')) throw error;
        remember(error);
        break;
      }
      let failed = 0;
      for (const name of found) {
        await removeAllFrom(join(path, name)).catch((error: unknown) => {
          remember(error);
          failed += 1;
        });
      }
      if (found.length < portion) break;
      skip = failed === portion ? skip + portion : 0;
    }
    try {
      await step({ op: 'rmdir', path }, () => rmdir(path));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      throw codeOf(error) === undefined ? error : (first ?? error);
    }
  }

  async function removeAll(path: string): Promise<void> {
    for (const [op, remove] of [
      ['unlink', unlink],
      ['rmdir', rmdir],
    ] as const) {
      try {
        return await step({ op, path }, () => remove(path));
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
        if (isErrno(error, 'ENOENT') && op === 'rmdir') return;
      }
    }
    await removeAllFrom(path);
  }

  async function store(path: string, flags: number, bytes: Uint8Array): Promise<void> {
    const handle: FileHandle = await step({ op: 'open', path }, () => open(path, flags, 0o644));
    try {
      if (bytes.length > 0) await step({ op: 'write', path }, () => handle.write(bytes));
      await alive({ op: 'close', path });
    } finally {
      await handle.close();
    }
  }

  const readWhole = (path: string): Promise<Buffer> =>
    step({ op: 'read', path }, () => readFile(path, { flag: O_RDONLY }));

  async function* filesBelow(directory: string): AsyncGenerator<string> {
    for (const name of await readDir(directory)) {
      const path = join(directory, name);
      // The listing itself says what an entry is.
      if ((await lstat(path)).isDirectory()) yield* filesBelow(path);
      else yield path;
    }
  }

  /** filepath.WalkDir: the files in byte order, each while the walk stands there. */
  async function* walkFiles(root: string): AsyncGenerator<string> {
    await step({ op: 'stat', path: root }, () => lstat(root));
    yield* filesBelow(root);
  }

  return {
    isDirectory,
    exists,
    mkdirAll,
    readDir,
    rename: renameUnlessDirectory,
    removeAll,
    readFile: readWhole,
    writeFile: (path, text) => store(path, O_WRONLY | O_CREAT | O_TRUNC, Buffer.from(text)),
    appendFile: (path, bytes) => store(path, O_WRONLY | O_CREAT | O_APPEND, bytes),
    walkFiles,
  };
}
