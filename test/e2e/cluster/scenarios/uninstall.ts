import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { describeDirectory } from '../../../support/directory.ts';
import { until } from '../../support/until.ts';
import { origin } from '../support/addresses.ts';
import { whenAgentsReady, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { bootstrapFile, originFile, whenDefault } from '../support/expected.ts';
import { helmHandspegel } from '../support/install.ts';

const kinds = [
  'all',
  'configmaps',
  'serviceaccounts',
  'roles',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'resourcequotas',
  'validatingadmissionpolicies',
];

/** 8. handspegel goes, and comes again. */
export const uninstalls = (cluster: () => Cluster): void => {
  it('8. helm uninstall gives every node back as it was, and leaves nothing in the cluster', async (t) => {
    const { helm, kubectl, nodes } = cluster();
    const began = performance.now();
    await helm('uninstall', 'handspegel', '--namespace=handspegel', '--timeout=120s');
    t.diagnostic(`uninstalled after ${((performance.now() - began) / 1000).toFixed(1)} s (goal: 30 s)`);
    for (const node of nodes) {
      assert.deepEqual(describeDirectory(node.certsDir), {
        [`${origin}/`]: '755 0:0',
        [`${origin}/hosts.toml`]: `644 0:0 ${originFile}`,
      });
      assert.deepEqual(readdirSync(node.etc).toSorted(), ['certs.d', 'config.toml']);
      assert.deepEqual(readdirSync(node.stateDir), ['released']);
    }
    const left = async (): Promise<string> => {
      const selector = '--selector=app.kubernetes.io/instance=handspegel';
      return (
        await kubectl.run('get', kinds.join(), '--all-namespaces', selector, '--ignore-not-found', '-o', 'name')
      ).trim();
    };
    let last = '';
    const isGone = async (): Promise<boolean> => {
      last = await left();
      return last === '';
    };
    await until('nothing is left in the cluster', isGone, { otherwise: () => last });
  });

  it('8. installed again it starts afresh', async () => {
    const { nodes, n1, n2 } = cluster();
    await helmHandspegel(cluster(), 'install');
    await whenAgentsReady(cluster());
    await whenPhase(nodes, 'bootstrap');
    await whenDefault(n1, bootstrapFile([n1.address]));
    await whenDefault(n2, bootstrapFile([n2.address, n1.address]));
    for (const { stateDir } of nodes) assert.ok(!readdirSync(stateDir).includes('released'));
  });
};
