import type { Change } from './change.ts';
import { isDeadly, readThere } from './deadly.ts';
import type { Decision, FileDecision } from './decision.ts';
import type { Original } from './ledger.ts';
import { type SpegelFile, sameBytes } from './marker.ts';
import { changesOf, type Put } from './plan-changes.ts';
import type { PlanInput } from './plan-input.ts';
import { knownSpegel, livenessOf, localMirrors } from './spegel-file.ts';
import { isHostsFile, ownerAt } from './survey.ts';
import { registryOf, type Seen } from './tree.ts';
import { isSomebodys } from './writer.ts';

/** What `release` does; `waiting` names what must be known first. */
export type ReleasePlan = { readonly decisions: readonly Decision[]; readonly waiting: string | undefined };

type Step = { readonly file: FileDecision; readonly changes: readonly Change[] };

const isOurs = (writer: string): boolean => writer === 'ours' || writer === 'ours-edited';

type Place = {
  readonly path: string;
  readonly seen: Seen;
  readonly writer: FileDecision['writer'];
  readonly inBackup?: true;
};

/** Beside its place, under a name that containerd does not read; one that is taken by other bytes is left alone. */
const asideName = (
  entries: ReadonlyMap<string, Seen> | undefined,
  path: string,
  isSame: (seen: Seen) => boolean,
): { readonly path: string; readonly stands: boolean } => {
  for (let number = 1; ; number += 1) {
    const aside = `${path}.deadly${number === 1 ? '' : `.${number}`}`;
    const seen = entries?.get(aside);
    if (seen === undefined || isSame(seen)) return { path: aside, stands: seen !== undefined };
  }
};

const entriesOf = (input: PlanInput, { inBackup }: Pick<Place, 'inBackup'>): ReadonlyMap<string, Seen> | undefined =>
  inBackup === true ? input.tree.backup : input.tree.entries;

/** What would kill containerd lies beside its place, and what stands there goes. */
const setAside = (input: PlanInput, place: Place, file: SpegelFile): Step => {
  const { path, seen, writer } = place;
  const aside = asideName(
    entriesOf(input, place),
    path,
    (there) => there.kind === 'file' && sameBytes(there.bytes, file.bytes),
  );
  const shown = `${place.inBackup === true ? '_backup/' : ''}${aside.path}`;
  const detail = `what stood here would kill this node's containerd: it lies as certs.d/${shown}`;
  return {
    file: { path, action: 'remove', reason: 'would-kill-containerd', detail, writer },
    changes: [
      ...(aside.stands ? [] : [{ kind: 'write-file', path: aside.path, ...file, expected: 'absent' } as const]),
      { kind: 'remove-file', path, expected: seen.id },
    ],
  };
};

/** Somebody's deadly file that stands, or the link to one: with `deadlyFiles: quarantine` it is not left behind. */
const disarm = (input: PlanInput, place: Place): Step | undefined => {
  const { path, seen, writer } = place;
  const bytes = readThere(path, seen);
  if (input.settings.deadlyFiles !== 'quarantine' || writer === 'tool' || bytes === undefined) return undefined;
  if (!isDeadly(input, seen.kind === 'symlink' ? `${registryOf(path)}/hosts.toml` : path, bytes)) return undefined;
  if (seen.kind === 'file') return setAside(input, place, { bytes, mode: seen.mode, uid: seen.uid, gid: seen.gid });
  if (seen.kind !== 'symlink' || place.inBackup === true) return undefined;
  const { target } = seen;
  const isSame = (there: Seen): boolean => there.kind === 'symlink' && there.target === target;
  const aside = asideName(input.tree.entries, path, isSame);
  const detail = `what it leads to would kill this node's containerd: it lies as certs.d/${aside.path}`;
  return {
    file: { path, action: 'remove', reason: 'would-kill-containerd', detail, writer },
    changes: [
      ...(aside.stands ? [] : [{ kind: 'make-link', path: aside.path, target, expected: 'absent' } as const]),
      { kind: 'remove-file', path, expected: seen.id },
    ],
  };
};

const putBack = (input: PlanInput, place: Place, original: Original): Step | undefined => {
  const { path, seen, writer } = place;
  const { content } = original;
  const detail = 'what stood here before handspegel';
  if (content.kind === 'symlink') {
    const file: FileDecision = { path, action: 'put-back', reason: 'released', detail, writer };
    return { file, changes: [{ kind: 'make-link', path, target: content.target, expected: seen.id }] };
  }
  const bytes = input.tools.object(content.sha256);
  if (bytes === undefined) return undefined;
  const { mode, uid, gid } = content;
  if (isDeadly(input, path, bytes)) return setAside(input, place, { bytes, mode, uid, gid });
  const file: FileDecision = { path, action: 'put-back', reason: 'released', detail, writer, bytes };
  return { file, changes: [{ kind: 'write-file', path, bytes, mode, uid, gid, expected: seen.id }] };
};

const removal = (path: string, seen: Seen, writer: FileDecision['writer']): Step => ({
  file: { path, action: 'remove', reason: 'released', detail: 'ours', writer },
  changes: [{ kind: 'remove-file', path, expected: seen.id }],
});

const spegelBack = (path: string, seen: Seen, spegel: SpegelFile): Step => ({
  file: {
    path,
    action: 'put-back',
    reason: 'spegel-back',
    detail: "Spegel's own file",
    writer: 'ours',
    bytes: spegel.bytes,
  },
  changes: [{ kind: 'write-file', path, ...spegel, expected: seen.id }],
});

const releaseFile = (input: PlanInput, path: string, seen: Seen): Step | 'waiting' | undefined => {
  const owned = input.survey.get(path) ?? { writer: 'absent' as const };
  const original = input.ledger.originals[path];
  if (!isOurs(owned.writer)) {
    // Only `preserve` had brought it back from a _backup/ older than us: it still lies there.
    const broughtBack =
      original?.from === 'backup' && original.state === 'present' && input.tree.backup?.has(path) === true;
    return broughtBack && isSomebodys(owned.writer)
      ? removal(path, seen, owned.writer)
      : disarm(input, { path, seen, writer: owned.writer });
  }
  const known = knownSpegel(path, seen, owned, input);
  if (known !== undefined && isDeadly(input, path, known.file.bytes)) {
    return setAside(input, { path, seen, writer: owned.writer }, known.file);
  }
  if (known !== undefined) {
    const live = livenessOf(localMirrors(known.file.bytes, registryOf(path), input), input.mirrors);
    if (live === 'unknown') return 'waiting';
    if (live === 'alive') return spegelBack(path, seen, known.file);
  }
  const kept =
    original === undefined || original.state === 'removed'
      ? undefined
      : putBack(input, { path, seen, writer: owned.writer }, original);
  return kept ?? removal(path, seen, owned.writer);
};

/** Somebody's file that was never put back, or went into quarantine, since it would kill containerd. */
const asideOf = (input: PlanInput, path: string, original: Original): Step | undefined => {
  const { content, state, from } = original;
  const quarantined = state === 'quarantined';
  // In the _backup/ from before us it still lies.
  if (from === 'backup' && input.tree.backup?.has(path) === true) return undefined;
  if (!quarantined && (state !== 'present' || input.tree.entries.has(path))) return undefined;
  const put = content.kind === 'symlink' ? linkAside(input, path, content) : fileAside(input, path, content);
  if (put === undefined || (!quarantined && content.kind === 'symlink')) return undefined;
  const detail = `it would kill this node's containerd: it lies as certs.d/${put.path}`;
  return {
    file: { path, action: 'put-back', reason: 'would-kill-containerd', detail, writer: 'absent' },
    changes: put.stands ? [] : changesOf(input, registryOf(put.path), [put], []),
  };
};

type Aside = Put & { readonly stands: boolean };

const linkAside = (input: PlanInput, path: string, { target }: { readonly target: string }): Aside => {
  const isSame = (there: Seen): boolean => there.kind === 'symlink' && there.target === target;
  const aside = asideName(input.tree.entries, path, isSame);
  return { ...aside, entry: { kind: 'symlink', path: aside.path, target }, seen: undefined };
};

const fileAside = (
  input: PlanInput,
  path: string,
  { sha256, mode, uid, gid }: Extract<Original['content'], { kind: 'file' }>,
): Aside | undefined => {
  const bytes = input.tools.object(sha256);
  if (bytes === undefined || !isDeadly(input, path, bytes)) return undefined;
  const isSame = (there: Seen): boolean => there.kind === 'file' && sameBytes(there.bytes, bytes);
  const aside = asideName(input.tree.entries, path, isSame);
  return { ...aside, entry: { kind: 'file', path: aside.path, bytes, mode, uid, gid }, seen: undefined };
};

/** Ours inside `_backup/`, where Spegel's first start moved it: what stood before takes its place there too. */
const releaseBackup = (input: PlanInput, path: string, seen: Seen): Step | undefined => {
  const owned = ownerAt(path, { ...input, backup: true });
  const place: Place = { path, seen, writer: owned.writer, inBackup: true };
  const inBackup = (change: Change): Change => ({ ...change, path: `_backup/${change.path}` });
  if (!isOurs(owned.writer)) {
    const step = disarm(input, place);
    return step && { file: { ...step.file, path: `_backup/${path}` }, changes: step.changes.map(inBackup) };
  }
  const original = input.ledger.originals[path];
  const kept = original === undefined || original.state === 'removed' ? undefined : putBack(input, place, original);
  const step = kept ?? removal(path, seen, owned.writer);
  return { file: { ...step.file, path: `_backup/${path}` }, changes: step.changes.map(inBackup) };
};

const parents = (path: string): readonly string[] => {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'));
};

/** Certificates land before the hosts.toml that names them, and leave after it. */
const rank = (change: Change): number =>
  isHostsFile(withoutBackup(change.path)) ? 1 : change.kind === 'remove-file' ? 2 : 0;

const withoutBackup = (path: string): string => (path.startsWith('_backup/') ? path.slice('_backup/'.length) : path);

const gather = (registry: string, steps: readonly Step[], made: readonly string[]): Decision => {
  const emptied = steps.filter((step) => step.file.action === 'remove').flatMap((step) => parents(step.file.path));
  // Never _backup/ itself: it is Spegel's.
  const directories = [...new Set([...emptied, ...made])]
    .filter((path) => path !== '_backup')
    .sort((a, b) => b.length - a.length);
  return {
    registry,
    files: steps.map((step) => step.file),
    changes: [
      ...steps.flatMap((step) => step.changes).sort((a, b) => rank(a) - rank(b)),
      ...directories.map((path): Change => ({ kind: 'remove-empty-directory', path })),
    ],
    problems: [],
  };
};

/**
 * Gives everything back: what was there before handspegel, Spegel's own bytes where a stand-in holds them and Spegel is
 * alive, in `_backup/` too.
 */
export const planRelease = (input: PlanInput): ReleasePlan => {
  const steps = new Map<string, Step[]>();
  const add = (registry: string, step: Step): void => {
    steps.set(registry, [...(steps.get(registry) ?? []), step]);
  };
  let waiting: string | undefined;
  for (const [path, seen] of input.tree.entries) {
    if (seen.kind === 'directory') continue;
    const step = releaseFile(input, path, seen);
    if (step === 'waiting') waiting = `Spegel's mirrors of ${path} are asked before its file comes back`;
    else if (step !== undefined) add(registryOf(path), step);
  }
  for (const [path, original] of Object.entries(input.ledger.originals)) {
    const step = asideOf(input, path, original);
    if (step !== undefined) add(registryOf(path), step);
  }
  for (const [path, seen] of input.tree.backup ?? []) {
    if (seen.kind === 'directory') continue;
    const step = releaseBackup(input, path, seen);
    if (step !== undefined) add('_backup', step);
  }
  const broughtBack = Object.entries(input.ledger.directories).flatMap(([path, { from }]) =>
    from === 'backup' && input.tree.backup?.has(path) === true && input.tree.entries.has(path) ? [path] : [],
  );
  // certs.d itself and what is above it goes last, when nothing of ours is left in it.
  const inside = input.ledger.made.filter((path) => path !== '.' && !path.startsWith('/'));
  const made = [...inside, ...broughtBack];
  const madeBy = (registry: string): readonly string[] => made.filter((path) => registryOf(path) === registry);
  const registries = new Set([...steps.keys(), ...made.map(registryOf)]);
  const decisions = [...registries]
    .sort()
    .map((registry) => gather(registry, steps.get(registry) ?? [], madeBy(registry)));
  return { decisions, waiting };
};
