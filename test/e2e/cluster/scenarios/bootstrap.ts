import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { type Running, startProcess } from '../../support/agent.ts';
import { generousMs, until } from '../../support/until.ts';
import { apiClusterIp } from '../support/addresses.ts';
import { whenAgentsReady, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { bootstrapFile, whenDefault } from '../support/expected.ts';
import { follow } from '../support/follow.ts';
import { pushSleeper } from '../support/images.ts';
import { helmHandspegel } from '../support/install.ts';
import type { ClusterNode } from '../support/node.ts';
import { startRegistry } from '../support/registry.ts';
import { runPod } from '../support/sleeper.ts';

const main = new URL('../../../../src/main.ts', import.meta.url).pathname;

const reachesClusterIp = async (t: TestContext, node: ClusterNode): Promise<boolean> => {
  const words = [...node.inNetwork, 'busybox', 'nc', '-w', '1', apiClusterIp, '443', '-e', '/bin/true'];
  return (await startProcess(t, words).ended).code === 0;
};

/** 1. A cluster with nothing else: a node without kube-proxy already pulls from the control plane. */
export const bootstraps = (cluster: () => Cluster): void => {
  let early: Running | undefined;

  it('1. a new node without kube-proxy pulls through the control plane, whose address helm install looked up', async (t) => {
    const { t: suite, dir, n1, n2 } = cluster();
    const listen = `${n1.address}:30020`;
    // The only place where this image is: nobody answers for nowhere.test.
    early = await startRegistry(suite, { dir, listen, storage: join(dir, 'early'), wrap: n1.inNetwork });
    await pushSleeper(`http://${listen}`, dir, 'early');
    assert.ok(!(await reachesClusterIp(t, n2)), 'the API has no ClusterIP on this node');

    const follower = await follow(cluster(), n2);
    await helmHandspegel(cluster(), 'install');
    const firstFile = (): string | undefined =>
      follower
        .sights()
        .map(({ files }) => files['_default/hosts.toml'])
        .find((text) => text !== undefined);
    const { found } = await until('node 2 has its first file', firstFile, { limitMs: 4 * generousMs });
    // A machine that is too busy to answer within half a second has its mirror left out, and named in the marker.
    assert.ok(decodeURIComponent(found).includes(`http://${listen}`), found);
    await whenDefault(n2, bootstrapFile([n2.address, n1.address]));
    await follower.stop();

    await runPod(cluster(), n2, 'nowhere.test/app:early');
    assert.match(early.output(), /GET[^\n]*ns=nowhere\.test/, 'the image came from node 1');
  });

  it('1. both nodes get ready, with right files; helm test and status --all say so', async (t) => {
    const { helm, adminKubeconfig, nodes, n1, n2 } = cluster();
    n2.kubeProxy.start();
    await until('the API has its ClusterIP on node 2 too', () => reachesClusterIp(t, n2));
    await whenAgentsReady(cluster());
    await whenPhase(nodes, 'bootstrap');
    await whenDefault(n1, bootstrapFile([n1.address]));
    await whenDefault(n2, bootstrapFile([n2.address, n1.address]));
    await early?.stop();
    await helm('test', 'handspegel', '--namespace=handspegel', '--timeout=120s');
    const words = [process.execPath, main, 'status', '--all'];
    const { code, stdout } = await startProcess(t, words, { KUBECONFIG: adminKubeconfig }).ended;
    assert.match(stdout, /^n1 +bootstrap +yes.*\nn2 +bootstrap +yes/m);
    assert.equal(code, 0);
  });
};
