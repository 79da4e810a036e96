import { controlPlaneOfSlices, factsOfNode, type LearnedFacts } from '../core/cluster-facts.ts';
import { textOf } from '../core/error-text.ts';
import { createPulse, type Pulse } from '../pulse.ts';
import type { Api } from './api-request.ts';

export type LearnOptions = {
  readonly node: string;
  readonly learn: (facts: LearnedFacts) => void;
  /** False where the configuration names the control plane: then nobody is asked for it. */
  readonly needsControlPlane: () => boolean;
  /** Said once for each change. */
  readonly report: (message: string, problem: boolean) => void;
  /** Woken when the API server is back after an outage: then all is asked again. */
  readonly outage?: Pulse;
  readonly random?: () => number;
  /** In milliseconds. */
  readonly everyMs?: number;
  readonly firstPauseMs?: number;
  /** After an outage all nodes come at once: within this time. */
  readonly spreadMs?: number;
};

const slicesPath =
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes';

/**
 * Asks for the own Node, and for the control plane where it is not configured: at once, every 10 minutes with jitter, after
 * an outage, and after a failure with back-off from a second on. What is learned stays known while the API is away. Never rejects.
 */
export const learnFacts = async (api: Api, options: LearnOptions, signal: AbortSignal): Promise<void> => {
  const { node, learn, needsControlPlane, report, random = Math.random } = options;
  const everyMs = options.everyMs ?? 600_000;
  const firstPauseMs = options.firstPauseMs ?? 1_000;
  const spreadMs = options.spreadMs ?? 30_000;
  const outage = options.outage ?? createPulse();
  let pause = firstPauseMs;
  let said: string | undefined;
  const controlPlane = async (): Promise<LearnedFacts> => {
    if (!needsControlPlane()) return {};
    const found = controlPlaneOfSlices(await api('GET', slicesPath));
    return found.length === 0 ? {} : { controlPlane: found };
  };
  const ask = async (): Promise<string> => {
    const answers = await Promise.allSettled([
      api('GET', `/api/v1/nodes/${encodeURIComponent(node)}`).then(factsOfNode),
      controlPlane(),
    ]);
    // One that is refused (no right to it) leaves the other its use.
    for (const answer of answers) if (answer.status === 'fulfilled') learn(answer.value);
    return answers.flatMap((answer) => (answer.status === 'rejected' ? [textOf(answer.reason)] : [])).join('; ');
  };
  while (!signal.aborted) {
    const problem = await ask();
    if (signal.aborted) return;
    if (problem !== said) {
      report(
        problem === '' ? `the cluster tells of node ${node}` : `the cluster does not tell of node ${node}: ${problem}`,
        problem !== '',
      );
    }
    said = problem;
    const wait = problem === '' ? everyMs : pause;
    pause = problem === '' ? firstPauseMs : Math.min(pause * 2, everyMs);
    const reasons = await outage.next(wait * (0.9 + 0.2 * random()), signal);
    if (!reasons.includes('timer')) await createPulse().next(spreadMs * random(), signal);
  }
};
