import { generousMs, until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterNode } from './node.ts';

/** The agent's metrics on a node, as Prometheus gets them. */
export const metricsOf = async ({ address }: ClusterNode): Promise<string> => {
  const response = await fetch(`http://${address}:9847/metrics`, { signal: AbortSignal.timeout(2_000) });
  return response.text();
};

export const phaseOf = async (node: ClusterNode): Promise<string | undefined> =>
  /^handspegel_phase\{phase="([^"]+)"\} 1$/m.exec(await metricsOf(node))?.[1];

/** Waits until each of these nodes is in this phase. */
export const whenPhase = async (
  nodes: readonly ClusterNode[],
  phase: string,
  limitMs = 2 * generousMs,
): Promise<void> => {
  for (const node of nodes) {
    let last: string | undefined;
    const look = async (): Promise<boolean> => {
      last = await phaseOf(node);
      return last === phase;
    };
    await until(`${node.name} is ${phase}`, look, { limitMs, otherwise: () => `it is ${last}` });
  }
};

type Pod = {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly containerID?: string }[];
  };
};

const namespaces = { handspegel: 'handspegel', spegel: 'spegel' } as const;

/** The one pod of the agent, or of Spegel, on a node. */
export const podOf = async (
  { kubectl }: Cluster,
  whose: keyof typeof namespaces,
  { name }: ClusterNode,
): Promise<Pod | undefined> => {
  const component = whose === 'spegel' ? 'spegel' : 'agent';
  const found = (await kubectl.json(
    'get',
    'pods',
    `--namespace=${namespaces[whose]}`,
    `--selector=app.kubernetes.io/component=${component}`,
    `--field-selector=spec.nodeName=${name}`,
  )) as { readonly items: readonly Pod[] };
  return found.items[0];
};

export const isReady = (pod: Pod | undefined): boolean =>
  pod?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** Waits until the agents of both nodes are ready, as kubelet sees it. */
export const whenAgentsReady = async (cluster: Cluster): Promise<void> => {
  for (const node of cluster.nodes) {
    const look = async (): Promise<boolean> => isReady(await podOf(cluster, 'handspegel', node));
    await until(`the agent of ${node.name} is ready`, look, { limitMs: 3 * generousMs });
  }
};
