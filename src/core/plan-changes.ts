import { cameOutOfBackup } from './attribution.ts';
import type { Change, NewEntry } from './change.ts';
import type { PlanInput } from './plan-input.ts';
import type { Attributes, Seen } from './tree.ts';

/** One thing to be put in place, over what was seen there. */
export type Put = { readonly path: string; readonly entry: NewEntry; readonly seen: Seen | undefined };

/** Mode and owner that a directory shall have: as somebody's stood, else root's 0755. */
export const attributesOf = (input: PlanInput, directory: string): Attributes => {
  const known = input.ledger.directories[directory];
  return known === undefined ? { mode: 0o755, ...input.owner } : { mode: known.mode, uid: known.uid, gid: known.gid };
};

const parentsOf = (path: string): readonly string[] => {
  const parts = path.split('/');
  return parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join('/'));
};

/** A whole new directory with everything inside, parents first. */
const newDirectory = (input: PlanInput, directory: string, puts: readonly Put[]): Change => {
  const within = puts.filter((put) => put.path.startsWith(`${directory}/`));
  const nested = [...new Set(within.flatMap((put) => parentsOf(put.path)))]
    .filter((path) => path.startsWith(`${directory}/`))
    .sort();
  const local = (path: string): string => path.slice(directory.length + 1);
  const content: NewEntry[] = [
    ...nested.map((path): NewEntry => ({ kind: 'directory', path: local(path), ...attributesOf(input, path) })),
    ...within.map((put): NewEntry => ({ ...put.entry, path: local(put.path) })),
  ];
  return { kind: 'put-directory', path: directory, content, ...attributesOf(input, directory) };
};

const putChange = (put: Put): Change => {
  const expected = put.seen?.id ?? 'absent';
  if (put.entry.kind === 'symlink') return { kind: 'make-link', path: put.path, target: put.entry.target, expected };
  if (put.entry.kind === 'directory')
    return {
      kind: 'put-directory',
      path: put.path,
      content: [],
      mode: put.entry.mode,
      uid: put.entry.uid,
      gid: put.entry.gid,
    };
  const { bytes, mode, uid, gid } = put.entry;
  return { kind: 'write-file', path: put.path, bytes, mode, uid, gid, expected };
};

/** The first directory on the way to a path that does not stand yet. */
const missingParent = (input: PlanInput, path: string): string | undefined => {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const directory = parts.slice(0, depth).join('/');
    if (!input.tree.entries.has(directory)) return directory;
  }
  return undefined;
};

/** Rights of a directory that we made, or of somebody's that Spegel's hook put back as it was on an older day. */
const rightsOf = (input: PlanInput, registry: string): readonly Change[] => {
  const directory = input.tree.entries.get(registry);
  if (directory?.kind !== 'directory') return [];
  const theirs = input.ledger.directories[registry];
  const isOurs = input.index.made.has(registry);
  const overdue = theirs?.state === 'present' && cameOutOfBackup(registry, directory, input.ledger);
  if (!isOurs && !overdue) return [];
  const { mode, uid, gid } = isOurs || theirs === undefined ? { mode: 0o755, ...input.owner } : theirs;
  if (directory.mode === mode && directory.uid === uid && directory.gid === gid) return [];
  return [{ kind: 'set-attributes', path: registry, mode, uid, gid }];
};

/** The steps of one registry directory, in the order that containerd may see. */
export const changesOf = (
  input: PlanInput,
  registry: string,
  puts: readonly Put[],
  removals: readonly string[],
): readonly Change[] => {
  const changes: Change[] = [];
  const made = new Set<string>();
  for (const put of puts) {
    const missing = missingParent(input, put.path);
    if (missing === undefined) changes.push(putChange(put));
    else if (!made.has(missing)) {
      made.add(missing);
      changes.push(newDirectory(input, missing, puts));
    }
  }
  // hosts.toml goes first: certificates that it names leave last.
  const ordered = [...removals].sort((a, b) => Number(b.endsWith('/hosts.toml')) - Number(a.endsWith('/hosts.toml')));
  for (const path of ordered) {
    const seen = input.tree.entries.get(path);
    if (seen !== undefined) changes.push({ kind: 'remove-file', path, expected: seen.id });
  }
  if (removals.length > 0) changes.push({ kind: 'remove-empty-directory', path: registry });
  return [...changes, ...rightsOf(input, registry)];
};
