import type { Outs } from './gate/standing.ts';
import { type PhaseNow, phaseOf } from './phase.ts';
import { reopensAt } from './plan-gate.ts';
import { indexOf, type PlanInput } from './plan-input.ts';
import { planRegistry, type RegistryPlan } from './plan-registry.ts';
import { registryOf } from './tree.ts';

export type Plan = {
  readonly registries: readonly RegistryPlan[];
  readonly phase: PhaseNow;
  /** Mirrors that the gate holds out now. */
  readonly outs: Outs;
  /** When time alone changes what the gate does. */
  readonly gateAt: number | undefined;
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
  const awaited = plans.flatMap(({ awaitedUntil }) => (awaitedUntil === undefined ? [] : [awaitedUntil]));
  const reopens = reopensAt(Object.fromEntries(plans.flatMap(({ gates }) => Object.entries(gates))), input.now);
  const times = reopens === undefined ? awaited : [...awaited, reopens];
  return {
    registries: plans,
    phase: phaseOf(input.desired, plans),
    outs: input.outs,
    gateAt: times.length === 0 ? undefined : Math.min(...times),
  };
};
