import { run } from '../../support/agent.ts';
import { podOf } from './agents.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterNode } from './node.ts';

/** The process ids of what runs in containers on a node, by container id. */
const tasksOf = async ({ t }: Cluster, node: ClusterNode): Promise<ReadonlyMap<string, number>> => {
  const listed = await run(t, [...node.inside, 'ctr', '--namespace=k8s.io', 'tasks', 'list']);
  return new Map([...listed.matchAll(/^(\S+)\s+(\d+)\s/gm)].map(([, id = '', pid]) => [id, Number(pid)]));
};

/** The first process of the agent's or Spegel's container on a node. */
export const processOf = async (
  cluster: Cluster,
  whose: 'handspegel' | 'spegel',
  node: ClusterNode,
): Promise<number> => {
  const pod = await podOf(cluster, whose, node);
  const id = pod?.status.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '');
  const pid = id === undefined ? undefined : (await tasksOf(cluster, node)).get(id);
  if (pid === undefined) throw new Error(`${whose} has no container on ${node.name}`);
  return pid;
};
