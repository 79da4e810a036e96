import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { handspegel } from '../support/command-line.ts';
import { scratchDirectory } from '../support/directory.ts';
import { createFakeHelm, type FakeAnswers } from '../support/fake-helm.ts';

type World = FakeAnswers & {
  readonly config?: string;
  /** Names and runtimes. */
  readonly nodes?: Readonly<Record<string, string>>;
  readonly daemonSets?: readonly unknown[] | 'forbidden';
  readonly namespaces?: readonly string[];
};

const pageSize = 2;

/** The cluster as far as it is asked: nodes page by page, DaemonSets, namespaces. */
const startApi = async (
  t: TestContext,
  { nodes = { n1: 'containerd', n2: 'containerd' }, daemonSets = [], namespaces = [] }: World,
) => {
  const all = Object.entries(nodes).map(([name, runtime]) => ({
    metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
    status: { nodeInfo: { containerRuntimeVersion: `${runtime}://1.2.3` } },
  }));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const say = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname === '/api/v1/nodes') {
      const from = Number(searchParams.get('continue') ?? 0);
      const next = from + pageSize < all.length ? { continue: String(from + pageSize) } : {};
      return say(200, { metadata: next, items: all.slice(from, from + pageSize) });
    }
    if (pathname === '/apis/apps/v1/daemonsets') {
      return daemonSets === 'forbidden' ? say(403, { message: 'no' }) : say(200, { items: daemonSets });
    }
    const name = pathname.split('/').at(-1) ?? '';
    return namespaces.includes(name) ? say(200, {}) : say(404, { message: `namespaces "${name}" not found` });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const enter = async (t: TestContext, world: World) => {
  const dir = scratchDirectory();
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'config.yaml');
  writeFileSync(file, world.config ?? '');
  const helm = createFakeHelm(dir, world);
  const api = await startApi(t, world);
  const run = (command: string, ...more: readonly string[]) => {
    const config = command === 'uninstall' ? [] : ['--config', file];
    const cluster = /values|manifest/.test(command) ? [] : ['--helm', helm.program, '--api-server', api];
    return handspegel(['spegel', command, ...config, ...cluster, ...more]);
  };
  return { helm, run, file, api };
};

const enabled = (value: boolean): string => `cluster: {addon: {spegel: {enabled: ${value}}}}\n`;
const ourValues = {
  service: { registry: { hostPort: 30020, nodePort: 30021 } },
  spegel: { containerdMirrorAdd: true, containerdRegistryConfigPath: '/etc/containerd/certs.d' },
};
const release = { chart: 'spegel-0.7.4', status: 'deployed', description: 'handspegel 0.1.0', values: ourValues };
const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text) as Record<string, unknown>;

describe('spegel plan', () => {
  it('says what would be done and why with exit code 3, and changes nothing', async (t) => {
    const { helm, run } = await enter(t, { nodes: { n1: 'containerd', n2: 'containerd', n3: 'cri-o' } });
    const { code, out, error } = await run('plan');
    assert.equal(code, 3, error);
    assert.equal(
      out,
      `spegel in namespace spegel: install
  2 nodes run containerd: n1, n2; kept out by node affinity: n3 (cri-o)
  chart  0.7.4
`,
    );
    assert.deepEqual(helm.changes(), []);
  });

  it('has nothing to do when the release is as wanted', async (t) => {
    const { run } = await enter(t, { release });
    const { code, out } = await run('plan');
    assert.equal(code, 0);
    assert.match(out, /^spegel in namespace spegel: nothing to do\n/);
  });

  it('shows each value that differs, without credentials, for people and programs', async (t) => {
    const config =
      'cluster: {addon: {spegel: {helm_values: {service: {registry: {nodePort: 30031}}, x: {password: geheim}}}}}\n';
    const { run } = await enter(t, { release: { ...release, chart: 'spegel-0.7.3' }, config });
    const { code, out } = await run('plan');
    assert.equal(code, 3);
    assert.match(out, /upgrade\n {2}another chart version, 2 values differ\n/);
    assert.match(out, /chart +0\.7\.3 -> 0\.7\.4\n/);
    assert.match(out, /service\.registry\.nodePort +30021 -> 30031\n/);
    const told = json((await run('plan', '--json')).out);
    assert.equal(told['action'], 'upgrade');
    assert.deepEqual((told['enabled'] as { nodes: unknown }).nodes, ['n1', 'n2']);
    for (const text of [out, JSON.stringify(told)]) assert.doesNotMatch(text, /geheim/);
  });

  it('asks no cluster for its nodes when they are given', async (t) => {
    const { run } = await enter(t, {});
    const { out } = await run('plan', '--runtime', 'a=containerd,b=cri-o');
    assert.match(out, /1 node runs containerd: a; kept out by node affinity: b \(cri-o\)/);
    const none = await run('plan', '--runtime', 'cri-o');
    assert.equal(none.code, 0);
    assert.match(none.out, /no node runs containerd: node-1 \(cri-o\)/);
  });

  it('fails, with what to do, where it may not act: exit code 1', async (t) => {
    const foreign = { metadata: { name: 's', namespace: 'x', labels: { 'app.kubernetes.io/component': 'spegel' } } };
    const cases: readonly [World, RegExp][] = [
      [{ release: { ...release, chart: 'other-1.0.0' } }, /of chart other-1\.0\.0, not of Spegel's/],
      [{ release: { ...release, status: 'pending-upgrade' } }, /helm rollback spegel/],
      [{ daemonSets: [foreign] }, /Spegel runs already: DaemonSet x\/s of nobody/],
      [{ daemonSets: 'forbidden' }, /--take-over/],
    ];
    for (const [world, expected] of cases) {
      const { run, helm } = await enter(t, world);
      for (const command of ['plan', 'apply']) {
        const { code, out } = await run(command);
        assert.equal(code, 1, out);
        assert.match(out, /refuse\n/);
        assert.match(out, expected);
      }
      assert.deepEqual(helm.changes(), []);
    }
  });

  it('fails where the chart has other ports than the agents count on', async (t) => {
    const { run } = await enter(t, { config: 'handspegel: {spegel: {layout: single-port}}\n' });
    const { code, error } = await run('plan');
    assert.equal(code, 1);
    assert.match(error, /error spegel-chart-layout chart 0\.7\.4 has a host port and a node port/);
    assert.equal((await run('plan', '--chart-version', '0.8.0')).code, 3);
    assert.equal((await run('plan', '--chart', 'some/directory')).code, 1, 'its own values have a host port');
  });

  it('fails with what is wrong when there is no Helm, or one that is too old', async (t) => {
    const { run } = await enter(t, { version: 'v3.12.3' });
    const old = await run('plan');
    assert.deepEqual(
      [old.code, old.error],
      [1, 'handspegel: this is Helm 3.12: 3.13 or later, or 4 is needed (--helm)\n'],
    );
    const none = await run('plan', '--helm', '/no/such/helm');
    assert.equal(none.code, 1);
    assert.match(none.error, /there is no \/no\/such\/helm: install Helm 3 or 4/);
  });

  it('refuses a configuration that the agents would refuse', async (t) => {
    const { run, helm } = await enter(t, { config: 'handspegel: {gate: maybe}\n' });
    const { code, error } = await run('apply');
    assert.equal(code, 1);
    assert.match(error, /config\.yaml:1:20: error config-value/);
    assert.deepEqual(helm.calls(), []);
  });
});

describe('spegel apply', () => {
  it('installs with the values that "spegel values" prints, waits, and has the rest rolled back', async (t) => {
    for (const [version, word] of [
      ['v4.3.1', '--rollback-on-failure'],
      ['v3.22.0', '--atomic'],
    ] as const) {
      const { helm, run, api } = await enter(t, { version });
      const { code, out, error } = await run('apply', '--timeout', '90s');
      assert.equal(code, 0, error);
      assert.match(out, /installing, for 90 s at most\ndone\n$/);
      const [change] = helm.changes();
      const words = [
        'upgrade --install spegel oci://ghcr.io/spegel-org/helm-charts/spegel --version 0.7.4 --namespace spegel',
        `--kube-apiserver ${api} --create-namespace --values - --reset-values`,
        `--description handspegel 0.1.0 --timeout 90s --wait ${word}`,
      ];
      assert.equal(change?.words.join(' '), words.join(' '));
      assert.equal(change?.input, (await run('values')).out);
      assert.equal(helm.changes().length, 1);
    }
  });

  it('makes no namespace that is there', async (t) => {
    const { helm, run } = await enter(t, { namespaces: ['kube-system'] });
    assert.equal((await run('apply', '--namespace', 'kube-system')).code, 0);
    assert.deepEqual(
      helm.changes()[0]?.words.filter((word) => word === '--create-namespace'),
      [],
    );
  });

  it('takes the chart from where it is told', async (t) => {
    const { helm, run } = await enter(t, {});
    await run('apply', '--chart', 'https://charts.example.com/x/spegel', '--chart-version', '0.7.3');
    await run('apply', '--chart', '/some/directory');
    const [first, second] = helm.changes().map(({ words }) => words.slice(3, 8));
    assert.deepEqual(first, ['spegel', '--repo', 'https://charts.example.com/x', '--version', '0.7.3']);
    assert.equal(second?.[0], '/some/directory');
  });

  it('does nothing when nothing differs', async (t) => {
    const { helm, run } = await enter(t, { release });
    const { code, out } = await run('apply');
    assert.equal(code, 0);
    assert.match(out, /nothing to do/);
    assert.deepEqual(helm.changes(), []);
  });

  it('uninstalls when enabled is false', async (t) => {
    const { helm, run, api } = await enter(t, { release, config: enabled(false) });
    assert.equal((await run('apply')).code, 0);
    assert.deepEqual(
      helm.changes().map(({ words }) => words),
      [['uninstall', 'spegel', '--namespace', 'spegel', '--kube-apiserver', api, '--timeout', '300s', '--wait']],
    );
  });

  it('uninstalls whatever chart is named, and needs none for it', async (t) => {
    const config = `${enabled(false)}handspegel: {spegel: {layout: single-port}}\n`;
    const { helm, run } = await enter(t, { release, config });
    assert.equal((await run('apply')).code, 0);
    assert.equal((await run('apply', '--chart', '/no/such/chart')).code, 0);
    assert.deepEqual(
      helm.changes().map(({ words: [verb] }) => verb),
      ['uninstall', 'uninstall'],
    );
  });

  it('tries it with --dry-run and says that it would work', async (t) => {
    const { helm, run } = await enter(t, {});
    const { code, out } = await run('apply', '--dry-run');
    assert.equal(code, 0);
    assert.match(out, /nothing is changed\nit would work\n$/);
    assert.ok(helm.changes()[0]?.words.includes('--dry-run=server'));
    assert.doesNotMatch(helm.changes()[0]?.words.join(' ') ?? '', /--wait|--rollback/);
  });

  it('does not wait for a Spegel that is alone: it never becomes ready', async (t) => {
    const { helm, run } = await enter(t, { nodes: { n1: 'containerd' } });
    const { out } = await run('apply');
    assert.match(out, /not waited for: a Spegel without another node never becomes ready/);
    assert.doesNotMatch(helm.changes()[0]?.words.join(' ') ?? '', /--wait|--rollback/);
  });

  it("fails with Helm's own words and without credentials", async (t) => {
    const config = 'cluster: {addon: {spegel: {helm_values: {x: {password: geheim}}}}}\n';
    const { run } = await enter(t, { config, refusal: 'Error: cannot use geheim at https://u:p4ss@h/ here\n' });
    const { code, error } = await run('apply');
    assert.equal(code, 1);
    assert.match(error, /^handspegel: helm upgrade failed \(exit code 1\): Error: cannot use \(redacted\)/);
    assert.match(error, /put back what was there/);
    assert.doesNotMatch(error, /geheim|p4ss/);
  });

  it('prints one JSON object for programs', async (t) => {
    const { run } = await enter(t, {});
    const told = json((await run('apply', '--json')).out);
    assert.deepEqual(
      [told['action'], told['done'], told['dryRun'], told['chartVersion']],
      ['install', true, false, '0.7.4'],
    );
  });

  it('finds Helm on PATH', async (t) => {
    const { file, helm, api } = await enter(t, { release });
    const PATH = join(helm.program, '..');
    const { code, out } = await handspegel(['spegel', 'apply', '--config', file, '--api-server', api], { PATH });
    assert.equal(code, 0, out);
    assert.ok(helm.calls().length > 0);
  });

  it("reaches another API server from inside a pod by the pod's own variables", async (t) => {
    const { file, helm, api } = await enter(t, { release });
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    await handspegel(['spegel', 'apply', '--config', file, '--api-server', api, '--helm', helm.program], env);
    assert.doesNotMatch(helm.calls().join(' '), /kube-apiserver/);
  });
});

describe('spegel uninstall', () => {
  it('uninstalls whatever the configuration says, and does nothing when there is nothing', async (t) => {
    const there = await enter(t, { release: { ...release, description: 'Install complete' } });
    assert.equal((await there.run('uninstall')).code, 0);
    assert.equal(there.helm.changes()[0]?.words[0], 'uninstall');
    const gone = await enter(t, {});
    const { code, out } = await gone.run('uninstall');
    assert.equal(code, 0);
    assert.match(out, /nothing to do/);
    assert.deepEqual(gone.helm.changes(), []);
  });

  it("never uninstalls a release of another chart, nor one of Flux's", async (t) => {
    const labels = { 'app.kubernetes.io/component': 'spegel', 'helm.toolkit.fluxcd.io/name': 'mirror' };
    const annotations = { 'meta.helm.sh/release-name': 'spegel', 'meta.helm.sh/release-namespace': 'spegel' };
    const byFlux = { metadata: { name: 'spegel', namespace: 'spegel', labels, annotations } };
    for (const world of [{ release: { ...release, chart: 'other-1.0.0' } }, { release, daemonSets: [byFlux] }]) {
      const { run, helm } = await enter(t, world);
      assert.equal((await run('uninstall')).code, 1);
      assert.deepEqual(helm.changes(), []);
    }
  });
});

describe('spegel values and manifest', () => {
  it('print YAML alone, and problems on standard error', async (t) => {
    const config = 'cluster: {addon: {spegel: {helm_values: {spegel: {resolveTags: false, logLevel: null}}}}}\n';
    const { run } = await enter(t, { config });
    const { code, out, error } = await run('values');
    assert.equal(code, 0);
    assert.deepEqual((parse(out) as typeof ourValues).spegel, { ...ourValues.spegel, resolveTags: false });
    assert.match(error, /warning helm-values-null .*spegel\.logLevel/);
    assert.deepEqual(json((await run('values', '--json')).out), parse(out));
  });

  it('refuse a chart and directories that are none, and name the command that has the flags', async (t) => {
    const { run } = await enter(t, {});
    for (const [flag, value] of [
      ['--chart', 'ftp://charts.internal/spegel'],
      ['--certs-dir', 'certs.d'],
      ['--chrat', 'x'],
    ] as const) {
      const { code, out, error } = await run('values', flag, value);
      assert.deepEqual([code, out], [2, ''], error);
      assert.ok(error.includes(flag), error);
      assert.match(error, /Try "handspegel spegel values --help"\.\n$/);
    }
    const { code, error } = await run('apply', '--timeout', '5x', '--helm', '/nowhere/helm');
    assert.equal(code, 2);
    assert.match(error, /--timeout takes a duration/);
  });

  it('say that the API server is not reached, and where it is named', async (t) => {
    const { run } = await enter(t, {});
    const { code, out, error } = await run('plan', '--api-server', 'http://127.0.0.1:1');
    assert.deepEqual([code, out], [1, ''], error);
    assert.match(error, /the API server is not reached: .*127\.0\.0\.1:1\. Say where it is: .*--api-server/);
  });

  it('keep nodes out that are named', async (t) => {
    const { run } = await enter(t, {});
    for (const command of ['values', 'manifest'] as const) {
      const more = command === 'manifest' ? ['--for', 'helmfile'] : [];
      assert.match(
        (await run(command, ...more, '--runtime', 'a=containerd,b=cri-o')).out,
        /operator: NotIn\n +values:\n +- b\n/,
      );
    }
  });

  it('say whether Spegel is wanted', async (t) => {
    const { run } = await enter(t, { config: enabled(false) });
    assert.match((await run('values')).error, /warning spegel-not-wanted .*cluster\.addon\.spegel\.enabled is false/);
    assert.match(
      (await run('manifest', '--for', 'flux')).out,
      /^# No Spegel: cluster\.addon\.spegel\.enabled is false\. .*\n$/,
    );
  });
});

describe('contradictions between the chart values and the files', () => {
  const prefix = 'templates/root_dir/etc/containerd/certs.d';
  const text = `cluster:
  addon:
    spegel:
      helm_values:
        basicAuthSecretName: auth
        service:
          registry:
            nodePort: 30031
        spegel:
          containerdMirrorAdd: true
          containerdRegistryConfigPath: /etc/other/certs.d
extensions:
  great:
    path: ${prefix}/great.io/hosts.toml
    content: |
      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull', 'resolve']
      [host.'http://{{ .config.node_address_ip }}:30021']
      capabilities = ['pull', 'resolve']
handspegel:
  certsDir:
    preset: k0s
`;
  const expected = [
    '11:11 certs-dir-differs 22:5',
    '13: spegel-moves-registries 10:11',
    '16:7 spegel-auth-missing 5:9',
    '18:7 spegel-ports-differ 8:13',
  ];
  type Told = { code: string; line: number; column?: number; related?: { line: number; column: number }[] };
  const places = (problems: readonly Told[]) =>
    problems
      .filter(({ related }) => related !== undefined)
      .map(
        ({ code, line, column, related = [] }) =>
          `${line}:${column ?? ''} ${code} ${related.map((one) => `${one.line}:${one.column}`).join()}`,
      )
      .toSorted();

  it('are told with both places by lint, also inside a ConfigMap, and by the spegel commands', async (t) => {
    const { run, file } = await enter(t, { config: text });
    const linted = json((await handspegel(['lint', file, '--json'])).out)['problems'] as Told[];
    assert.deepEqual(places(linted), expected);
    const planned = json((await run('plan', '--json')).out)['problems'] as Told[];
    assert.deepEqual(places(planned), expected);
    const { error } = await run('values');
    assert.match(
      error,
      /config\.yaml:18:7: warning spegel-ports-differ .*30021.*30020 and 30031\n {4}\S*config\.yaml:8:13: the value nodePort of Spegel's chart\n {4}\S/,
    );

    const map = `kind: ConfigMap\ndata:\n  config.yaml: |\n${text.replaceAll(/^(?=.)/gm, '    ')}`;
    writeFileSync(file, map);
    const inMap = json((await handspegel(['lint', file, '--json'])).out)['problems'] as Told[];
    assert.ok(places(inMap).includes('21:11 spegel-ports-differ 11:17'), places(inMap).join());
  });

  it('are none in the examples of the document, nor for another service of the node', async (t) => {
    const other = `extensions:\n  a:\n    path: ${prefix}/a.io/hosts.toml\n    content: |\n      [host.'http://{{ .config.node_address_ip }}:30020']\n      [host.'http://{{ .config.node_address_ip }}:5000']\n`;
    const { run, file } = await enter(t, { config: other });
    assert.doesNotMatch((await run('values')).error, /(?:warning|error) spegel-/);
    for (const name of ['06-specific-mirror', '07-go-template', '08-specific-registries']) {
      const path = new URL(`../document/${name}.yaml`, import.meta.url).pathname;
      const { code, error } = await handspegel(['spegel', 'values', '--config', path]);
      assert.equal(code, 0);
      assert.doesNotMatch(error, /(?:warning|error) spegel-/, name);
    }
    writeFileSync(file, enabled(false) + text.slice(text.indexOf('extensions:')));
    assert.doesNotMatch(
      (await run('values')).error,
      /(?:warning|error) spegel-(?!not-wanted)/,
      'without Spegel there is none to contradict',
    );
  });

  it("tell a value of the document's example that stands where no chart reads it", async () => {
    const path = new URL('../document/02-helm-values-map.yaml', import.meta.url).pathname;
    const { code, out } = await handspegel(['lint', path]);
    assert.equal(code, 0);
    assert.match(out, /02-helm-values-map\.yaml:7:13: info spegel-value-moved /);
  });

  it("tell a filter of the document's example that matches no image, wherever it stands", async (t) => {
    const path = new URL('../document/02-helm-values-map.yaml', import.meta.url).pathname;
    const { out } = await handspegel(['lint', path]);
    assert.match(
      out,
      /02-helm-values-map\.yaml:7:13: warning spegel-filter-matches-nothing the filter \^docker\\\\\.io\/ asks/,
    );
    assert.match(out, /spegel-filter-matches-nothing the filter \^ghcr\\\\\.io\/ asks/);
    assert.doesNotMatch(out, /filter \.\*:latest\$ asks/);
    const filters = String.raw`['^docker\.io/', "^quay\\.io/", '^a\.io/', '[\]', 'x\\?', 'a|\\b', '\\.io']`;
    const { file } = await enter(t, {
      config: `cluster: {addon: {spegel: {helm_values: {spegel: {registryFilters: ${filters}}}}}}\n`,
    });
    const problems = json((await handspegel(['lint', '--json', file])).out)['problems'] as {
      code: string;
      message: string;
    }[];
    assert.deepEqual(
      problems
        .filter(({ code }) => code === 'spegel-filter-matches-nothing')
        .map(({ message }) => message.split(' ')[2]),
      [String.raw`\\.io`],
    );
  });

  it('are related locations in SARIF', async (t) => {
    const { file } = await enter(t, { config: text });
    const { out } = await handspegel(['lint', '--format', 'sarif', file]);
    assert.match(out, /"relatedLocations": \[\s+\{\s+"physicalLocation"/);
  });
});
