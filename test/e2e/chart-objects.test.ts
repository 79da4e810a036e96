import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { type Manifest, parseManifests, pathOf } from './support/manifests.ts';
import { until } from './support/until.ts';

// What the chart renders (chart.test.ts compares it with these files), before a real API server.

const golden = join(import.meta.dirname, 'golden/chart');

const manifestsOf = (file: string): readonly Manifest[] => parseManifests(readFileSync(join(golden, file), 'utf8'));

/** CustomResources need the operator's definitions. */
const isBuiltIn = ({ apiVersion }: Manifest): boolean => !apiVersion.startsWith('monitoring.coreos.com/');
const isHook = ({ metadata }: Manifest): boolean => metadata.annotations?.['helm.sh/hook'] !== undefined;

const create = async (api: ApiServer, manifest: Manifest, query: string): Promise<void> => {
  const { status, body } = await api.ask('POST', `${pathOf(manifest)}?fieldValidation=Strict${query}`, manifest);
  assert.ok(status === 201, `${manifest.kind} ${manifest.metadata.name}: ${status} ${String(body['message'])}`);
};

const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

it('the API server takes every manifest of every value set', { timeout: 600_000 }, async (t) => {
  const api = await startApiServer(t);
  assert.equal((await api.ask('POST', '/api/v1/namespaces', namespace('mirrors'))).status, 201);
  for (const file of readdirSync(golden)) {
    const manifests = manifestsOf(file).filter(isBuiltIn);
    // Others are made inside it.
    const isPlace = ({ kind }: Manifest): boolean => kind === 'Namespace';
    for (const manifest of manifests.filter(isPlace)) await create(api, manifest, '');
    for (const manifest of manifests.filter((one) => !isPlace(one))) await create(api, manifest, '&dryRun=All');
  }
});

type RulesReview = {
  readonly status: {
    readonly resourceRules: readonly {
      readonly verbs: readonly string[];
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly resourceNames?: readonly string[];
    }[];
  };
};

const agentUser = 'system:serviceaccount:mirrors:hs-handspegel';

/** What the ServiceAccount may do, beyond what everybody may. */
const rightsIn = async (api: ApiServer, name: string): Promise<readonly string[]> => {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: name } };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
  const { body } = await api.ask('POST', path, review, { user: agentUser });
  return (body as unknown as RulesReview).status.resourceRules
    .filter(({ apiGroups }) => !apiGroups.some((group) => /^(?:authorization|authentication)\.k8s\.io$/.test(group)))
    .flatMap(({ verbs, resources, resourceNames = [] }) =>
      verbs.map((verb) => [verb, resources, resourceNames].join(' ').trim()),
    )
    .toSorted();
};

it('the agent may do what its features need and nothing else, and patch no node but its own', {
  timeout: 600_000,
}, async (t) => {
  const api = await startApiServer(t);
  const taint = { key: 'handspegel.io/starting', effect: 'NoSchedule' };
  const other = { key: 'somebody.else/s', effect: 'NoSchedule' };
  await api.ask('POST', '/api/v1/namespaces', namespace('mirrors'));
  for (const name of ['n1', 'n2']) {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { a: 'b' } },
      spec: { taints: [taint, other] },
    };
    assert.equal((await api.ask('POST', '/api/v1/nodes', node)).status, 201);
  }
  const installed = manifestsOf('taint.yaml').filter((manifest) => !isHook(manifest));
  for (const manifest of installed) await create(api, manifest, '');

  const configMap = ['watch configmaps hs-handspegel'];
  const nodes = ['get nodes', 'patch nodes'];
  await until('the rights are known', async () => (await rightsIn(api, 'mirrors')).length > 0);
  assert.deepEqual(await rightsIn(api, 'mirrors'), [...configMap, ...nodes].toSorted());
  assert.deepEqual(await rightsIn(api, 'default'), ['list endpointslices', ...nodes].toSorted());
  assert.deepEqual(await rightsIn(api, 'kube-system'), nodes);

  // A token as kubelet gives it to the agent on n1.
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'agent-n1', namespace: 'mirrors' },
    spec: { nodeName: 'n1', serviceAccountName: 'hs-handspegel', containers: [{ name: 'agent', image: 'none' }] },
  };
  const made = await api.ask('POST', '/api/v1/namespaces/mirrors/pods', pod);
  assert.equal(made.status, 201, String(made.body['message']));
  const { uid } = made.body['metadata'] as { readonly uid: string };
  const wanted = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'agent-n1', uid } },
  };
  const granted = await api.ask('POST', '/api/v1/namespaces/mirrors/serviceaccounts/hs-handspegel/token', wanted);
  const { token } = granted.body['status'] as { readonly token: string };
  const patch = (node: string, change: unknown) =>
    api.ask('PATCH', `/api/v1/nodes/${node}`, change, { token, type: 'application/merge-patch+json' });
  // The API server taints new nodes itself, too.
  const { spec } = (await api.ask('GET', '/api/v1/nodes/n1')).body as { readonly spec: { taints: { key: string }[] } };
  const left = spec.taints.filter(({ key }) => key !== taint.key);
  const taints = (...list: readonly unknown[]) => ({ spec: { taints: list } });

  // A policy counts a moment after it is made.
  let last = '';
  const isRefused = async (): Promise<boolean> => {
    const { status, body } = await patch('n2', { metadata: { labels: { x: 'y' } } });
    last = `${status} ${String(body['message'])}`;
    return status === 403 || status === 422;
  };
  await until('the policy counts', isRefused, { otherwise: () => last });
  const refused = async (node: string, change: unknown, because: RegExp): Promise<void> => {
    const { status, body } = await patch(node, change);
    assert.ok(status === 403 || status === 422, `${node}: ${status}`);
    assert.match(String(body['message']), because);
  };
  await refused('n2', taints(...left), /its own node only/);
  await refused('n1', taints(), /leaves all others alone/);
  await refused('n1', taints(...left, { ...other, key: 'new' }), /leaves all others alone/);
  await refused('n1', { ...taints(...left), metadata: { labels: { more: 'x' } } }, /changes nothing of a node but/);
  await refused('n1', { spec: { taints: left, unschedulable: true } }, /changes nothing of a node but/);
  await refused('n1', { ...taints(...left), metadata: { finalizers: ['a.b/c'] } }, /changes nothing of a node but/);
  await refused('n1', { spec: { taints: left, providerID: 'x://y' } }, /changes nothing of a node but/);
  const done = await patch('n1', taints(...left));
  assert.equal(done.status, 200, String(done.body['message']));
});

it('with Events and without a startup taint the agent may tell Events, and patches no node', {
  timeout: 600_000,
}, async (t) => {
  const api = await startApiServer(t);
  await api.ask('POST', '/api/v1/namespaces', namespace('mirrors'));
  const installed = manifestsOf('default.yaml').filter((manifest) => !isHook(manifest));
  for (const manifest of installed) await create(api, manifest, '');
  await until('the rights are known', async () => (await rightsIn(api, 'mirrors')).length > 0);
  assert.deepEqual(await rightsIn(api, 'mirrors'), ['get nodes', 'watch configmaps hs-handspegel']);
  assert.deepEqual(await rightsIn(api, 'default'), [
    'create events',
    'get nodes',
    'list endpointslices',
    'patch events',
  ]);
  assert.deepEqual(await rightsIn(api, 'kube-system'), ['get nodes']);
});

it('without kubernetes.enabled the agent may do nothing', { timeout: 600_000 }, async (t) => {
  const api = await startApiServer(t);
  await api.ask('POST', '/api/v1/namespaces', namespace('mirrors'));
  for (const manifest of manifestsOf('no-api.yaml').filter((one) => !isHook(one))) await create(api, manifest, '');
  for (const name of ['mirrors', 'default']) assert.deepEqual(await rightsIn(api, name), []);
});
