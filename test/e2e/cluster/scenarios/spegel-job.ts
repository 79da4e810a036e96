import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { until } from '../../support/until.ts';
import { origin } from '../support/addresses.ts';
import { isReady, podOf, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { originFile, spegelFile, whenDefault } from '../support/expected.ts';
import { pushHelmImage } from '../support/helm-image.ts';
import { helmHandspegel } from '../support/install.ts';

let image = '';

/** The chart with a Job that manages Spegel; `enabled: undefined` leaves it to the runtimes of the nodes. */
const upgrade = async (cluster: Cluster, enabled: boolean | undefined): Promise<void> => {
  const [name, tag] = cluster.spegel.image.split(':');
  const helmValues = { image: { repository: `${origin}/${name}`, tag } };
  const values = {
    config: { cluster: { addon: { spegel: { enabled, helm_values: helmValues } } } },
    spegel: {
      manage: 'job',
      helm: { image, chartPath: '/spegel' },
      // The stand-in's chart has a ConfigMap, Spegel's own has none.
      extraRules: [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
      ],
    },
  };
  const file = join(cluster.dir, 'spegel-job.json');
  writeFileSync(file, JSON.stringify(values));
  await helmHandspegel(cluster, 'upgrade', '--values', file);
};

/** Spegel's life by the chart's Job alone. */
export const managesSpegel = (cluster: () => Cluster): void => {
  it('7. helm upgrade with spegel.manage: job installs Spegel, and waits until it is ready', async () => {
    const { dir, nodes, spegel } = cluster();
    image = await pushHelmImage(dir, spegel.chart);
    await upgrade(cluster(), true);
    for (const node of nodes) assert.ok(isReady(await podOf(cluster(), 'spegel', node)), node.name);
    await whenPhase(nodes, 'spegel');
    for (const node of nodes) await whenDefault(node, spegelFile(node.address));
  });

  it('7. helm upgrade with enabled: false uninstalls it, and _default is empty on every node', async () => {
    const { kubectl, nodes } = cluster();
    await upgrade(cluster(), false);
    assert.equal(await kubectl.run('get', 'daemonsets', '--namespace=spegel', '--output=name'), '');
    await whenPhase(nodes, 'disabled');
    for (const node of nodes) {
      const isSo = (): boolean => node.files()['_default/hosts.toml'] === '';
      await until(`_default of ${node.name} is empty`, isSo, { otherwise: () => JSON.stringify(node.files()) });
      assert.deepEqual(node.files(), { [`${origin}/hosts.toml`]: originFile, '_default/hosts.toml': '' });
    }
    const left = await kubectl.run('get', 'jobs,roles,rolebindings', '--all-namespaces', '--output=name');
    assert.doesNotMatch(left, /handspegel-spegel/, 'the Job and its rights are gone');
    await helmHandspegel(cluster(), 'upgrade');
    await whenPhase(nodes, 'bootstrap');
  });
};

/** On a cluster where one node's runtime is not containerd. */
export const keepsSpegelOut = (cluster: () => Cluster): void => {
  it('10. the Job installs Spegel on the node with containerd alone', async () => {
    const { kubectl, n1 } = cluster();
    await upgrade(cluster(), undefined);
    const look = ['get', 'pods', '--namespace=spegel', '--selector=app.kubernetes.io/component=spegel'];
    const nodes = (): Promise<string> => kubectl.run(...look, '--output=jsonpath={.items[*].spec.nodeName}');
    await until('node 1 has a Spegel', async () => (await nodes()) === n1.name);
    await whenPhase([n1], 'spegel');
    assert.equal(await nodes(), n1.name);
    await kubectl.run(
      'wait',
      'daemonset/spegel',
      '--namespace=spegel',
      '--for=jsonpath={.status.desiredNumberScheduled}=1',
    );
  });
};
