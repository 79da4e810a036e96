import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { describeDirectory } from '../../../support/directory.ts';
import { until } from '../../support/until.ts';
import { origin } from '../support/addresses.ts';
import type { Cluster } from '../support/cluster.ts';
import { originFile } from '../support/expected.ts';

const kinds = [
  'all',
  'configmaps',
  'serviceaccounts',
  'roles',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'resourcequotas',
];

/** Kubernetes before 1.30 does not serve it. */
const policies = 'validatingadmissionpolicies';

/** 8. handspegel goes. */
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
    const group = '--api-group=admissionregistration.k8s.io';
    const served = await kubectl.run('api-resources', group, '--output=name');
    const asked = served.includes(policies) ? [...kinds, policies] : kinds;
    const left = async (): Promise<string> => {
      const selector = '--selector=app.kubernetes.io/instance=handspegel';
      return (
        await kubectl.run('get', asked.join(), '--all-namespaces', selector, '--ignore-not-found', '-o', 'name')
      ).trim();
    };
    let last = '';
    const isGone = async (): Promise<boolean> => {
      last = await left();
      return last === '';
    };
    await until('nothing is left in the cluster', isGone, { otherwise: () => last });
  });
};
