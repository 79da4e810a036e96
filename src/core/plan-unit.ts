import type { FileDecision } from './decision.ts';
import type { DesiredFile, DesiredUnit } from './desired.ts';
import type { MarkedFile } from './marker.ts';
import { type FilePlan, planOurFile } from './plan-file.ts';
import type { Gated } from './plan-gate.ts';
import { type Target, targetOf } from './plan-hosts.ts';
import type { PlanInput } from './plan-input.ts';
import { shownUrl } from './shown-url.ts';
import { knownSpegel } from './spegel-file.ts';
import type { Owned } from './writer.ts';

const absent: Owned = { writer: 'absent' };

/** Whose file stands at a path. */
export const ownedAt = (input: PlanInput, path: string): Owned => input.survey.get(path) ?? absent;

/** What the gate took out of a file, or would, as people may see it. */
export const shownGate = (gated: Gated | undefined): Pick<FileDecision, 'withdrawn' | 'wouldWithdraw'> => ({
  ...(gated === undefined || gated.without.length === 0 ? {} : { withdrawn: gated.without.map(shownUrl) }),
  ...(gated === undefined || gated.would.length === 0 ? {} : { wouldWithdraw: gated.would.map(shownUrl) }),
});

const leave = (input: PlanInput, path: string, target: Extract<Target, { kind: 'leave' }>): FileDecision => ({
  path,
  action: target.reason === 'waiting-for-probe' ? 'wait' : 'leave',
  reason: target.reason,
  detail: target.detail,
  writer: ownedAt(input, path).writer,
  ...shownGate(target.gated),
});

/** Spegel's own bytes, mode and owner come back. */
export const spegelBack = (input: PlanInput, path: string, target: Extract<Target, { kind: 'spegel' }>): FilePlan => {
  const { bytes, mode, uid, gid } = target.known.file;
  const writer = ownedAt(input, path).writer;
  return {
    decision: { path, action: 'put-back', reason: 'spegel-back', detail: target.detail, writer, bytes },
    put: { bytes, mode, uid, gid },
  };
};

const companionSums = (unit: DesiredUnit, input: PlanInput): ReadonlyMap<string, string> =>
  new Map(
    unit.files.filter((file) => file.name !== 'hosts.toml').map((file) => [file.name, input.tools.sha256(file.bytes)]),
  );

const planHosts = (
  input: PlanInput,
  unit: DesiredUnit,
  file: DesiredFile,
): { plan: FilePlan; spegelStays: boolean; target: Target } => {
  const path = `${unit.registry}/hosts.toml`;
  const known = knownSpegel(path, input.tree.entries.get(path), ownedAt(input, path), input);
  const target = targetOf(input, { path, unit, file, known });
  if (target.kind === 'leave')
    return {
      plan: { decision: leave(input, path, target) },
      spegelStays: known?.standIn === undefined && target.reason !== 'waiting-for-probe',
      target,
    };
  if (target.kind === 'spegel') return { plan: spegelBack(input, path, target), spegelStays: true, target };
  const marked: MarkedFile = { ...target.file, companions: companionSums(unit, input) };
  const plan = planOurFile(input, { path, file, marked, mode: target.mode }, target);
  const decision = { ...plan.decision, ...shownGate(target.gated) };
  return { plan: { ...plan, decision }, spegelStays: false, target };
};

/** Plans the files that a template points at, certificates first. */
export const planUnit = (
  input: PlanInput,
  unit: DesiredUnit,
  lastGood: boolean,
): { readonly plans: readonly FilePlan[]; readonly target: Target | undefined } => {
  const hosts = unit.files.find((file) => file.name === 'hosts.toml');
  const planned = hosts === undefined ? undefined : planHosts(input, unit, hosts);
  const companions =
    planned?.spegelStays === true
      ? []
      : unit.files
          .filter((file) => file.name !== 'hosts.toml')
          .map((file) =>
            planOurFile(
              input,
              { path: `${unit.registry}/${file.name}`, file, marked: undefined, mode: file.mode },
              { reason: 'template', detail: unit.policyReason },
            ),
          );
  const target = planned?.target;
  const all = planned === undefined ? companions : [...companions, planned.plan];
  if (!lastGood) return { plans: all, target };
  const plans = all.map(
    (plan): FilePlan =>
      plan.decision.action === 'write'
        ? {
            ...plan,
            decision: {
              ...plan.decision,
              reason: 'last-good',
              detail: "today's template has an error: the last good content",
            },
          }
        : plan,
  );
  return { plans, target };
};
