import type { FileDecision } from '../core/decision.ts';
import type { Mirror } from '../core/gate/mirror.ts';
import type { Pass } from '../core/pass.ts';
import { planPass } from '../core/pass.ts';
import type { Problem } from '../core/problem.ts';
import { redactProblem } from '../core/redact.ts';
import { inputProblems, planSettings } from '../inputs.ts';
import { readTree } from '../io/read-tree.ts';
import type { OpenNode } from './open-node.ts';

export type DryRun = {
  readonly pass: Pass | undefined;
  readonly files: readonly FileDecision[];
  /** Credentials redacted. */
  readonly problems: readonly Problem[];
  /** Spegel is at work, so the agent would wait. */
  readonly waitingFor: string | undefined;
};

/** What a pass would do now, without doing it: the same function as the agent's. Asks the mirrors it must know of; without `ask` nothing is gated. */
export const dryRun = async (
  node: OpenNode,
  ask: ((mirrors: readonly Mirror[]) => Promise<void>) | undefined,
): Promise<DryRun> => {
  const facts = node.facts();
  const desired = node.configuration.desired(facts);
  const problems = [...inputProblems(node.configuration.choice(), desired), ...node.stateProblems()];
  const shown = (found: Iterable<Problem>): readonly Problem[] =>
    [...found].map((problem) => redactProblem(problem, node.secrets()));
  if (desired === undefined)
    return { pass: undefined, files: [], problems: shown(problems), waitingFor: 'there is no valid configuration' };
  const tree = readTree(node.certsDir);
  if (typeof tree.root === 'object') throw new Error(tree.root.problem);
  const settings = planSettings(node.configuration.settings());
  const look = () => {
    const input = {
      tree,
      watch: undefined,
      own: new Map(),
      desired,
      facts,
      ledger: node.ledger(),
      mirrors: node.mirrors(),
      settings: ask === undefined ? { ...settings, gate: 'off' as const } : settings,
      now: node.now(),
      owner: node.owner(),
      tools: node.tools,
    };
    const first = planPass(input);
    if (first.observation.settled || first.observation.watch.episode !== undefined) return first;
    // Only the quiet time is left to wait for: what would be done after it?
    return planPass({ ...input, watch: first.observation.watch, now: input.now + 2_500 });
  };
  const first = look();
  const asked = mirrorsToAsk(first);
  if (ask !== undefined && asked.length > 0) await ask(asked);
  const pass = asked.length > 0 ? look() : first;
  const files = pass.plan.registries.flatMap((registry) => registry.files);
  // Those of a unit are the same in both.
  const found = new Set([...problems, ...pass.plan.registries.flatMap((registry) => registry.problems)]);
  return { pass, files, problems: shown(found), waitingFor: pass.observation.waitingFor };
};

/** Those of first files, and Spegel's own: what else is remembered stays as it is. */
const mirrorsToAsk = ({ plan, probe }: Pass): readonly Mirror[] => {
  const first = new Set(plan.registries.filter((made) => made.awaitedUntil !== undefined).map((made) => made.registry));
  return probe.filter(({ near, registries }) => registries.some((registry) => near || first.has(registry)));
};

export const isChange = (file: FileDecision): boolean => ['write', 'put-back', 'remove'].includes(file.action);
