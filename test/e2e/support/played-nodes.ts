import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startProcess } from './agent.ts';
import { scratch } from './agent-image.ts';
import type { ApiServer } from './api-server.ts';
import { kubeBinary } from './built.ts';
import { atEnd } from './cleanup.ts';
import { kubeconfigOf } from './kubeconfig.ts';

type Pod = {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields?: readonly { readonly values: readonly string[] }[];
          }[];
        };
      };
    };
  };
  readonly status: { readonly phase?: string };
};

/** Nodes without machines: the real DaemonSet controller, and somebody who says of each pod what a kubelet would say. */
export type PlayedNodes = {
  readonly add: (name: string, runtime: string, labels?: Readonly<Record<string, string>>) => Promise<void>;
  /** Whether pods become ready from now on. */
  readonly becomeReady: (yes: boolean) => void;
  /** Names of the nodes that have a pod of this DaemonSet's label. */
  readonly nodesOf: (namespace: string, component: string) => Promise<readonly string[]>;
};

const merge = { type: 'application/merge-patch+json' };

export const playNodes = (t: TestContext, api: ApiServer): PlayedNodes => {
  let ready = true;
  let ending = false;
  startProcess(t, [
    kubeBinary,
    'kube-controller-manager',
    `--kubeconfig=${kubeconfigOf(scratch(t, 'kubeconfig'), api.url)}`,
    '--controllers=daemonset-controller,garbage-collector-controller',
    '--leader-elect=false',
    '--secure-port=0',
  ]);
  const pods = async (query = ''): Promise<readonly Pod[]> => {
    const { body } = await api.ask('GET', `/api/v1/pods${query}`);
    return (body as { readonly items?: readonly Pod[] }).items ?? [];
  };
  const say = async (pod: Pod): Promise<void> => {
    const { name, namespace, deletionTimestamp } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (deletionTimestamp !== undefined) {
      await api.ask('DELETE', `${path}?gracePeriodSeconds=0`);
      return;
    }
    const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const node = required?.nodeSelectorTerms[0]?.matchFields?.at(-1)?.values[0];
    if (node === undefined) {
      // The pod of a hook.
      if (pod.status.phase !== 'Succeeded')
        await api.ask('PATCH', `${path}/status`, { status: { phase: 'Succeeded' } }, merge);
      return;
    }
    if (pod.spec.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      await api.ask('POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target });
    }
    if (!ready || pod.status.phase === 'Running') return;
    const conditions = ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
    }));
    await api.ask('PATCH', `${path}/status`, { status: { phase: 'Running', conditions } }, merge);
  };
  const play = async (): Promise<void> => {
    while (!ending) {
      for (const pod of await pods()) if (!ending) await say(pod);
      await setTimeout(100);
    }
  };
  const playing = play();
  atEnd(t, async () => {
    ending = true;
    await playing;
  });
  return {
    add: async (name, runtime, labels = {}) => {
      const all = { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': name, ...labels };
      const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: all } };
      const made = await api.ask('POST', '/api/v1/nodes', node);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const conditions = [{ type: 'Ready', status: 'True' }];
      const status = { nodeInfo: { containerRuntimeVersion: runtime }, conditions };
      const patched = await api.ask('PATCH', `/api/v1/nodes/${name}/status`, { status }, merge);
      assert.equal(patched.status, 200, JSON.stringify(patched.body));
      await api.ask('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null } }, merge);
    },
    becomeReady: (yes) => {
      ready = yes;
    },
    nodesOf: async (namespace, component) => {
      const selector = encodeURIComponent(`app.kubernetes.io/component=${component}`);
      const found = (await pods(`?labelSelector=${selector}`)).filter((pod) => pod.metadata.namespace === namespace);
      return found.map(({ spec }) => spec.nodeName ?? '?').toSorted();
    },
  };
};
