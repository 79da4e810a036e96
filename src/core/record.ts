import type { Outcome } from './change.ts';
import type { FileDecision } from './decision.ts';
import type { FileGate } from './gate/file-gate.ts';
import type { Depth } from './gate/verdict.ts';
import { type Fight, type Ledger, notOverdue, type Original, type SavedSpegel, type Written } from './ledger.ts';
import type { Kept } from './originals.ts';
import type { Plan } from './plan.ts';
import type { RegistryPlan } from './plan-registry.ts';
import type { Tools } from './tools.ts';

/** Deadly files are in the ledger before they go; what is not put back since it is deadly is no longer missed. */
const quarantine = (
  originals: Record<string, Original>,
  made: RegistryPlan,
  put: (bytes: Uint8Array) => string,
): void => {
  for (const [path, { content, bytes }] of Object.entries(made.quarantined)) {
    if (bytes !== undefined) put(bytes);
    originals[path] = { state: 'quarantined', from: originals[path]?.from ?? 'seen', content };
  }
  for (const { path, action, reason } of made.files) {
    const known = originals[path];
    if (action !== 'refuse' || reason !== 'would-kill-containerd' || known?.state === 'quarantined') continue;
    if (known !== undefined) originals[path] = { ...notOverdue(known), state: 'quarantined' };
  }
};

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
  const outs: Record<string, readonly Depth[]> = { ...made.outs };
  const gates: Record<string, FileGate> = {};
  const originals: Record<string, Original> = { ...ledger.originals };
  for (const registry of made.registries) {
    quarantine(originals, registry, put);
    for (const key of registry.firstOuts) outs[key] ??= ['shallow'];
    for (const [path, gate] of Object.entries(registry.gates)) {
      if (gate.out.length > 0 || gate.givenBack.length > 0 || gate.closedUntil !== undefined) gates[path] = gate;
    }
    const good = registry.good;
    const old = ledger.lastGood[registry.registry];
    if (good !== undefined) {
      const files = good.files.map(({ name, bytes, mode, source }) => ({ name, sha256: put(bytes), mode, source }));
      lastGood[registry.registry] = { files };
    } else if (registry.keepsLastGood && old !== undefined) lastGood[registry.registry] = old;
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
  return { ledger: { ...ledger, originals, lastGood, spegel, fights, gate: { outs, files: gates } }, objects };
};

type Draft = {
  readonly written: Record<string, Written>;
  readonly originals: Record<string, Original>;
  readonly spegel: Record<string, SavedSpegel>;
  readonly fights: Record<string, Fight>;
  readonly made: Set<string>;
};

/** Which of a registry's files stand as planned, also when a later step found something else or failed. */
const isDone = (made: RegistryPlan, outcome: Outcome): ((path: string) => boolean) => {
  if (outcome.result === 'done') return () => true;
  const changed = new Set(outcome.changed);
  const whole = made.changes.flatMap((change) =>
    change.kind === 'put-directory' && changed.has(change.path)
      ? change.content.map((entry) => `${change.path}/${entry.path}`)
      : [],
  );
  const inside = new Set(whole);
  return (path) => changed.has(path) || inside.has(path);
};

const recordFile = (draft: Draft, file: FileDecision, context: { at: number; sha256: Tools['sha256'] }): void => {
  const { path } = file;
  const original = draft.originals[path];
  if (file.action === 'write' && file.bytes !== undefined) {
    const sha256 = context.sha256(file.bytes);
    draft.written[path] = { sha256, source: file.source ?? '', reason: file.reason, at: context.at };
    if (original !== undefined) draft.originals[path] = { ...original, state: 'replaced' };
    if (file.standIn === undefined) delete draft.spegel[path];
  }
  if (file.action !== 'put-back' && file.action !== 'remove') return;
  delete draft.written[path];
  delete draft.spegel[path];
  if (file.reason === 'preserved' && original !== undefined) {
    draft.originals[path] = { ...notOverdue(original), state: 'present' };
  }
};

const recordRegistry = (draft: Draft, made: RegistryPlan, outcome: Outcome, ledger: Ledger): void => {
  const changed = new Set(outcome.changed);
  for (const change of made.changes) {
    if (!changed.has(change.path)) continue;
    if (change.kind === 'put-directory' && !(change.path in ledger.directories)) draft.made.add(change.path);
    if (change.kind === 'remove-empty-directory') draft.made.delete(change.path);
  }
};

/** What the ledger says once changes have been made, as far as they were. */
export const recordAfter = (
  ledger: Ledger,
  done: readonly { readonly made: RegistryPlan; readonly outcome: Outcome }[],
  context: { readonly at: number; readonly sha256: Tools['sha256'] },
): Ledger => {
  if (done.length === 0) return ledger;
  const draft: Draft = {
    written: { ...ledger.written },
    originals: { ...ledger.originals },
    spegel: { ...ledger.spegel },
    fights: { ...ledger.fights },
    made: new Set(ledger.made),
  };
  for (const { made, outcome } of done) {
    recordRegistry(draft, made, outcome, ledger);
    const stands = isDone(made, outcome);
    for (const file of made.files) {
      if (!stands(file.path)) continue;
      recordFile(draft, file, context);
      const fight = made.fights[file.path];
      if (fight !== undefined) draft.fights[file.path] = fight;
    }
  }
  return { ...ledger, ...draft, made: [...draft.made] };
};
