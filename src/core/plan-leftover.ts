import { isDeadly } from './deadly.ts';
import type { FileDecision } from './decision.ts';
import type { DesiredFile } from './desired.ts';
import type { Quarantined } from './ledger.ts';
import type { MarkedFile, SpegelFile } from './marker.ts';
import { type FilePlan, planOurFile } from './plan-file.ts';
import { gateBody } from './plan-gate.ts';
import { targetWithoutTemplate } from './plan-hosts.ts';
import type { PlanInput } from './plan-input.ts';
import { ownedAt, shownGate, spegelBack } from './plan-unit.ts';
import { knownSpegel } from './spegel-file.ts';
import { isHostsFile } from './survey.ts';

/** Spegel's file at a path, where the gate acts on it. */
const gatedSpegel = (input: PlanInput, path: string) => {
  if (!isHostsFile(path) || input.settings.gate !== 'enforce') return undefined;
  const known = knownSpegel(path, input.tree.entries.get(path), ownedAt(input, path), input);
  if (known === undefined || isDeadly(input, path, known.file.bytes)) return undefined;
  return { known, gated: gateBody(input, path, known.file.bytes) };
};

/** What the gate remembers of Spegel's file where no template points, also while all of it stands: how often it flapped. */
export const untemplatedGate = (input: PlanInput, path: string): Pick<FilePlan, 'gate'> => {
  const gate = gatedSpegel(input, path)?.gated.gate;
  return gate === undefined ? {} : { gate };
};

/** Spegel's file where no template points: its costly mirrors leave it all the same. */
export const planUntemplated = (input: PlanInput, path: string): FilePlan | undefined => {
  const found = gatedSpegel(input, path);
  if (found === undefined) return undefined;
  const { known, gated } = found;
  if (gated.without.length === 0 || targetWithoutTemplate(input, path, known) === 'gone') return undefined;
  const { mode } = known.file;
  const file: DesiredFile = { name: 'hosts.toml', bytes: gated.body, mode, source: 'spegel' };
  const marked: MarkedFile = {
    source: 'spegel',
    body: gated.body,
    without: gated.without,
    standIn: { reason: 'withdrawn', spegel: known.file },
  };
  const plan = planOurFile(input, { path, file, marked, mode }, { reason: 'withdrawn', detail: gated.detail });
  return { ...plan, decision: { ...plan.decision, ...shownGate(gated) } };
};

const quarantinedSpegel = (input: PlanInput, { bytes, mode, uid, gid }: SpegelFile): Quarantined => ({
  content: { kind: 'file', sha256: input.tools.sha256(bytes), mode, uid, gid },
  bytes,
});

/** Files of ours that no template asks for any more: Spegel's own comes back, or they go. */
export const planLeftover = (input: PlanInput, path: string, due: ReadonlySet<string>): FilePlan | undefined => {
  const owned = ownedAt(input, path);
  if (owned.writer !== 'ours' && owned.writer !== 'ours-edited') return undefined;
  const known = knownSpegel(path, input.tree.entries.get(path), owned, input);
  const deadly = known !== undefined && isDeadly(input, path, known.file.bytes);
  const end = known === undefined || deadly ? 'gone' : targetWithoutTemplate(input, path, known);
  if (end === 'spegel' && known !== undefined) {
    return spegelBack(input, path, {
      kind: 'spegel',
      known,
      detail: "no template points here any more: Spegel's own file",
    });
  }
  if (end === 'wait') {
    const detail = "Spegel's mirrors are asked before its file comes back";
    return { decision: { path, action: 'wait', reason: 'waiting-for-probe', detail, writer: owned.writer } };
  }
  if (due.has(path)) return undefined;
  return {
    decision: {
      path,
      action: 'remove',
      reason: 'no-template',
      detail: 'no template points here any more',
      writer: owned.writer,
    },
    ...(known !== undefined && deadly ? { quarantined: quarantinedSpegel(input, known.file) } : {}),
  };
};

/** A file that is not ours, and that no template points at. */
export const foreignDecision = (input: PlanInput, path: string): FileDecision => {
  const owned = ownedAt(input, path);
  if (owned.writer === 'spegel') {
    return {
      path,
      action: 'leave',
      reason: 'spegel-owns-it',
      writer: 'spegel',
      detail: 'Spegel wrote it, no template points here',
    };
  }
  if (owned.writer === 'unreadable') {
    const seen = input.tree.entries.get(path);
    const why = seen?.kind === 'unreadable' ? ` (${seen.why})` : '';
    const detail = `not ours, and no copy can be kept${why}: it does not come back if Spegel clears it`;
    return { path, action: 'leave', reason: 'not-ours', writer: 'unreadable', detail };
  }
  const detail = input.settings.preserve ? 'not ours: a copy is kept, it comes back if Spegel clears it' : 'not ours';
  return { path, action: 'leave', reason: 'not-ours', writer: owned.writer, detail };
};
