import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startProcess } from './support/agent.ts';
import { scratch } from './support/agent-image.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { builtHelm } from './support/built.ts';
import { kubeconfigOf } from './support/kubeconfig.ts';
import { type PlayedNodes, playNodes } from './support/played-nodes.ts';
import { until } from './support/until.ts';

// Spegel's release with real Helm 3 and 4 before a real API server and its DaemonSet controller; nodes are played.

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const chart = new URL('../support/spegel-chart', import.meta.url).pathname;
const document = (name: string): string => readFileSync(new URL(`../document/${name}.yaml`, import.meta.url), 'utf8');

type DaemonSet = {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly resources: unknown; readonly ports: readonly unknown[] }[];
        readonly affinity?: unknown;
      };
    };
  };
};

type World = {
  readonly api: ApiServer;
  readonly nodes: PlayedNodes;
  readonly spegel: (
    command: string,
    config: string,
    ...more: readonly string[]
  ) => Promise<{ code: number | null; output: string; stdout: string }>;
  readonly daemonSet: () => Promise<DaemonSet | undefined>;
};

const enter = async (t: TestContext, major: 3 | 4): Promise<World> => {
  const api = await startApiServer(t);
  const nodes = playNodes(t, api);
  const dir = scratch(t, 'spegel');
  const env = {
    KUBECONFIG: kubeconfigOf(scratch(t, 'kubeconfig'), api.url),
    HELM_CACHE_HOME: dir,
    HELM_CONFIG_HOME: dir,
    HELM_DATA_HOME: dir,
  };
  const file = join(dir, 'config.yaml');
  return {
    api,
    nodes,
    spegel: async (command, config, ...more) => {
      writeFileSync(file, config);
      const given = command === 'uninstall' ? [] : ['--config', file, '--chart', chart];
      const words = [process.execPath, main, 'spegel', command, ...given, '--helm', builtHelm(major), ...more];
      return startProcess(t, words, env).ended;
    },
    daemonSet: async () => {
      const { status, body } = await api.ask('GET', '/apis/apps/v1/namespaces/spegel/daemonsets/spegel');
      return status === 404 ? undefined : (body as unknown as DaemonSet);
    },
  };
};

const enabled = (value: boolean): string => `cluster: {addon: {spegel: {enabled: ${value}}}}\n`;
const ports = (nodePort: number): string =>
  `cluster: {addon: {spegel: {helm_values: {service: {registry: {nodePort: ${nodePort}}}}}}}\n`;

for (const major of [4, 3] as const) {
  test(`with Helm ${major} Spegel's life follows the configuration`, { timeout: 900_000 }, async (t) => {
    const { api, nodes, spegel, daemonSet } = await enter(t, major);
    await nodes.add('n1', 'containerd://2.4.2');
    await nodes.add('n2', 'containerd://2.2.9');
    await nodes.add('n3', 'cri-o://1.30.2');

    const planned = await spegel('plan', '');
    assert.equal(planned.code, 3, planned.output);
    assert.match(planned.output, /install\n +2 nodes run containerd: n1, n2; kept out by node affinity: n3 \(cri-o\)/);
    assert.equal(await daemonSet(), undefined);

    const tried = await spegel('apply', '', '--dry-run');
    assert.equal(tried.code, 0, tried.output);
    assert.match(tried.output, /it would work/);
    assert.equal(await daemonSet(), undefined);

    const applied = await spegel('apply', '');
    assert.equal(applied.code, 0, applied.output);
    assert.deepEqual(
      await nodes.nodesOf('spegel', 'spegel'),
      ['n1', 'n2'],
      'ready when the command ends, and not on n3',
    );

    const again = await spegel('apply', '');
    assert.equal(again.code, 0);
    assert.match(again.output, /nothing to do/);
    assert.equal((await spegel('plan', '')).code, 0);

    // A node that comes later is let in without a further word.
    await nodes.add('n4', 'containerd://2.4.2');
    const all = async (): Promise<boolean> => (await nodes.nodesOf('spegel', 'spegel')).join() === 'n1,n2,n4';
    await until('the new node has its Spegel', all);
    assert.equal((await spegel('plan', '')).code, 0, 'a new containerd node is no difference');

    // The document's example: nulls of a string take the chart's defaults away.
    const resources = async (): Promise<unknown> => (await daemonSet())?.spec.template.spec.containers[0]?.resources;
    assert.deepEqual(await resources(), { limits: { memory: '128Mi' }, requests: { memory: '128Mi' } });
    const unset = await spegel('apply', document('03-helm-values-string'));
    assert.equal(unset.code, 0, unset.output);
    assert.doesNotMatch(JSON.stringify(await resources()), /memory/);
    assert.equal((await spegel('plan', document('03-helm-values-string'))).code, 0, 'nulls are remembered');

    // What does not become ready is put back.
    nodes.becomeReady(false);
    const failed = await spegel('apply', ports(30_031), '--timeout', '10s');
    assert.equal(failed.code, 1, failed.output);
    assert.match(failed.output, /nodePort +30021 -> 30031/);
    assert.match(failed.output, /put back/);
    const service = await api.ask('GET', '/api/v1/namespaces/spegel/services/spegel-registry');
    const { spec } = service.body as { readonly spec: { readonly ports: readonly { readonly nodePort: number }[] } };
    assert.equal(spec.ports[0]?.nodePort, 30_021);
    nodes.becomeReady(true);

    const off = await spegel('apply', enabled(false));
    assert.equal(off.code, 0, off.output);
    assert.match(off.output, /uninstall\n +cluster\.addon\.spegel\.enabled is false/);
    assert.equal(await daemonSet(), undefined);
    const none = await spegel('apply', enabled(false));
    assert.equal(none.code, 0);
    assert.match(none.output, /nothing to do/);

    assert.equal((await spegel('apply', enabled(true), '--no-wait')).code, 0);
    const removed = await spegel('uninstall', '');
    assert.equal(removed.code, 0, removed.output);
    assert.equal(await daemonSet(), undefined);
  });
}
