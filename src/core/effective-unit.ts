import type { Reason } from './decision.ts';
import type { DesiredFile, DesiredUnit } from './desired.ts';
import type { PlanInput } from './plan-input.ts';

/** The set of files that counts for a registry: today's, or the last good one when today's has an error. */
export type EffectiveUnit = { readonly unit: DesiredUnit; readonly because: Reason | undefined };

const isBroken = (unit: DesiredUnit): boolean => unit.problems.some((problem) => problem.severity === 'error');

const lastGood = (input: PlanInput, unit: DesiredUnit): DesiredUnit | undefined => {
  const good = input.ledger.lastGood[unit.registry];
  if (good === undefined) return undefined;
  const files: DesiredFile[] = [];
  for (const file of good.files) {
    const bytes = input.tools.object(file.sha256);
    if (bytes === undefined) return undefined;
    files.push({ name: file.name, bytes, mode: file.mode, source: file.source });
  }
  return { ...unit, files };
};

const pinned = (input: PlanInput, unit: DesiredUnit): DesiredUnit => {
  const files = unit.files.map((file) => {
    const pin = input.ledger.pins[`${unit.registry}/${file.name}`];
    if (pin === undefined || pin.whileDesired !== input.tools.sha256(file.bytes)) return file;
    const bytes = input.tools.object(pin.sha256);
    return bytes === undefined ? file : { ...file, bytes, source: `restored:${pin.sha256.slice(0, 12)}` };
  });
  return { ...unit, files };
};

/** `undefined`: nothing is wanted here, or nothing good is known of it (then what stands stays). */
export const effectiveUnit = (input: PlanInput, registry: string): EffectiveUnit | undefined => {
  const unit = input.desired.units.get(registry);
  if (unit === undefined) return undefined;
  if (!isBroken(unit)) return { unit: pinned(input, unit), because: undefined };
  const good = lastGood(input, unit);
  return good === undefined ? undefined : { unit: good, because: 'last-good' };
};

export const isBrokenUnit = (input: PlanInput, registry: string): boolean => {
  const unit = input.desired.units.get(registry);
  return unit !== undefined && isBroken(unit);
};
