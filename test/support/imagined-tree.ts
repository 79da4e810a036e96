import type { Seen, Tree } from '../../src/core/tree.ts';

const encoder = new TextEncoder();

/** What stands: `dir/` for a directory, else text; `#n` behind a name is its inode and time, so that it can be another. */
export type Imagined = Readonly<Record<string, string>>;

const seenOf = (path: string, text: string): readonly [string, Seen] => {
  const [name = '', number = '1'] = path.split('#');
  const rights = { mode: name.endsWith('/') ? 0o755 : 0o644, uid: 0, gid: 0 };
  const id = { ino: `${name}${number}`, mtime: number, ctime: number, size: text.length };
  if (name.endsWith('/')) return [name.slice(0, -1), { kind: 'directory', ...rights, id }];
  return [name, { kind: 'file', ...rights, id, bytes: encoder.encode(text) }];
};

const entriesOf = (imagined: Imagined): ReadonlyMap<string, Seen> => {
  const entries = new Map<string, Seen>();
  for (const [path, text] of Object.entries(imagined)) {
    const [name, seen] = seenOf(path, text);
    const parts = name.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/');
      if (!entries.has(parent)) entries.set(...seenOf(`${parent}/`, ''));
    }
    entries.set(name, seen);
  }
  return entries;
};

/** A look at a certs.d that is only thought of. */
export const treeOf = (live: Imagined, backup?: Imagined): Tree => ({
  root: 'directory',
  rootId: '1:1',
  entries: entriesOf(live),
  backup: backup === undefined ? undefined : entriesOf(backup),
});
