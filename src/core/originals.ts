import { type Attribution, cameOutOfBackup, nextBackupInodes, removalOf, wasSpegel } from './attribution.ts';
import { directoriesOf } from './directories.ts';
import { type Ledger, notOverdue, type Original } from './ledger.ts';
import { isHostsFile, isTargeted, ownerAt } from './survey.ts';
import type { Tools } from './tools.ts';
import { registryOf, type Seen } from './tree.ts';
import { isSomebodys } from './writer.ts';

/** Ledger and the bytes that it now refers to; they must be stored before the ledger is. */
export type Kept = { readonly ledger: Ledger; readonly objects: ReadonlyMap<string, Uint8Array> };

const contentOf = (seen: Seen, tools: Tools): Original['content'] | undefined => {
  const { mode, uid, gid } = seen;
  if (seen.kind === 'symlink') return { kind: 'symlink', target: seen.target };
  return seen.kind === 'file' ? { kind: 'file', sha256: tools.sha256(seen.bytes), mode, uid, gid } : undefined;
};

const sameContent = (a: Original['content'], b: Original['content']): boolean =>
  a.kind === 'file' && b.kind === 'file'
    ? a.sha256 === b.sha256 && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid
    : a.kind === 'symlink' && b.kind === 'symlink' && a.target === b.target;

/** Somebody's file stands: the copy follows it, unless Spegel's hook just put an older one back. */
const follow = (old: Original | undefined, content: Original['content'], restored: boolean): Original => {
  if (old === undefined || old.state === 'removed') return { state: 'present', from: 'seen', content };
  if (sameContent(old.content, content)) {
    return { ...notOverdue(old), state: 'present', from: restored ? 'seen' : old.from };
  }
  if (restored) return { ...old, state: 'present', from: 'seen', overdue: true };
  return { state: 'present', from: 'seen', content };
};

const missing = (path: string, original: Original, look: Attribution): Original => {
  const { doubtSince, ...rest } = original;
  if (original.state === 'removed') return wasSpegel(doubtSince, look) ? { ...rest, state: 'present' } : original;
  if (original.state !== 'present') return original;
  const removal = removalOf(path, look);
  if (removal.by === 'spegel') return original;
  return { ...rest, state: 'removed', ...(removal.by === 'person' ? {} : { doubtSince: removal.since }) };
};

const fromBackup = (look: Attribution, add: (path: string, original: Original, seen: Seen) => void): void => {
  const { tree, desired, ledger, tools } = look;
  for (const [path, seen] of tree.backup ?? []) {
    const content = contentOf(seen, tools);
    if (content === undefined || path in ledger.originals || tree.entries.has(path) || isTargeted(desired, path))
      continue;
    if (look.survey.get(`${registryOf(path)}/hosts.toml`)?.writer === 'spegel') continue;
    const { writer } = ownerAt(path, { tree, ledger, tools, desired, backup: true });
    if (isSomebodys(writer)) add(path, { state: 'present', from: 'backup', content }, seen);
  }
};

const collect = (originals: Ledger['originals']) => {
  const next: Record<string, Original> = { ...originals };
  const objects = new Map<string, Uint8Array>();
  const keep = (path: string, original: Original, seen: Seen): void => {
    next[path] = original;
    if (seen.kind === 'file' && original.content.kind === 'file') objects.set(original.content.sha256, seen.bytes);
  };
  return { next, objects, keep };
};

/**
 * Follows what other people have under certs.d (design.md, "Other people's files"): every file at first sight and after
 * every change by anybody but Spegel. Only called on a settled look.
 */
export const followOriginals = (look: Attribution): Kept => {
  const { tree, survey, ledger, tools } = look;
  const { next, objects, keep } = collect(ledger.originals);
  for (const [path, owned] of survey) {
    const seen = tree.entries.get(path);
    if (seen === undefined || !isSomebodys(owned.writer)) continue;
    const content = contentOf(seen, tools);
    if (content === undefined) continue;
    const original = follow(ledger.originals[path], content, cameOutOfBackup(path, seen, ledger));
    // An overdue copy keeps the bytes that it is to get back, not those that stand there.
    if (original.overdue === true) next[path] = original;
    else keep(path, original, seen);
  }
  for (const [path, original] of Object.entries(ledger.originals)) {
    if (!tree.entries.has(path)) next[path] = missing(path, original, look);
  }
  fromBackup(look, keep);
  const directories = directoriesOf(look, next);
  const backupInodes = nextBackupInodes(look);
  return {
    ledger: { ...ledger, originals: next, directories, backupInodes, backupStood: tree.backup !== undefined },
    objects,
  };
};

/**
 * What a look that is not settled may already keep: files that were never seen before. Spegel at work may be about to
 * remove them for good (an init container that failed half-way and is tried again).
 */
export const keepFirstSights = (look: Omit<Attribution, 'observation' | 'first' | 'now'>): Kept => {
  const { tree, survey, ledger, tools } = look;
  const { next, objects, keep } = collect(ledger.originals);
  for (const [path, owned] of survey) {
    const seen = tree.entries.get(path);
    if (seen === undefined || path in ledger.originals || !isSomebodys(owned.writer)) continue;
    // Spegel opens its files before it writes them.
    if (seen.kind === 'file' && seen.bytes.length === 0 && isHostsFile(path)) continue;
    const content = contentOf(seen, tools);
    if (content !== undefined) keep(path, { state: 'present', from: 'seen', content }, seen);
  }
  const backupInodes = { ...ledger.backupInodes, ...nextBackupInodes(look) };
  return { ledger: { ...ledger, originals: next, backupInodes }, objects };
};
