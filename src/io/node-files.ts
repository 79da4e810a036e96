import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../core/error-text.ts';
import { codeOf, isGone } from './disk/files.ts';

/** One file of a node; times in milliseconds since 1970. */
export type NodeFile =
  | { readonly kind: 'text'; readonly text: string; readonly bytes: Uint8Array; readonly changedAt: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A node's file system, mounted here or our own. All paths are the node's. */
export type NodeFiles = {
  /** Where a path of the node is found here: links lead where they lead on the node. */
  readonly place: (path: string) => string;
  readonly read: (path: string) => NodeFile;
  readonly exists: (path: string) => boolean;
  /** `undefined`: nothing is there, or it cannot be looked at. */
  readonly stats: (path: string) => Stats | undefined;
  /** Go's `filepath.Glob`: `*`, `?` and `[…]` in any part, in the order of names. */
  readonly glob: (pattern: string) => readonly string[];
};

const largest = 4 * 1024 * 1024;
const mostLinks = 40;

const partsOf = (path: string): readonly string[] => path.split('/').filter((part) => part !== '' && part !== '.');

const linkAt = (path: string): string | undefined => {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isGone(error) || ['EINVAL', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes(codeOf(error))) return undefined;
    throw error;
  }
};

/** The path below `root` that the node itself would reach: an absolute link starts at `root` again. */
const resolveBelow = (root: string, path: string): string => {
  let waiting = [...partsOf(path)];
  let current: string[] = [];
  for (let links = 0; waiting.length > 0; ) {
    const [part = '', ...rest] = waiting;
    waiting = rest;
    if (part === '..') {
      current = current.slice(0, -1);
      continue;
    }
    const target = linkAt(join(root, ...current, part));
    if (target === undefined || links >= mostLinks) {
      current = [...current, part];
      continue;
    }
    links += 1;
    if (target.startsWith('/')) current = [];
    waiting = [...partsOf(target), ...rest];
  }
  return join(root, ...current);
};

const partPattern = (part: string): RegExp => {
  const text = part
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${text}$`, 'u');
};

const hasMagic = (part: string): boolean => /[*?[]/.test(part);

const namesIn = (path: string): readonly string[] => {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    // What cannot be listed matches nothing, as for filepath.Glob.
    if (isGone(error) || codeOf(error) === 'EACCES' || codeOf(error) === 'ELOOP') return [];
    throw error;
  }
};

/** Looks at a node's file system below `root`, never outside of it. */
export const createNodeFiles = (root: string): NodeFiles => {
  const place = (path: string): string => resolveBelow(root, path);

  const stats = (path: string): Stats | undefined => {
    try {
      return lstatSync(place(path), { throwIfNoEntry: false });
    } catch (error) {
      if (['ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes(codeOf(error))) return undefined;
      throw error;
    }
  };

  const read = (path: string): NodeFile => {
    try {
      const found = lstatSync(place(path), { throwIfNoEntry: false });
      if (found === undefined) return { kind: 'absent' };
      if (!found.isFile()) return { kind: 'unreadable', why: 'it is not a file' };
      if (found.size > largest) return { kind: 'unreadable', why: `it is larger than ${largest} bytes` };
      const bytes = readFileSync(place(path));
      // A file moved into place keeps its time of writing: only ctime tells when it came here.
      return {
        kind: 'text',
        text: new TextDecoder().decode(bytes),
        bytes,
        changedAt: Math.max(found.mtimeMs, found.ctimeMs),
      };
    } catch (error) {
      return isGone(error) ? { kind: 'absent' } : { kind: 'unreadable', why: textOf(error) };
    }
  };

  const glob = (pattern: string): readonly string[] => {
    let found: readonly string[] = [''];
    for (const part of partsOf(pattern)) {
      const matches = hasMagic(part) ? partPattern(part) : undefined;
      found = found.flatMap((parent) => {
        if (matches === undefined) return stats(`${parent}/${part}`) === undefined ? [] : [`${parent}/${part}`];
        return namesIn(place(parent === '' ? '/' : parent))
          .filter((name) => matches.test(name))
          .map((name) => `${parent}/${name}`);
      });
    }
    return found;
  };

  return { place, read, exists: (path) => stats(path) !== undefined, stats, glob };
};
