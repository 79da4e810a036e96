import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startProcess } from './support/agent.ts';
import { scratch } from './support/agent-image.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { builtHelm } from './support/built.ts';
import { kubeconfigOf } from './support/kubeconfig.ts';
import { type Manifest, parseManifests, pathOf } from './support/manifests.ts';
import { playNodes } from './support/played-nodes.ts';

// `spegel.manage: job`: what the chart's Job does, with its own words and its own ServiceAccount, before a real API server.

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const ourChart = new URL('../../chart', import.meta.url).pathname;
const spegelChart = new URL('../support/spegel-chart', import.meta.url).pathname;

const values = {
  spegel: {
    manage: 'job',
    uninstall: true,
    helm: { image: 'helm.example/helm:4', chartPath: '/spegel' },
    // The stand-in's chart has a ConfigMap, Spegel's own has none.
    extraRules: [
      {
        apiGroups: [''],
        resources: ['configmaps'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
      },
    ],
  },
};

const render = async (t: TestContext): Promise<readonly Manifest[]> => {
  const file = join(scratch(t, 'values'), 'values.yaml');
  writeFileSync(file, JSON.stringify(values));
  const words = ['template', 'hs', ourChart, '--namespace', 'mirrors', '--kube-version', '1.34.4', '--values', file];
  const { code, stdout, output } = await startProcess(t, [builtHelm(4), ...words], { KUBECONFIG: '/dev/null' }).ended;
  assert.equal(code, 0, output);
  return parseManifests(stdout);
};

const isOfHook = (hook: string) => (manifest: Manifest) =>
  manifest.metadata.annotations?.['helm.sh/hook']?.split(',').includes(hook) === true;

const create = async (api: ApiServer, manifest: object): Promise<void> => {
  const { status, body } = await api.ask('POST', pathOf(manifest as Manifest), manifest);
  assert.equal(status, 201, JSON.stringify(body));
};

const tokenOf = async (api: ApiServer, name: string): Promise<string> => {
  const wanted = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } };
  const made = await api.ask('POST', `/api/v1/namespaces/mirrors/serviceaccounts/${name}/token`, wanted);
  return (made.body['status'] as { readonly token: string }).token;
};

type JobSpec = {
  readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
};

/** What the Job's container is told, with the places that are other ones here. */
const wordsOf = (
  manifests: readonly Manifest[],
  hook: string,
  places: Readonly<Record<string, string>>,
): readonly string[] => {
  const job = manifests.find((one) => one.kind === 'Job' && isOfHook(hook)(one) && /-spegel/.test(one.metadata.name));
  const spec = job?.spec as JobSpec | undefined;
  const args = spec?.template.spec.containers[0]?.args ?? [];
  assert.ok(args.length > 5, hook);
  return args.map((word) => places[word] ?? word);
};

const granted = (manifests: readonly Manifest[]): readonly string[] => {
  const roles = manifests.filter(
    ({ metadata, rules }) => rules !== undefined && metadata.name.startsWith('hs-handspegel-spegel'),
  );
  const rights = roles.flatMap(({ kind, metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => {
          const where = kind === 'ClusterRole' ? 'cluster' : (metadata.namespace ?? '');
          return `${verb} ${group === '' ? '' : `${group}/`}${resource} ${where}`;
        }),
      ),
    ),
  );
  return [...new Set(rights)].toSorted();
};

const enabled = (value: boolean, port = 30_021): string =>
  `cluster: {addon: {spegel: {enabled: ${value}, helm_values: {service: {registry: {nodePort: ${port}}}}}}}\n`;

test("the Job's words and rights carry Spegel through its life with Helm 3 and 4, and no right is for nothing", {
  timeout: 900_000,
}, async (t) => {
  const manifests = await render(t);
  const api = await startApiServer(t, { audit: true });
  const nodes = playNodes(t, api);
  await nodes.add('n1', 'containerd://2.4.2');
  await nodes.add('n2', 'containerd://2.4.2');
  await create(api, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mirrors' } });
  for (const manifest of manifests.filter(({ kind }) => kind === 'Namespace')) await create(api, manifest);
  for (const hook of ['post-install', 'pre-delete']) {
    for (const manifest of manifests.filter(isOfHook(hook))) {
      if (manifest.kind !== 'Job' && /-spegel/.test(manifest.metadata.name)) await create(api, manifest);
    }
  }
  const dir = scratch(t, 'job');
  const config = join(dir, 'config.yaml');
  const work = async (name: string, hook: string, major: 3 | 4, text: string, ...more: readonly string[]) => {
    writeFileSync(config, text);
    const places = { '/tools/helm': builtHelm(major), '/tools/spegel': spegelChart, '/etc/handspegel/config': config };
    const env = {
      KUBECONFIG: kubeconfigOf(dir, api.url, await tokenOf(api, name)),
      HELM_CACHE_HOME: dir,
      HELM_CONFIG_HOME: dir,
      HELM_DATA_HOME: dir,
    };
    return startProcess(t, [process.execPath, main, ...wordsOf(manifests, hook, places), ...more], env).ended;
  };
  const install = (major: 3 | 4, text: string, ...more: readonly string[]) =>
    work('hs-handspegel-spegel', 'post-install', major, text, ...more);
  const daemonSet = async (): Promise<number> =>
    (await api.ask('GET', '/apis/apps/v1/namespaces/spegel/daemonsets/spegel')).status;

  for (const major of [4, 3] as const) {
    const first = await install(major, enabled(true));
    assert.equal(first.code, 0, first.output);
    assert.equal(await daemonSet(), 200);
    assert.match((await install(major, enabled(true))).output, /nothing to do/);
    nodes.becomeReady(false);
    const failed = await install(
      major,
      enabled(true, 30_031).replace('helm_values: {', 'helm_values: {resources: {}, priorityClassName: x, '),
      '--timeout',
      '10s',
    );
    assert.equal(failed.code, 1, failed.output);
    nodes.becomeReady(true);
    const second = await install(major, enabled(true, 30_041));
    assert.equal(second.code, 0, second.output);
    // Switched off by an upgrade of our chart.
    const off = await install(major, enabled(false));
    assert.equal(off.code, 0, off.output);
    assert.match(off.output, /uninstall\n/);
    assert.equal(await daemonSet(), 404);
    assert.match((await install(major, enabled(false))).output, /nothing to do/);
    // Our own uninstall, told to take Spegel along.
    assert.equal((await install(major, enabled(true))).code, 0);
    const gone = await work('hs-handspegel-spegel-goes', 'pre-delete', major, '');
    assert.equal(gone.code, 0, gone.output);
    assert.equal(await daemonSet(), 404);
  }
  const users = ['hs-handspegel-spegel', 'hs-handspegel-spegel-goes'];
  const used = users.flatMap((name) => api.requestsOf(`system:serviceaccount:mirrors:${name}`));
  // Helm 4 lists before it watches where the API server cannot stream a list (before 1.34).
  const needed = [
    ...used,
    ...used.flatMap((right) => (right.startsWith('watch ') ? [right.replace('watch', 'list')] : [])),
  ];
  const unused = granted(manifests).filter((right) => !needed.includes(right));
  assert.deepEqual(unused, [], 'granted and never used');
});
