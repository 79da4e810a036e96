import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { bodyOf, readDirectory } from '../../../support/directory.ts';
import { run, startProcess, type Wrap } from '../../support/agent.ts';
import { builtContainerd, kubeBinary } from '../../support/built.ts';
import { until } from '../../support/until.ts';
import { podNetwork, world } from './addresses.ts';
import { createPart, type Part } from './part.ts';

export type ClusterNode = {
  readonly name: string;
  readonly address: string;
  /** Of a process in its namespaces. */
  readonly pid: number;
  /** certs.d and the agent's memory, as the test sees them. */
  readonly certsDir: string;
  readonly stateDir: string;
  readonly etc: string;
  readonly dir: string;
  readonly containerd: Part;
  readonly kubelet: Part;
  readonly kubeProxy: Part;
  /** Put before a command to run it in the node's network, and in its file system too. */
  readonly inNetwork: Wrap;
  readonly inside: Wrap;
  /** All files of certs.d by path. */
  readonly files: () => Record<string, string>;
  /** A file without the agent's marker. */
  readonly body: (path: string) => string | undefined;
};

export type NodeOptions = {
  readonly name: string;
  /** The last part of its address, and the third of its pods'. */
  readonly number: number;
  readonly dir: string;
  /** PEM of the authority that its containerd trusts. */
  readonly trust: string;
};

/** The namespaces of a node, joined to the cluster's bridge; nothing runs in them yet. */
export const createNode = async (t: TestContext, { name, number, dir, trust }: NodeOptions): Promise<ClusterNode> => {
  const address = `172.30.0.${number}`;
  const script = new URL('node.sh', import.meta.url).pathname;
  const holder = startProcess(t, ['unshare', '--net', '--mount', 'sh', script, name, String(number), dir]);
  await until('the node stands', () => holder.output().includes('ready') || undefined, { otherwise: holder.output });
  const inNetwork = ['nsenter', '-t', String(holder.pid), '--net', '--'];
  const inside = ['nsenter', '-t', String(holder.pid), '--net', '--mount', '--'];
  const link = `ip link add v-${name} type veth peer name eth0 netns ${holder.pid}
ip link set v-${name} master cluster0 up
ip route add 10.244.${number}.0/24 via ${address}`;
  await run(t, ['sh', '-euc', link]);
  const network = `ip addr add ${address}/24 dev eth0
ip link set eth0 up
ip link set lo up
ip route add default via ${world}
echo 1 > /proc/sys/net/ipv4/ip_forward`;
  await run(t, [...inNetwork, 'sh', '-euc', network]);
  const bin = builtContainerd('2.4.2');
  // The shim is found beside containerd first.
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, SSL_CERT_FILE: trust };
  const etc = join(dir, 'etc/containerd');
  const certsDir = join(etc, 'certs.d');
  const kubelet = [
    'kubelet',
    `--config=${join(dir, 'kubelet.json')}`,
    `--kubeconfig=${join(dir, 'kubeconfig')}`,
    `--hostname-override=${name}`,
    `--node-ip=${address}`,
  ];
  return {
    name,
    address,
    pid: holder.pid,
    dir,
    etc,
    certsDir,
    stateDir: join(dir, 'var/lib/handspegel'),
    containerd: createPart(t, [...inside, join(bin, 'containerd'), '--config=/etc/containerd/config.toml'], env),
    kubelet: createPart(t, [...inside, kubeBinary, ...kubelet]),
    kubeProxy: createPart(t, [...inside, kubeBinary, 'kube-proxy', `--config=${join(dir, 'proxy.json')}`]),
    inNetwork,
    inside,
    files: () => readDirectory(certsDir),
    body: (path) => bodyOf(readDirectory(certsDir)[path]),
  };
};

/** Starts containerd and then kubelet, which would not wait for it. */
export const startNode = async (t: TestContext, { containerd, kubelet, inside }: ClusterNode): Promise<void> => {
  containerd.start();
  await until('containerd answers', () => run(t, [...inside, 'ctr', 'version']), { otherwise: containerd.log });
  kubelet.start();
};

/** Where a node's containerd listens. */
export const containerdSocket = '/run/containerd/containerd.sock';

/** Writes what kubelet and kube-proxy are told. */
export const configureNode = (
  node: ClusterNode,
  options: { readonly kubeconfig: string; readonly proxyKubeconfig: string; readonly socket?: string | undefined },
): void => {
  const { kubeconfig, proxyKubeconfig, socket = containerdSocket } = options;
  const write = (name: string, content: object): void => writeFileSync(join(node.dir, name), JSON.stringify(content));
  write('kubelet.json', {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '0.0.0.0',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    // Two kubelets share one hierarchy here, of version 1.
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    clusterDNS: [world],
    clusterDomain: 'cluster.local',
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${socket}`,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    nodeStatusUpdateFrequency: '5s',
    syncFrequency: '5s',
    registryPullQPS: 0,
    resolvConf: '/etc/resolv.conf',
  });
  write('proxy.json', {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: proxyKubeconfig },
    hostnameOverride: node.name,
    mode: 'iptables',
    clusterCIDR: podNetwork,
    conntrack: { maxPerCore: 0 },
    healthzBindAddress: `${node.address}:10256`,
    metricsBindAddress: `${node.address}:10249`,
  });
  copyFileSync(kubeconfig, join(node.dir, 'kubeconfig'));
};
