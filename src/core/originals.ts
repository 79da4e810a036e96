import type { Desired } from './desired.ts';
import type { Ledger, Original } from './ledger.ts';
import type { Observation } from './observe.ts';
import { isTargeted, ownerAt, type Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import { registryOf, type Seen, type Tree } from './tree.ts';

/** Ledger and the bytes that it now refers to; they must be stored before the ledger is. */
export type Kept = { readonly ledger: Ledger; readonly objects: ReadonlyMap<string, Uint8Array> };

type Look = {
  readonly tree: Tree;
  readonly survey: Survey;
  readonly desired: Desired;
  readonly observation: Observation;
  readonly ledger: Ledger;
  readonly tools: Tools;
  /** The first look since the agent started. */
  readonly first: boolean;
};

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
const follow = (old: Original | undefined, content: Original['content'], hookRestored: boolean): Original => {
  if (old === undefined || old.state === 'removed') return { state: 'present', from: 'seen', content };
  if (sameContent(old.content, content)) {
    const { overdue: _, ...settled } = old;
    return { ...settled, state: 'present', from: hookRestored ? 'seen' : old.from };
  }
  if (hookRestored || old.overdue === true) return { ...old, state: 'present', from: 'seen', overdue: true };
  return { state: 'present', from: 'seen', content };
};

/** Who took it away? A person, unless Spegel was at work, or no agent ran while `_backup/` stands. */
const removedByPerson = (path: string, look: Look): boolean => {
  const { observation, tree, first } = look;
  if (first) return tree.backup === undefined && observation.ended === undefined;
  if (observation.ended !== undefined) {
    const movedByRename = tree.backup?.has(path) === true && look.ledger.backupInodes[path] === undefined;
    return observation.ended.how === 'person' && observation.ended.episode.vanished.has(path) && !movedByRename;
  }
  return observation.vanished.has(path);
};

const isEmptyDirectory = (tree: Tree, path: string): boolean => {
  for (const other of tree.entries.keys()) if (other.startsWith(`${path}/`)) return false;
  return true;
};

const directoriesOf = (look: Look, originals: Ledger['originals']): Ledger['directories'] => {
  const { tree, ledger } = look;
  const known: Record<string, Ledger['directories'][string]> = { ...ledger.directories };
  const theirs = new Set<string>();
  for (const [path, original] of Object.entries(originals)) {
    if (original.state !== 'present') continue;
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) theirs.add(path.slice(0, at));
  }
  for (const [path, seen] of tree.entries) {
    if (seen.kind !== 'directory' || ledger.made.includes(path)) continue;
    const isTheirs = theirs.has(path) || (!look.desired.units.has(registryOf(path)) && isEmptyDirectory(tree, path));
    if (isTheirs) known[path] = { mode: seen.mode, uid: seen.uid, gid: seen.gid, state: 'present' };
  }
  for (const [path, directory] of Object.entries(known)) {
    if (!tree.entries.has(path) && removedByPerson(path, look)) known[path] = { ...directory, state: 'removed' };
  }
  return known;
};

const fromBackup = (look: Look, add: (path: string, original: Original, seen: Seen) => void): void => {
  const { tree, desired, ledger, tools } = look;
  for (const [path, seen] of tree.backup ?? []) {
    const content = contentOf(seen, tools);
    if (content === undefined || path in ledger.originals || tree.entries.has(path) || isTargeted(desired, path)) continue;
    if (look.survey.get(`${registryOf(path)}/hosts.toml`)?.writer === 'spegel') continue;
    const { writer } = ownerAt(path, { tree, ledger, tools, desired, backup: true });
    if (writer === 'foreign' || writer === 'tool') add(path, { state: 'present', from: 'backup', content }, seen);
  }
};

/** What lies in `_backup/`; kept for the one pass after it went, then inode numbers may be used again. */
const backupInodes = ({ tree, ledger, observation, first }: Look): Ledger['backupInodes'] => {
  if (tree.backup === undefined) return first || observation.ended?.how === 'backup-gone' ? ledger.backupInodes : {};
  return Object.fromEntries([...tree.backup].flatMap(([path, seen]) => (seen.kind === 'file' ? [[path, seen.id.ino]] : [])));
};

/**
 * Follows what other people have under certs.d (design.md, "Other people's files"): every file at first sight and after
 * every change by anybody but Spegel. Only called on a settled look.
 */
export const followOriginals = (look: Look): Kept => {
  const { tree, survey, observation, ledger, tools } = look;
  const hookRestored = observation.ended?.how === 'backup-gone';
  const objects = new Map<string, Uint8Array>();
  const originals: Record<string, Original> = { ...ledger.originals };
  const keep = (path: string, original: Original, seen: Seen): void => {
    originals[path] = original;
    if (seen.kind === 'file') objects.set(tools.sha256(seen.bytes), seen.bytes);
  };
  for (const [path, owned] of survey) {
    const seen = tree.entries.get(path);
    if (seen === undefined || (owned.writer !== 'foreign' && owned.writer !== 'tool')) continue;
    const content = contentOf(seen, tools);
    if (content !== undefined) keep(path, follow(ledger.originals[path], content, hookRestored), seen);
  }
  for (const [path, original] of Object.entries(ledger.originals)) {
    if (original.state !== 'present' || tree.entries.has(path)) continue;
    if (removedByPerson(path, look)) originals[path] = { ...original, state: 'removed' };
  }
  fromBackup(look, keep);
  const directories = directoriesOf(look, originals);
  return { ledger: { ...ledger, originals, directories, backupInodes: backupInodes(look) }, objects };
};
