import { generousMs, until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterNode } from './node.ts';

/** Runs a pod of this image on a node, gives how long it took until it ran, and takes it away. */
export const runPod = async (
  { kubectl }: Cluster,
  node: ClusterNode,
  image: string,
  limitMs = 2 * generousMs,
): Promise<number> => {
  const name = `${image
    .split('/')
    .at(-1)
    ?.replaceAll(/[^a-z0-9]/g, '-')}-${node.name}`;
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: node.name,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'app', image, imagePullPolicy: 'Always' }],
    },
  });
  let last = '';
  const look = async (): Promise<boolean> => {
    last = await kubectl.run('get', 'pod', name, '--no-headers');
    return /\sRunning\s/.test(last);
  };
  const { ms } = await until(`a pod of ${image} runs on ${node.name}`, look, { limitMs, otherwise: () => last });
  await kubectl.run('delete', 'pod', name, '--wait=false');
  return ms;
};
