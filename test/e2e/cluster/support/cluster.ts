import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { run } from '../../support/agent.ts';
import { generousMs, until } from '../../support/until.ts';
import { origin, world } from './addresses.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { startDns } from './dns.ts';
import { pushSleeper, pushSystemImages, type SpegelPackage } from './images.ts';
import { createHelm, createKubectl, type Helm, type Kubectl } from './kubectl.ts';
import { type ClusterNode, configureNode, createNode, startNode } from './node.ts';
import { makeCertificate, startRegistry } from './registry.ts';

export type Cluster = {
  readonly t: TestContext;
  readonly dir: string;
  readonly controlPlane: ControlPlane;
  /** `n1` runs the control plane too; kube-proxy of `n2` is not started yet. */
  readonly n1: ClusterNode;
  readonly n2: ClusterNode;
  readonly nodes: readonly [ClusterNode, ClusterNode];
  readonly kubectl: Kubectl;
  readonly helm: Helm;
  readonly adminKubeconfig: string;
  readonly spegel: SpegelPackage;
  /** Writes a node's kubelet configuration, with another socket of its runtime when one is given. */
  readonly configure: (node: ClusterNode, socket?: string) => void;
  /** Puts a new image `app:TAG` into the storage that origin and upstream share. */
  readonly pushApp: (tag: string) => Promise<void>;
};

const createBridge = async (t: TestContext): Promise<void> => {
  const script = `ip link set lo up
ip link add cluster0 type bridge
ip addr add ${world}/24 dev cluster0
ip link set cluster0 up
echo 1 > /proc/sys/net/ipv4/ip_forward`;
  await run(t, ['sh', '-euc', script]);
};

/** Two nodes, two registries and a control plane; returns when both nodes are Ready. */
export const startCluster = async (t: TestContext): Promise<Cluster> => {
  // The network must be the test's own: see run.sh.
  const links = await run(t, ['ip', '-brief', 'link']);
  if (links.trim().split('\n').length > 1)
    throw new Error('run it by test/e2e/cluster/run.sh, in a network of its own');
  // run.sh removes it, once the containers that lie in it are gone.
  const dir = mkdtempSync(join(tmpdir(), 'cluster-'));
  const at = (name: string): string => join(dir, name);
  await createBridge(t);

  const storage = at('registry');
  const tls = await makeCertificate(t, dir);
  await startRegistry(t, { dir, storage, listen: origin });
  await startRegistry(t, { dir, storage, listen: `${world}:443`, tls });
  const packing = pushSystemImages(t);
  packing.catch(() => undefined);

  const create = (name: string, number: number): Promise<ClusterNode> => {
    mkdirSync(at(name));
    return createNode(t, { name, number, dir: at(name), trust: tls.certificate });
  };
  const [n1, n2] = [await create('n1', 11), await create('n2', 12)];
  const nodes = [n1, n2] as const;
  const controlPlane = await startControlPlane(t, {
    dir: at('control-plane'),
    address: n1.address,
    wrap: n1.inNetwork,
    nodes: nodes.map(({ name }) => name),
  });
  const adminKubeconfig = controlPlane.kubeconfig('admin');
  const kubectl = createKubectl(t, adminKubeconfig);
  startDns(t, dir, controlPlane);
  const proxyKubeconfig = controlPlane.kubeconfig('proxy');
  const configure = (node: ClusterNode, socket?: string): void =>
    configureNode(node, { kubeconfig: controlPlane.kubeconfig(node.name), proxyKubeconfig, socket });
  for (const node of nodes) {
    configure(node);
    await startNode(t, node);
  }
  n1.kubeProxy.start();
  // Pods of one node reach those of the other.
  await run(t, [...n1.inNetwork, 'ip', 'route', 'add', '10.244.12.0/24', 'via', n2.address]);
  await run(t, [...n2.inNetwork, 'ip', 'route', 'add', '10.244.11.0/24', 'via', n1.address]);
  const areReady = async (): Promise<boolean> => {
    const words = await kubectl.run('get', 'nodes', '--no-headers');
    return words.match(/\sReady\s/g)?.length === nodes.length;
  };
  const spegel = await packing;
  await until('both nodes are Ready', areReady, { limitMs: 6 * generousMs, otherwise: n1.kubelet.log });
  return {
    t,
    dir,
    controlPlane,
    n1,
    n2,
    nodes,
    kubectl,
    helm: createHelm(t, adminKubeconfig, at('helm')),
    adminKubeconfig,
    spegel,
    configure,
    pushApp: (tag) => pushSleeper(`http://${origin}`, dir, tag),
  };
};
