import type { NewEntry } from './change.ts';
import { deadlyProblems, guarded, guardedLink } from './deadly.ts';
import type { Decision, FileDecision } from './decision.ts';
import type { DesiredUnit } from './desired.ts';
import { effectiveUnit, isBrokenUnit, unitProblems } from './effective-unit.ts';
import type { FileGate } from './gate/file-gate.ts';
import type { Fight, Quarantined } from './ledger.ts';
import type { SpegelFile } from './marker.ts';
import { attributesOf, changesOf, type Put } from './plan-changes.ts';
import type { FilePlan } from './plan-file.ts';
import type { Target } from './plan-hosts.ts';
import type { PlanInput } from './plan-input.ts';
import { foreignDecision, planLeftover, planUntemplated, untemplatedGate } from './plan-leftover.ts';
import { foreignBreaches } from './plan-policy.ts';
import { ownedAt, planUnit } from './plan-unit.ts';
import { type Due, duePaths, withheld } from './preserve.ts';
import { redactText, secretValues } from './redact.ts';

/** The plan of one registry directory, and what to remember when its changes have been made. */
export type RegistryPlan = Decision & {
  readonly fights: Readonly<Record<string, Fight>>;
  /** Spegel's bytes that stand-ins now hold back, by path. */
  readonly spegel: Readonly<Record<string, SpegelFile>>;
  /** What the gate remembers of its files, by path. */
  readonly gates: Readonly<Record<string, FileGate>>;
  /** Mirrors that stay out of a first file, by key. */
  readonly firstOuts: readonly string[];
  /** Until when a first file waits for its mirrors' answers. */
  readonly awaitedUntil: number | undefined;
  /** The set that rendered well today. */
  readonly good: DesiredUnit | undefined;
  /** Today's templates have an error, or cannot be written: the last good set is kept. */
  readonly keepsLastGood: boolean;
  /** Deadly files that go, by path. */
  readonly quarantined: Readonly<Record<string, Quarantined>>;
};
const dueDecision = (input: PlanInput, due: Due): FileDecision => ({
  path: due.path,
  action: 'put-back',
  reason: 'preserved',
  detail:
    due.original.state === 'replaced'
      ? 'what stood here before ours'
      : due.original.state === 'quarantined'
        ? "this node's containerd no longer dies of it: out of quarantine"
        : 'Spegel took it away: back as it was last seen',
  writer: ownedAt(input, due.path).writer,
  ...(due.bytes === undefined ? {} : { bytes: due.bytes }),
});

const dueEntry = (due: Due): NewEntry => {
  const { content } = due.original;
  if (content.kind === 'symlink') return { kind: 'symlink', path: due.path, target: content.target };
  const { mode, uid, gid } = content;
  return { kind: 'file', path: due.path, bytes: due.bytes ?? new Uint8Array(), mode, uid, gid };
};

const behindLink = (input: PlanInput, registry: string, unit: DesiredUnit | undefined): Decision | undefined => {
  const top = input.tree.entries.get(registry);
  if (top === undefined || top.kind === 'directory' || unit === undefined) return undefined;
  const detail = `certs.d/${registry} is a ${top.kind === 'symlink' ? 'symbolic link' : top.kind}: nothing is written through it; remove it`;
  const files = unit.files.map(
    (file): FileDecision => ({
      path: `${registry}/${file.name}`,
      action: 'refuse',
      reason: 'behind-symlink',
      detail,
      writer: 'foreign',
    }),
  );
  const problem = {
    code: 'registry-not-a-directory',
    severity: 'error',
    message: detail,
    hint: 'Remove it, or remove the extension for it.',
    path: registry,
  } as const;
  return { registry, files, changes: [], problems: [problem] };
};

/** A registry whose templates have an error, and no good set is known of it: it is named, and nothing is done. */
const refused = (input: PlanInput, registry: string): readonly FileDecision[] => {
  const unit = input.desired.units.get(registry);
  const found = unit === undefined ? [] : unitProblems(input, unit);
  const error = found.find((problem) => problem.severity === 'error');
  const path = `${registry}/hosts.toml`;
  if (error === undefined) return [];
  const detail = redactText(`not written: ${error.message}`, secretValues(input.facts.secrets));
  const reason = error.code === 'mirror-not-allowed' ? 'breaks-policy' : 'broken-template';
  return [{ path, action: 'refuse', reason, detail, writer: ownedAt(input, path).writer }];
};

/** Directories of somebody's in which no file comes back; what lies above them is made with them. */
const emptyDirectoriesBack = (input: PlanInput, registry: string, puts: readonly Put[]): readonly Put[] => {
  if (!input.settings.preserve) return [];
  const missing = (input.index.directories.get(registry) ?? []).filter(
    (path) => input.ledger.directories[path]?.state === 'present' && !input.tree.entries.has(path),
  );
  const wanted = [...missing, ...puts.map((put) => put.path)];
  return missing
    .filter((path) => !wanted.some((other) => other.startsWith(`${path}/`)))
    .map((path) => ({ path, entry: { kind: 'directory', path, ...attributesOf(input, path) }, seen: undefined }));
};

const gatesOf = (
  registry: string,
  target: Target | undefined,
  plans: readonly FilePlan[],
): Readonly<Record<string, FileGate>> => {
  const gate = target?.gated?.gate;
  const untemplated = plans.flatMap((plan) => (plan.gate === undefined ? [] : [[plan.decision.path, plan.gate]]));
  return { ...Object.fromEntries(untemplated), ...(gate === undefined ? {} : { [`${registry}/hosts.toml`]: gate }) };
};

const blockedPlan = (input: PlanInput, blocked: Decision): RegistryPlan => {
  const { quarantined, ...decision } = guardedLink(input, blocked);
  return {
    ...decision,
    problems: [...decision.problems, ...deadlyProblems(decision.files)],
    fights: {},
    spegel: {},
    gates: {},
    firstOuts: [],
    awaitedUntil: undefined,
    good: undefined,
    keepsLastGood: true,
    quarantined: quarantined === undefined ? {} : { [blocked.registry]: quarantined },
  };
};

/** Plans one registry directory: all of its files together. */
export const planRegistry = (input: PlanInput, registry: string): RegistryPlan => {
  const effective = effectiveUnit(input, registry);
  const today = input.desired.units.get(registry);
  const problems = today === undefined ? [] : unitProblems(input, today);
  const blocked = behindLink(input, registry, effective?.unit);
  if (blocked !== undefined) return blockedPlan(input, blocked);
  const broken = isBrokenUnit(input, registry);
  const { plans: planned, target } =
    effective === undefined
      ? { plans: [], target: undefined }
      : planUnit(input, effective.unit, effective.because === 'last-good');
  const covered = new Set(planned.map((plan) => plan.decision.path));
  const wanted = new Set(effective?.unit.files.map((file) => `${registry}/${file.name}`) ?? []);
  const due = broken && effective === undefined ? [] : duePaths(input, registry).filter((one) => !wanted.has(one.path));
  const dueSet = new Set(due.map((one) => one.path));
  const here = (input.index.files.get(registry) ?? []).filter((path) => !covered.has(path));
  const named = withheld(input, registry).filter(({ path }) => !here.includes(path));
  const leftovers = here.flatMap((path): FilePlan[] => {
    if (wanted.has(path)) return [];
    const plan = broken ? undefined : (planUntemplated(input, path) ?? planLeftover(input, path, dueSet));
    const gate = broken ? {} : untemplatedGate(input, path);
    if (plan !== undefined) return [{ ...plan, ...gate }];
    return dueSet.has(path) ? [] : [{ decision: foreignDecision(input, path), ...gate }];
  });
  const back = due.filter((one) => !leftovers.some((plan) => plan.decision.path === one.path));
  const plans = [...planned, ...leftovers].map((plan) => guarded(input, plan));
  const removals = plans.filter((plan) => plan.decision.action === 'remove').map((plan) => plan.decision.path);
  const told = (broken && effective === undefined ? refused(input, registry) : []).filter(
    ({ path }) => !plans.some((plan) => plan.decision.path === path && plan.decision.deadly !== undefined),
  );
  const puts: Put[] = [
    ...plans.flatMap((plan): Put[] => {
      const { path } = plan.decision;
      return plan.put === undefined
        ? []
        : [{ path, entry: { kind: 'file', path, ...plan.put }, seen: input.tree.entries.get(path) }];
    }),
    ...back.map((one): Put => ({ path: one.path, entry: dueEntry(one), seen: input.tree.entries.get(one.path) })),
  ];
  // Certificates land before the hosts.toml that names them.
  puts.sort((a, b) => Number(a.path.endsWith('/hosts.toml')) - Number(b.path.endsWith('/hosts.toml')));
  const files = [
    ...told,
    ...plans.map((plan) => plan.decision).filter(({ path }) => !told.some((one) => one.path === path)),
    ...back.map((one) => dueDecision(input, one)),
    ...named,
  ];
  return {
    registry,
    files,
    changes: changesOf(
      input,
      registry,
      [...puts, ...(named.length > 0 ? [] : emptyDirectoriesBack(input, registry, puts))],
      removals,
    ),
    problems: [...problems, ...deadlyProblems(files), ...foreignBreaches(input, registry)],
    fights: Object.fromEntries(
      plans.flatMap((plan) => (plan.fight === undefined ? [] : [[plan.decision.path, plan.fight]])),
    ),
    spegel: Object.fromEntries(
      plans.flatMap((plan) => (plan.spegel === undefined ? [] : [[plan.decision.path, plan.spegel]])),
    ),
    gates: gatesOf(registry, target, plans),
    firstOuts: target?.gated?.firstOut ?? [],
    awaitedUntil: target?.kind === 'leave' ? target.awaitedUntil : undefined,
    good: today !== undefined && !broken ? today : undefined,
    keepsLastGood: problems.length > 0,
    quarantined: Object.fromEntries(
      plans.flatMap((plan) => (plan.quarantined === undefined ? [] : [[plan.decision.path, plan.quarantined]])),
    ),
  };
};
