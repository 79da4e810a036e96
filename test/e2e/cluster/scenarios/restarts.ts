import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generousMs, until } from '../../support/until.ts';
import { origin } from '../support/addresses.ts';
import { isReady, podOf, whenAgentsReady, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { originFile, spegelFile } from '../support/expected.ts';
import { type Follower, follow } from '../support/follow.ts';
import { helmHandspegel } from '../support/install.ts';
import { type ClusterNode, startNode } from '../support/node.ts';

const waits = ['--wait', '--timeout=120s'];
const added = 'mirrors.test/hosts.toml';
const content = "server = 'https://mirrors.test'";

const nodeIsReady = async ({ kubectl }: Cluster, { name }: ClusterNode): Promise<boolean> =>
  /\sReady\s/.test(await kubectl.run('get', 'node', name, '--no-headers'));

/** Every file was right at each look; gives what stood at the added path, change after change. */
const judge = (node: ClusterNode, follower: Follower): readonly string[] => {
  const seen: string[] = [];
  for (const { files } of follower.sights()) {
    assert.equal(files['_default/hosts.toml'], `644 0:0 ${spegelFile(node.address)}`, `_default of ${node.name}`);
    assert.equal(files[`${origin}/hosts.toml`], `644 0:0 ${originFile}`, `${origin} of ${node.name}`);
    const there = files[added]?.includes(content) === true ? 'there' : (files[added] ?? 'absent');
    if (there !== seen.at(-1)) seen.push(there);
  }
  return seen;
};

/** 6. Pods, nodes and versions change. */
export const restarts = (cluster: () => Cluster): void => {
  it('6. files stay right, looked at every 10 ms, while pods are deleted, a node restarts, and helm upgrades and rolls back', async () => {
    const { t, helm, kubectl, nodes, n1, n2 } = cluster();
    const [follower1, follower2] = [await follow(cluster(), n1), await follow(cluster(), n2)];

    const before = await podOf(cluster(), 'handspegel', n2);
    await kubectl.run('delete', 'pod', '--namespace=handspegel', before?.metadata.name ?? '');
    const isNew = async (): Promise<boolean> => {
      const now = await podOf(cluster(), 'handspegel', n2);
      return now?.metadata.uid !== before?.metadata.uid && isReady(now);
    };
    await until('a new agent is ready', isNew, { limitMs: 2 * generousMs });

    await n2.kubelet.kill();
    await n2.containerd.kill();
    await startNode(t, n2);
    await until('node 2 is Ready again', () => nodeIsReady(cluster(), n2), { limitMs: 4 * generousMs });
    await whenAgentsReady(cluster());

    const extension = '--set-string=config.extensions.added';
    const path = `${extension}.path=templates/root_dir/etc/containerd/certs.d/${added.replaceAll('.', '\\.')}`;
    await helmHandspegel(
      cluster(),
      'upgrade',
      '--set=logLevel=debug',
      path,
      `${extension}.content=${content}`,
      '--wait',
    );
    for (const node of nodes) {
      await until(`${node.name} has the added file`, () => node.body(added) === content, { limitMs: 4 * generousMs });
    }
    await helm('rollback', 'handspegel', '--namespace=handspegel', ...waits);
    for (const node of nodes) {
      await until(`the added file is gone from ${node.name}`, () => node.files()[added] === undefined, {
        limitMs: 4 * generousMs,
      });
    }
    await whenPhase(nodes, 'spegel');
    await follower1.stop();
    await follower2.stop();
    assert.deepEqual(judge(n1, follower1), ['absent', 'there', 'absent']);
    assert.deepEqual(judge(n2, follower2), ['absent', 'there', 'absent']);
  });
};
