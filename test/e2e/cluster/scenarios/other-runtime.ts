import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generousMs, until } from '../../support/until.ts';
import { isReady, podOf, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { startCrio } from '../support/cri-o.ts';
import { bootstrapFile, whenDefault } from '../support/expected.ts';

/** 10. A node that is not containerd's. */
export const otherRuntime = (cluster: () => Cluster): void => {
  it('10. on a node whose runtime is CRI-O Spegel is disabled: an empty file, no mirrors, and a pod that is Ready', async () => {
    const { t, kubectl, n1, n2, configure } = cluster();
    await n2.kubelet.kill();
    configure(n2, await startCrio(t, n2));
    n2.kubelet.start();
    const runtime = async (): Promise<boolean> => {
      const words = ['get', 'node', n2.name, '-o', 'jsonpath={.status.nodeInfo.containerRuntimeVersion}'];
      return (await kubectl.run(...words)).startsWith('cri-o://');
    };
    await until('node 2 says that it runs CRI-O', runtime, { limitMs: 4 * generousMs, otherwise: n2.kubelet.log });
    const old = await podOf(cluster(), 'handspegel', n2);
    await kubectl.run('delete', 'pod', '--namespace=handspegel', old?.metadata.name ?? '');

    await whenPhase([n2], 'disabled', 4 * generousMs);
    await whenDefault(n2, '');
    assert.equal(n2.files()['_default/hosts.toml'], '', '0 bytes');
    const isNew = async (): Promise<boolean> => {
      const pod = await podOf(cluster(), 'handspegel', n2);
      return pod?.metadata.uid !== old?.metadata.uid && isReady(pod);
    };
    await until('the agent of node 2 is Ready', isNew, { limitMs: 4 * generousMs });
    await whenPhase([n1], 'bootstrap');
    await whenDefault(n1, bootstrapFile([n1.address]));
  });
};
