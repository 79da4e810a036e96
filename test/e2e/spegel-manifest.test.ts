import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { run } from './support/agent.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { parseManifests, pathOf } from './support/manifests.ts';
import { until } from './support/until.ts';

// Spegel's installation as Argo CD, Flux and helmfile get it, before their own definitions (prepare.sh fetches them).

const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
const schemas = join(cache, 'handspegel/schemas');
const main = new URL('../../src/main.ts', import.meta.url).pathname;
const documentOf = (name: string): string => new URL(`../document/${name}.yaml`, import.meta.url).pathname;

const manifest = (t: TestContext, tool: string, document: string, ...more: readonly string[]): Promise<string> =>
  run(t, [process.execPath, main, 'spegel', 'manifest', '--for', tool, '--config', documentOf(document), ...more]);

const define = async (api: ApiServer): Promise<void> => {
  const files = globSync('**/*.yaml', { cwd: schemas });
  assert.equal(files.length, 4, `${schemas}: ${files.join()}`);
  for (const file of files) {
    const definition: unknown = parse(readFileSync(join(schemas, file), 'utf8'));
    const { status, body } = await api.ask(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definition,
    );
    assert.equal(status, 201, `${basename(file)}: ${JSON.stringify(body).slice(0, 500)}`);
  }
};

test('Argo CD and Flux take the manifests, and nulls of the values survive', { timeout: 600_000 }, async (t) => {
  const api = await startApiServer(t);
  await define(api);
  for (const name of ['argocd', 'flux-system']) {
    const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    assert.equal((await api.ask('POST', '/api/v1/namespaces', made)).status, 201);
  }
  const kinds = new Set<string>();
  for (const tool of ['argocd', 'flux']) {
    for (const more of [[], ['--chart', 'https://charts.example.com/spegel'], ['--runtime', 'a=containerd,b=cri-o']]) {
      for (const document of ['02-helm-values-map', '03-helm-values-string']) {
        for (const object of parseManifests(await manifest(t, tool, document, ...more))) {
          kinds.add(object.kind);
          // A definition counts a moment after it is made.
          let said = '';
          const isTaken = async (): Promise<boolean> => {
            const { status, body } = await api.ask(
              'POST',
              `${pathOf(object)}?dryRun=All&fieldValidation=Strict`,
              object,
            );
            said = `${object.kind}: ${status} ${String(body['message'])}`;
            if (status === 400 || status === 422) throw new Error(said);
            return status === 201;
          };
          await until('the object is taken', isTaken, { otherwise: () => said });
        }
      }
    }
  }
  assert.deepEqual([...kinds].toSorted(), [
    'Application',
    'ConfigMap',
    'HelmRelease',
    'HelmRepository',
    'OCIRepository',
  ]);

  // As Flux and Argo CD themselves bring objects to a cluster: server-side apply.
  for (const tool of ['argocd', 'flux']) {
    for (const object of parseManifests(await manifest(t, tool, '03-helm-values-string'))) {
      const at = `${pathOf(object)}/${object.metadata.name}`;
      const apply = { type: 'application/apply-patch+yaml' };
      const { status } = await api.ask('PATCH', `${at}?fieldManager=test&force=true`, object, apply);
      assert.equal(status, 201);
    }
  }
  const { body: application } = await api.ask(
    'GET',
    '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/spegel',
  );
  const { body: map } = await api.ask('GET', '/api/v1/namespaces/flux-system/configmaps/spegel-values');
  const { spec } = application as unknown as {
    readonly spec: { readonly source: { readonly helm: { readonly values: string } } };
  };
  const { data } = map as { readonly data: Readonly<Record<string, string>> };
  for (const values of [spec.source.helm.values, data['values.yaml'] ?? '']) {
    const { resources } = parse(values) as { readonly resources: unknown };
    assert.deepEqual(resources, { limits: { memory: null }, requests: { memory: null } });
  }
});

/** The keys that a struct of helmfile's own source reads. */
const keysOf = (source: string, struct: string): readonly string[] => {
  const body = new RegExp(`^type ${struct} struct \\{$(.*?)^\\}$`, 'ms').exec(source)?.[1] ?? '';
  return [...body.matchAll(/`yaml:"([A-Za-z]+)[",]/g)].map(([, key = '']) => key);
};

test('helmfile knows every key that is written for it', async (t) => {
  const [file = ''] = globSync('**/state.go', { cwd: schemas });
  const source = readFileSync(join(schemas, file), 'utf8');
  for (const more of [[], ['--chart', 'https://charts.example.com/spegel'], ['--chart', './somewhere']]) {
    const text = await manifest(t, 'helmfile', '03-helm-values-string', ...more);
    const {
      repositories = [],
      releases,
      ...rest
    } = parse(text) as {
      readonly repositories?: readonly object[];
      readonly releases: readonly object[];
    };
    assert.deepEqual(rest, {});
    for (const [struct, objects] of [
      ['RepositorySpec', repositories],
      ['ReleaseSpec', releases],
    ] as const) {
      const known = keysOf(source, struct);
      assert.ok(known.length > 3, struct);
      for (const key of objects.flatMap(Object.keys)) assert.ok(known.includes(key), `${key} of ${struct}`);
    }
    assert.match(text, /memory: null/);
  }
});
