import assert from 'node:assert/strict';
import { it } from 'node:test';
import { until } from '../../support/until.ts';
import { origin, upstream } from '../support/addresses.ts';
import { whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { originFile, spegelFile } from '../support/expected.ts';
import { installSpegel } from '../support/install.ts';
import { runPod } from '../support/sleeper.ts';

/** 2. Spegel comes. */
export const handsOver = (cluster: () => Cluster): void => {
  it("2. Spegel takes over on both nodes, and the origin registry's own hosts.toml is back", async () => {
    const { nodes } = cluster();
    await installSpegel(cluster());
    await whenPhase(nodes, 'spegel');
    for (const node of nodes) {
      const isBack = (): boolean => node.files()[`${origin}/hosts.toml`] === originFile;
      await until(`the origin's file is back on ${node.name}`, isBack);
      const { '_default/hosts.toml': written, '_backup/_default/hosts.toml': before } = node.files();
      assert.equal(written, spegelFile(node.address), "Spegel's own bytes");
      assert.match(before ?? '', /^# handspegel /, 'Spegel put our bootstrap file away');
    }
  });

  it('2. pods pull on both nodes: from the origin, and from a registry that Spegel mirrors', async () => {
    const { nodes, pushApp } = cluster();
    await pushApp('handed-over');
    for (const node of nodes) {
      await runPod(cluster(), node, `${origin}/app:handed-over`);
      await runPod(cluster(), node, `${upstream}/app:handed-over`);
    }
  });
};
