import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generousMs, stays, until } from '../../support/until.ts';
import { metricsOf, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { spegelFile } from '../support/expected.ts';
import { helmHandspegel } from '../support/install.ts';
import type { ClusterNode } from '../support/node.ts';

const path = 'edited.test/hosts.toml';
const content = "server = 'https://edited.test'\n";
const extension = `
extensions:
  edited:
    path: templates/root_dir/etc/containerd/certs.d/${path}
    content: |
      ${content}`;

const where = ['configmap', 'handspegel', '--namespace=handspegel'];

const hasError = async (node: ClusterNode, code: RegExp): Promise<boolean> => {
  const codes = (await metricsOf(node)).matchAll(/^handspegel_problems\{severity="error",code="([^"]+)"\} 1$/gm);
  return [...codes].some(([, found = '']) => code.test(found));
};

/** 3. The ConfigMap changes. */
export const follows = (cluster: () => Cluster): void => {
  const write = async (text: string): Promise<void> => {
    const patch = JSON.stringify({ data: { 'config.yaml': text } });
    await cluster().kubectl.run('patch', ...where, '--type=merge', `--patch=${patch}`);
  };
  const whenTold = async (reason: string): Promise<void> => {
    const { kubectl, nodes } = cluster();
    for (const { name } of nodes) {
      const about = `--field-selector=involvedObject.kind=Node,involvedObject.name=${name},reason=${reason}`;
      const isTold = async (): Promise<boolean> => (await kubectl.run('get', 'events', about, '-o', 'name')) !== '';
      await until(`an Event of node ${name} says ${reason}`, isTold, { limitMs: 2 * generousMs });
    }
  };
  const stand = (): boolean =>
    cluster().nodes.every(
      (node) => node.body(path) === content && node.files()['_default/hosts.toml'] === spegelFile(node.address),
    );

  it('3. an edited ConfigMap is on both nodes', async (t) => {
    const { kubectl } = cluster();
    const text = await kubectl.run('get', ...where, '-o', String.raw`jsonpath={.data.config\.yaml}`);
    const began = performance.now();
    await write(`${text}${extension}`);
    await until('both nodes have the new file', stand, { limitMs: 4 * generousMs });
    t.diagnostic(`on both nodes after ${Math.round(performance.now() - began)} ms, kubectl included (goal: 2,000 ms)`);
  });

  it('3. a broken one is refused, with an Event and in the metrics, and the files stay', async () => {
    const { nodes } = cluster();
    await write('cluster: [\n');
    for (const node of nodes) {
      await until(`${node.name} refuses it`, () => hasError(node, /^(?:yaml|config)/), { limitMs: 4 * generousMs });
    }
    await whenTold('ConfigurationRefused');
    assert.ok(stand(), 'the old files stay');
  });

  it('3. a deleted one changes nothing either; with helm upgrade all is as it was', async () => {
    const { kubectl, nodes } = cluster();
    await kubectl.run('delete', ...where);
    for (const node of nodes) {
      await until(`${node.name} misses it`, () => hasError(node, /missing/), { limitMs: 4 * generousMs });
    }
    await stays('the old files', 2_000, stand);
    await helmHandspegel(cluster(), 'upgrade');
    for (const node of nodes) {
      await until(`the edited file is gone from ${node.name}`, () => node.files()[path] === undefined, {
        limitMs: 4 * generousMs,
      });
      assert.equal(node.files()['_default/hosts.toml'], spegelFile(node.address));
    }
    await whenPhase(nodes, 'spegel');
  });
};
