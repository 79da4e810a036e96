import { policyBreaches } from './config/mirror-policy.ts';
import { parseContainerdVersion } from './containerd/containerd-version.ts';
import type { Reason } from './decision.ts';
import type { DesiredFile, DesiredUnit } from './desired.ts';
import type { PlanInput } from './plan-input.ts';
import { theirsBeside } from './preserve.ts';
import type { Problem } from './problem.ts';

/** The set of files that counts for a registry: today's, or the last good one when today's has an error. */
export type EffectiveUnit = { readonly unit: DesiredUnit; readonly because: Reason | undefined };

/** Certificates that no template makes: they must stand in the directory, as somebody's. */
const lacksNeighbours = (input: PlanInput, unit: DesiredUnit): readonly Problem[] => {
  const file = unit.files.find(({ name }) => name === 'hosts.toml');
  if (file === undefined || unit.beside === undefined) return [];
  const version = parseContainerdVersion(input.facts.containerdVersion ?? '');
  const judged = input.tools.judge(file.bytes, version, theirsBeside(input, unit));
  if (judged.verdict === 'ok') return [];
  const first = judged.problems.find(({ severity }) => severity === 'error');
  return unit.beside.slice(0, 1).map((known) => ({
    ...known,
    code: 'rendered-breaks-pulls',
    severity: 'error',
    message: `${unit.registry}/hosts.toml from ${file.source}: every pull of this registry would fail: ${first?.message ?? known.message}`,
    hint: 'Put the certificate there, add an extension for it, or take `ca` or `client` out.',
  }));
};

/** What is wrong with a set of files as it would stand on this node; an error keeps the last good one. */
export const unitProblems = (input: PlanInput, unit: DesiredUnit): readonly Problem[] => [
  ...unit.problems,
  ...lacksNeighbours(input, unit),
];

const isBroken = (input: PlanInput, unit: DesiredUnit): boolean =>
  unitProblems(input, unit).some((problem) => problem.severity === 'error');

/** Does `policy.mirrors` allow these bytes as the hosts.toml of a registry? */
export const isAllowed = (input: PlanInput, registry: string, bytes: Uint8Array): boolean =>
  policyBreaches(bytes, registry, input.settings.mirrorPolicy).length === 0;

const lastGood = (input: PlanInput, unit: DesiredUnit): DesiredUnit | undefined => {
  const good = input.ledger.lastGood[unit.registry];
  if (good === undefined) return undefined;
  const files: DesiredFile[] = [];
  for (const file of good.files) {
    const bytes = input.tools.object(file.sha256);
    if (bytes === undefined) return undefined;
    // What was good before the policy was there is not good any more.
    if (file.name === 'hosts.toml' && !isAllowed(input, unit.registry, bytes)) return undefined;
    files.push({ name: file.name, bytes, mode: file.mode, source: file.source });
  }
  return { ...unit, files };
};

const pinned = (input: PlanInput, unit: DesiredUnit): DesiredUnit => {
  const files = unit.files.map((file) => {
    const pin = input.ledger.pins[`${unit.registry}/${file.name}`];
    if (pin === undefined || pin.whileDesired !== input.tools.sha256(file.bytes)) return file;
    const bytes = input.tools.object(pin.sha256);
    if (bytes === undefined || (file.name === 'hosts.toml' && !isAllowed(input, unit.registry, bytes))) return file;
    return { ...file, bytes, source: `restored:${pin.sha256.slice(0, 12)}` };
  });
  return { ...unit, files };
};

/** `undefined`: nothing is wanted here, or nothing good is known of it (then what stands stays). */
export const effectiveUnit = (input: PlanInput, registry: string): EffectiveUnit | undefined => {
  const unit = input.desired.units.get(registry);
  if (unit === undefined) return undefined;
  if (!isBroken(input, unit)) return { unit: pinned(input, unit), because: undefined };
  const good = lastGood(input, unit);
  return good === undefined ? undefined : { unit: good, because: 'last-good' };
};

export const isBrokenUnit = (input: PlanInput, registry: string): boolean => {
  const unit = input.desired.units.get(registry);
  return unit !== undefined && isBroken(input, unit);
};
