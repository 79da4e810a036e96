import { type PhaseNow, phaseOf } from './phase.ts';
import { indexOf, type PlanInput } from './plan-input.ts';
import { planRegistry, type RegistryPlan } from './plan-registry.ts';
import { registryOf } from './tree.ts';

export type Plan = {
  readonly registries: readonly RegistryPlan[];
  readonly phase: PhaseNow;
};

export type PlanBase = Omit<PlanInput, 'index'>;

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What to do about every registry directory, in stable order: a pure function of configuration, facts, what is on disk,
 * mirror verdicts, ledger and now. `render`, `plan`, `diff` and the agent call the same.
 */
export const plan = (base: PlanBase): Plan => {
  const input: PlanInput = { ...base, index: indexOf(base.tree, base.ledger) };
  const registries = new Set([
    ...input.desired.units.keys(),
    ...input.index.files.keys(),
    ...input.index.originals.keys(),
    ...Object.keys(input.ledger.directories).map(registryOf),
  ]);
  const plans = [...registries].sort(byBytes).map((registry) => planRegistry(input, registry));
  return { registries: plans, phase: phaseOf(input.desired, plans) };
};

export const hasChanges = (made: Plan): boolean => made.registries.some((registry) => registry.changes.length > 0);
