import { podOf } from './agents.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterNode } from './node.ts';

const tail = (text: string, lines: number): string => text.split('\n').slice(-lines).join('\n');

/** What a person looks at when a scenario fails: pods, events, the agents' logs, files, and the nodes' own logs. */
export const tellCluster = async (cluster: Cluster): Promise<string> => {
  const { kubectl, controlPlane, nodes } = cluster;
  const ask = async (...words: readonly string[]): Promise<string> => {
    const { output } = await kubectl.tried('--request-timeout=10s', ...words);
    return `--- kubectl ${words.join(' ')}\n${tail(output, 60)}`;
  };
  const agents = ['logs', '-n', 'handspegel', '-l', 'app.kubernetes.io/component=agent', '--prefix', '--tail=60'];
  const spegels = ['logs', '-n', 'spegel', '-l', 'app.kubernetes.io/name=spegel', '--all-containers', '--prefix'];
  const status = async (node: ClusterNode): Promise<string> => {
    const pod = await podOf(cluster, 'handspegel', node).catch(() => undefined);
    if (pod === undefined) return `--- no agent on ${node.name}`;
    return ask('exec', '-n', 'handspegel', pod.metadata.name, '--', 'handspegel', 'status');
  };
  const told = [
    await ask('get', 'nodes,pods,jobs', '-A', '-o', 'wide'),
    await ask('get', 'events', '-A', '--sort-by=.metadata.creationTimestamp'),
    await ask('get', 'configmap', '-n', 'handspegel', 'handspegel', '-o', 'yaml'),
    await ask(...agents),
    await ask(...agents, '--previous'),
    await status(nodes[0]),
    await status(nodes[1]),
    await ask(...spegels, '--tail=40'),
    ...nodes.map(({ name, files }) => `--- certs.d of ${name}\n${JSON.stringify(files(), undefined, 1)}`),
    ...nodes.map(({ name, containerd }) => `--- containerd of ${name}\n${tail(containerd.log(), 12)}`),
    ...nodes.map(({ name, kubelet }) => `--- kubelet of ${name}\n${tail(kubelet.log(), 12)}`),
    controlPlane.logs(),
  ];
  return told.join('\n');
};
