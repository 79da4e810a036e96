import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

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
