import assert from 'node:assert/strict';
import { it } from 'node:test';
import { until } from '../../support/until.ts';
import { origin, upstream } from '../support/addresses.ts';
import { whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { bootstrapFile, originFile, whenDefault } from '../support/expected.ts';
import { helmHandspegel } from '../support/install.ts';
import { runPod } from '../support/sleeper.ts';

/** 7. Spegel goes. */
export const uninstallsSpegel = (cluster: () => Cluster): void => {
  it("7. Spegel's uninstall hook succeeds, and what stands then is the bootstrap file of today", async () => {
    const { helm, kubectl, nodes, n1, n2, pushApp } = cluster();
    // Meanwhile node 2 belongs to the control plane too: what Spegel put away is out of date.
    const addresses = [n1.address, n2.address];
    await helmHandspegel(cluster(), 'upgrade', `--set=config.handspegel.controlPlane.addresses={${addresses.join()}}`);
    const today = { n1: bootstrapFile([n1.address, n2.address]), n2: bootstrapFile([n2.address, n1.address]) };
    const isKnown = async (): Promise<boolean> =>
      (await kubectl.run('get', 'cm', '-n', 'handspegel', 'handspegel', '-o', 'yaml')).includes(n2.address);
    await until('the configuration of today is there', isKnown);

    await helm('uninstall', 'spegel', '--namespace=spegel', '--timeout=120s');
    await whenPhase(nodes, 'bootstrap');
    for (const node of nodes) {
      await whenDefault(node, today[node.name as 'n1' | 'n2']);
      assert.deepEqual(Object.keys(node.files()).toSorted(), [`${origin}/hosts.toml`, '_default/hosts.toml']);
      assert.equal(node.files()[`${origin}/hosts.toml`], originFile);
    }
    await pushApp('after-spegel');
    for (const node of nodes) await runPod(cluster(), node, `${upstream}/app:after-spegel`);
    await helmHandspegel(cluster(), 'upgrade');
  });
};
