import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { TestContext } from 'node:test';

/** A new directory in memory where there is such a place: thousands of plays wait for no disk. */
export const scratchDirectory = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'handspegel-'));

/** A new directory on a real file system, where inode numbers are used again. */
export const diskDirectory = (): string => mkdtempSync(join(tmpdir(), 'handspegel-'));

/** The same, gone with the test. */
export const directoryFor = (t: TestContext): string => {
  const directory = diskDirectory();
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** Everything about each entry that must come back: kind, mode, owner and bytes, as one line of text. */
export const describeDirectory = (
  root: string,
  skip: (path: string) => boolean = () => false,
): Record<string, string> => {
  const found: Record<string, string> = {};
  const walk = (dir: string): void => {
    for (const name of readdirSync(dir).sort()) {
      const path = join(dir, name);
      const local = relative(root, path);
      if (skip(local)) continue;
      const stat = lstatSync(path);
      const rights = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
      if (stat.isSymbolicLink()) found[local] = `-> ${readlinkSync(path)}`;
      else if (stat.isDirectory()) {
        found[`${local}/`] = rights;
        walk(path);
      } else found[local] = `${rights} ${readFileSync(path, 'latin1')}`;
    }
  };
  if (existsSync(root)) walk(root);
  return found;
};

/** A directory as path -> text, `dir/` for an empty directory, `-> target` for a link; modes are left out unless odd. */
export const readDirectory = (root: string): Record<string, string> => {
  const found: Record<string, string> = {};
  const walk = (dir: string): void => {
    const names = readdirSync(dir).sort();
    if (names.length === 0 && dir !== root) found[`${relative(root, dir)}/`] = '';
    for (const name of names) {
      const path = join(dir, name);
      const stat = lstatSync(path);
      if (stat.isDirectory()) walk(path);
      else if (stat.isSymbolicLink()) found[relative(root, path)] = `-> ${readlinkSync(path)}`;
      else found[relative(root, path)] = readFileSync(path, 'utf8');
    }
  };
  try {
    walk(root);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return found;
};

/** Writes files below a directory: path -> text. */
export const writeDirectory = (root: string, files: Readonly<Record<string, string>>, mode = 0o644): void => {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }
};

/** What the user sees of a file of ours: without the marker line and what it carries. */
export const bodyOf = (text: string | undefined): string | undefined => {
  if (text === undefined || !text.startsWith('# handspegel ')) return text;
  const rest = text.slice(text.indexOf('\n') + 1);
  const carried = rest.search(/^# handspegel-carries /m);
  return carried < 0 ? rest : rest.slice(0, carried);
};
