import type { Outcome } from './change.ts';
import type { FileDecision } from './decision.ts';
import { type Ledger, type Original, type Version, without } from './ledger.ts';
import type { Kept } from './originals.ts';
import type { Plan } from './plan.ts';
import type { RegistryPlan } from './plan-registry.ts';
import type { Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import type { Tree } from './tree.ts';

const versionsKept = 20;

/**
 * What must be on disk before anything is changed: the bytes that stand-ins will hold back, the last good sets, and
 * conflicts. A crash between the two loses nothing.
 */
export const recordBefore = (ledger: Ledger, made: Plan, tools: Tools): Kept => {
  const objects = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array): string => {
    const sha256 = tools.sha256(bytes);
    objects.set(sha256, bytes);
    return sha256;
  };
  const lastGood: Record<string, Ledger['lastGood'][string]> = {};
  const spegel: Record<string, Ledger['spegel'][string]> = { ...ledger.spegel };
  const fights: Record<string, Ledger['fights'][string]> = { ...ledger.fights };
  for (const registry of made.registries) {
    const good = registry.good;
    const old = ledger.lastGood[registry.registry];
    if (good !== undefined) {
      const files = good.files.map(({ name, bytes, mode, source }) => ({ name, sha256: put(bytes), mode, source }));
      lastGood[registry.registry] = { files };
    } else if (registry.problems.length > 0 && old !== undefined) lastGood[registry.registry] = old;
    for (const file of registry.files) {
      const known = registry.spegel[file.path];
      if (known !== undefined && file.standIn !== undefined) {
        const { bytes, mode, uid, gid } = known;
        spegel[file.path] = { sha256: put(bytes), mode, uid, gid, reason: file.standIn };
      }
      const fight = registry.fights[file.path];
      if (fight !== undefined && file.action === 'conflict') fights[file.path] = fight;
    }
  }
  return { ledger: { ...ledger, lastGood, spegel, fights }, objects };
};

const addVersion = (history: Ledger['history'], path: string, version: Version): Ledger['history'] => {
  const versions = history[path] ?? [];
  if (versions.at(-1)?.sha256 === version.sha256) return history;
  return { ...history, [path]: [...versions, version].slice(-versionsKept) };
};

const replacedOriginal = (original: Original | undefined): Original | undefined =>
  original === undefined ? undefined : { ...original, state: 'replaced' };

const withoutOverdue = ({ overdue: _, ...original }: Original): Original => original;

const recordFile = (ledger: Ledger, file: FileDecision, context: { at: number; sha256: Tools['sha256'] }): Ledger => {
  const { path } = file;
  if (file.action === 'write' && file.bytes !== undefined) {
    const sha256 = context.sha256(file.bytes);
    const written = { sha256, source: file.source ?? '', reason: file.reason, at: context.at };
    const original = replacedOriginal(ledger.originals[path]);
    return {
      ...ledger,
      written: { ...ledger.written, [path]: written },
      originals: original === undefined ? ledger.originals : { ...ledger.originals, [path]: original },
      spegel: file.standIn === undefined ? without(ledger.spegel, path) : ledger.spegel,
    };
  }
  if (file.action === 'put-back' || file.action === 'remove') {
    const original = ledger.originals[path];
    const back = file.reason === 'preserved' && original !== undefined;
    return {
      ...ledger,
      written: without(ledger.written, path),
      spegel: without(ledger.spegel, path),
      originals: back ? { ...ledger.originals, [path]: { ...withoutOverdue(original), state: 'present' } } : ledger.originals,
    };
  }
  return ledger;
};

/** What the ledger says once the changes of one registry have been made. */
export const recordAfter = (
  ledger: Ledger,
  made: RegistryPlan,
  outcome: Outcome,
  context: { readonly at: number; readonly sha256: Tools['sha256']; readonly stood: ReadonlySet<string> },
): Ledger => {
  const newDirectories = made.changes.flatMap((change) =>
    change.kind === 'put-directory' && outcome.changed.includes(change.path) && !(change.path in ledger.directories) ? [change.path] : [],
  );
  const gone = made.changes.flatMap((change) =>
    change.kind === 'remove-empty-directory' && outcome.changed.includes(change.path) ? [change.path] : [],
  );
  const directories = [...new Set([...ledger.made, ...newDirectories])].filter((path) => !gone.includes(path));
  const base: Ledger = { ...ledger, made: directories };
  if (outcome.result !== 'done') return base;
  return made.files.reduce((current, file) => {
    const next = recordFile(current, file, context);
    const fight = made.fights[file.path];
    return fight === undefined ? next : { ...next, fights: { ...next.fights, [file.path]: fight } };
  }, base);
};

/** The last 20 versions of each hosts.toml, as settled looks saw them, by whoever wrote them. */
export const recordVersions = (
  ledger: Ledger,
  look: { readonly tree: Tree; readonly survey: Survey; readonly at: number; readonly tools: Tools },
): Kept => {
  const objects = new Map<string, Uint8Array>();
  let { history } = ledger;
  for (const [path, owned] of look.survey) {
    const seen = look.tree.entries.get(path);
    if (seen?.kind !== 'file' || !path.endsWith('.toml')) continue;
    const sha256 = look.tools.sha256(seen.bytes);
    const reason = ledger.written[path]?.sha256 === sha256 ? (ledger.written[path]?.reason ?? '') : 'found';
    const next = addVersion(history, path, { at: look.at, sha256, writer: owned.writer, reason, mode: seen.mode });
    if (next !== history) objects.set(sha256, seen.bytes);
    history = next;
  }
  return { ledger: { ...ledger, history }, objects };
};

/** Every stored content that the ledger still refers to. */
export const referencedObjects = (ledger: Ledger): ReadonlySet<string> =>
  new Set([
    ...Object.values(ledger.lastGood).flatMap((unit) => unit.files.map((file) => file.sha256)),
    ...Object.values(ledger.originals).flatMap(({ content }) => (content.kind === 'file' ? [content.sha256] : [])),
    ...Object.values(ledger.spegel).map((saved) => saved.sha256),
    ...Object.values(ledger.history).flatMap((versions) => versions.map((version) => version.sha256)),
    ...Object.values(ledger.pins).map((pin) => pin.sha256),
  ]);
