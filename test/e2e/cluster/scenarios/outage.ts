import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generousMs, stays, until } from '../../support/until.ts';
import { podOf, whenAgentsReady, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { processOf } from '../support/containers.ts';
import { follow } from '../support/follow.ts';
import type { ClusterNode } from '../support/node.ts';

/** A minute by hand proves no more: HANDSPEGEL_E2E_OUTAGE_MS=60000. */
const outageMs = Number(process.env['HANDSPEGEL_E2E_OUTAGE_MS'] || 15_000);

const answers = async ({ address }: ClusterNode): Promise<boolean> =>
  (await fetch(`http://${address}:9847/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;

const restartsOf = async (cluster: Cluster, node: ClusterNode): Promise<number | undefined> =>
  (await podOf(cluster, 'handspegel', node))?.status.containerStatuses?.[0]?.restartCount;

/** 4. The API server, or etcd, is away. */
export const survivesOutages = (cluster: () => Cluster): void => {
  // Another node each time: a second restart would wait for kubelet's back-off.
  for (const [what, name] of [
    ['apiServer', 'n2'],
    ['etcd', 'n1'],
  ] as const) {
    it(`4. ${what} stops, and an agent's container restarts meanwhile: files stay, no crash loop, all recovers`, async () => {
      const { controlPlane, nodes, [name]: node } = cluster();
      const restarts = await restartsOf(cluster(), node);
      assert.ok(restarts !== undefined);
      const agent = await processOf(cluster(), 'handspegel', node);
      const followers = [await follow(cluster(), nodes[0]), await follow(cluster(), nodes[1])];

      await controlPlane[what].kill();
      process.kill(agent, 'SIGKILL');
      await until('the agent is gone', async () => !(await answers(node).catch(() => false)));
      await until('it is ready again without the API', () => answers(node), { limitMs: 2 * generousMs });
      await stays('both agents are ready', outageMs, async () => {
        const ready = await Promise.all(nodes.map(answers));
        return ready.every(Boolean);
      });
      await whenPhase(nodes, 'spegel');

      controlPlane[what].start();
      await controlPlane.whenReady();
      await whenAgentsReady(cluster());
      const isTold = async (): Promise<boolean> => (await restartsOf(cluster(), node)) !== restarts;
      await until('kubelet has told of the restart', isTold, { limitMs: 3 * generousMs });
      assert.equal(await restartsOf(cluster(), node), restarts + 1, 'the one that was made');
      for (const follower of followers) assert.equal((await follower.stop()).length, 1, 'no file ever changed');
    });
  }
};
