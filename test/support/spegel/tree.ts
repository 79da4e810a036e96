import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A directory as one value: `name/` for a directory, `name` for a file with its text; `-> target` for a link. */
export type Tree = Readonly<Record<string, string>>;

/** Reads a whole directory, modes left out; an absent one is undefined. */
export async function readTree(root: string): Promise<Tree | undefined> {
  const tree: Record<string, string> = {};
  async function read(path: string): Promise<void> {
    for (const name of (await readdir(join(root, path))).sort()) {
      const inner = join(path, name);
      const found = await lstat(join(root, inner));
      if (found.isSymbolicLink()) tree[inner] = `-> ${await readlink(join(root, inner))}`;
      else if (!found.isDirectory()) tree[inner] = await readFile(join(root, inner), 'utf8');
      else {
        tree[`${inner}/`] = '';
        await read(inner);
      }
    }
  }
  if ((await lstat(root).catch(() => undefined)) === undefined) return undefined;
  await read('');
  return tree;
}

/** Makes the files and directories of a tree; `modes` are set last. */
export async function plantTree(root: string, tree: Tree, modes: Readonly<Record<string, number>> = {}): Promise<void> {
  for (const [name, text] of Object.entries(tree)) {
    const path = join(root, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), path);
    else if (!name.endsWith('/')) await writeFile(path, text);
  }
  for (const [name, mode] of Object.entries(modes)) await chmod(join(root, name), mode);
}
