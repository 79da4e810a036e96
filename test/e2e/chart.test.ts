import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../src/core/config/config.ts';
import { betweenMarks } from '../chart/values-table.ts';
import { compareGolden } from '../support/golden.ts';
import { type Ended, startProcess } from './support/agent.ts';
import { scratch } from './support/agent-image.ts';
import { type Manifest, parseManifests } from './support/manifests.ts';

// The chart as real Helm renders it.

const project = new URL('../../', import.meta.url).pathname;
const chart = join(project, 'chart');
const golden = join(import.meta.dirname, 'golden/chart');
const sets = join(import.meta.dirname, 'chart-values');
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const helmProgram = join(cache, 'handspegel/bin/helm');

const helm = async (t: TestContext, ...words: readonly string[]): Promise<Ended> => {
  const home = scratch(t, 'helm');
  const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, KUBECONFIG: '/dev/null' };
  return startProcess(t, [helmProgram, ...words], env).ended;
};

const versionOf = (name: string): string => (name === 'old-kubernetes' ? '1.27.16' : '1.34.4');

const template = (t: TestContext, ...words: readonly string[]): Promise<Ended> =>
  helm(t, 'template', 'hs', chart, '--namespace', 'mirrors', ...words);

const rendered = async (t: TestContext, ...words: readonly string[]): Promise<readonly Manifest[]> => {
  const { code, stdout, output } = await template(t, '--kube-version', '1.34.4', ...words);
  assert.equal(code, 0, output);
  return parseManifests(stdout);
};

describe('the chart', () => {
  it('passes helm lint --strict', async (t) => {
    const { code, output } = await helm(t, 'lint', '--strict', chart);
    assert.equal(code, 0, output);
  });

  for (const file of readdirSync(sets)) {
    const name = file.replace('.yaml', '');
    it(`renders ${name} as ever`, async (t) => {
      const { code, stdout, output } = await template(
        t,
        '--kube-version',
        versionOf(name),
        '--values',
        join(sets, file),
      );
      assert.equal(code, 0, output);
      assert.ok(parseManifests(stdout).length > 3);
      compareGolden(join(golden, file), stdout);
    });
  }

  it('hands templates to the agent unrendered, and what it renders the agent takes', async (t) => {
    const manifests = await rendered(t, '--values', join(sets, 'document.yaml'));
    const text = manifests.find(({ kind }) => kind === 'ConfigMap')?.data?.['config.yaml'] ?? '';
    assert.ok(text.includes("[host.'http://{{ .config.node_address_ip }}:30020']"), text);
    const { config, problems } = parseConfig(text, 'config.yaml');
    assert.deepEqual([config?.settings.controlPlane.addresses, problems], [['10.0.0.1', 'fd00::1'], []]);
  });

  it('mounts the parent of certs.d, never _default, no subPath, and no type that holds a pod up', async (t) => {
    for (const file of readdirSync(sets)) {
      const manifests = await rendered(t, '--values', join(sets, file));
      const text = JSON.stringify(manifests.find(({ kind }) => kind === 'DaemonSet'));
      assert.doesNotMatch(text, /subPath|_default|maxSurge/);
      const types = [...text.matchAll(/"hostPath":\{[^}]*"type":"(\w*)"/g)].map(([, type]) => type);
      assert.deepEqual([...new Set(types)], ['DirectoryOrCreate'], file);
      const wantsSocket = file === 'k3s.yaml';
      assert.equal(/"\/run\/|common\/run/.test(text), wantsSocket, file);
    }
  });

  const refusals: Readonly<Record<string, readonly string[]>> = {
    'a misspelt value': ['image.tagg=x'],
    'a value that is none': ['imag=x'],
    'a misspelt setting of the agent': ['config.handspegel.gat=off'],
    'a wrong word': ['config.handspegel.gate=maybe'],
    'a number for a duration': ['config.handspegel.probe.interval=5'],
    'a duration out of bounds': ['config.handspegel.probe.timeout=31s'],
    'a duration that is nothing': ['config.handspegel.handoff.orphanAfter=0h0s'],
    "a value of Spegel's chart of the wrong type": [
      'config.cluster.addon.spegel.helm_values.spegel.containerdMirrorAdd=maybe',
    ],
    "a port of Spegel's chart that is none": [
      'config.cluster.addon.spegel.helm_values.service.registry.hostPort=70000',
    ],
    'an address with a port': ['config.handspegel.controlPlane.addresses={10.0.0.1:80}'],
    'an extension without content': [
      'config.extensions.a.path=templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml',
    ],
    'a path into _backup': [
      'config.extensions.a.path=templates/root_dir/etc/containerd/certs.d/_backup/hosts.toml',
      'config.extensions.a.content=x',
    ],
    'an unknown distribution': ['distribution=minikube'],
    'a surge': ['updateStrategy.maxSurge=1'],
    'a digest that is none': ['image.digest=latest'],
    'a certs.d right below the root': ['certsDir=/certs.d'],
    'a certs.d in /etc': ['certsDir=/etc/certs.d'],
    'a relative certs.d': ['certsDir=certs.d'],
    'a startup taint that nobody takes away': ['kubernetes.startupTaint=a.b/c', 'kubernetes.enabled=false'],
    'a Job for Spegel without a Helm': ['spegel.manage=job'],
    'another word for who manages Spegel': ['spegel.manage=operator'],
    'a range of chart versions': ['spegel.chartVersion=^0.7'],
  };
  for (const [what, values] of Object.entries(refusals)) {
    it(`refuses ${what}`, async (t) => {
      const { code, output } = await template(t, ...values.flatMap((value) => ['--set', value]));
      assert.notEqual(code, 0, output);
      // The schema names the value, or the map that it should not be in; a template names it as people write it.
      const [key = ''] = values[0]?.split('=') ?? [];
      const place = key.replaceAll('.', '/');
      const inside = key.includes('.') ? `/${place.replace(/\/[^/]*$/, '')}` : '';
      assert.match(output, new RegExp(`at '(/${place}\\b|${inside}')|: ${key.replaceAll('.', '\\.')}[ :]`));
    });
  }

  const rightsOf = (manifests: readonly Manifest[], hooks: boolean): readonly string[] =>
    manifests
      .filter(({ metadata }) => (metadata.annotations?.['helm.sh/hook'] !== undefined) === hooks)
      .flatMap(({ kind, metadata, rules = [] }) =>
        rules.flatMap(({ apiGroups: [group = ''], resources, resourceNames, verbs }) => {
          const where = kind === 'ClusterRole' ? 'cluster' : metadata.namespace;
          const names = resourceNames === undefined ? '' : `/${resourceNames.join()}`;
          return resources.flatMap((resource) =>
            verbs.map((verb) => `${verb} ${group === '' ? '' : `${group}/`}${resource}${names} ${where}`),
          );
        }),
      )
      .toSorted();

  const watch = ['watch configmaps/hs-handspegel mirrors'];
  const facts = ['get nodes cluster', 'list discovery.k8s.io/endpointslices default'];
  const events = ['create', 'patch'].map((verb) => `${verb} events.k8s.io/events default`);
  const taint = ['patch nodes cluster'];

  it('gives the agent no right without kubernetes.enabled, and no token', async (t) => {
    const manifests = await rendered(t, '--set', 'kubernetes.enabled=false');
    assert.deepEqual(rightsOf(manifests, false), []);
    const pods = JSON.stringify(manifests.find(({ kind }) => kind === 'DaemonSet'));
    assert.match(pods, /"automountServiceAccountToken":false/);
  });

  it('gives the agent the rights of what is switched on, and no other', async (t) => {
    const cases: readonly [readonly string[], readonly string[]][] = [
      [['kubernetes.events=false'], [...watch, ...facts]],
      [[], [...watch, ...facts, ...events]],
      [['kubernetes.startupTaint=a.b/c'], [...watch, ...facts, ...events, ...taint]],
    ];
    for (const [values, rights] of cases) {
      const manifests = await rendered(t, ...values.flatMap((value) => ['--set', value]));
      assert.deepEqual(rightsOf(manifests, false), rights.toSorted());
      const policies = manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').length;
      assert.equal(policies, rights.includes('patch nodes cluster') ? 1 : 0);
    }
  });

  it('makes nothing for Spegel unless it is told to manage it, and rights only for what helm_values switch on', async (t) => {
    const spegels = async (...set: readonly string[]): Promise<string> => {
      const manifests = await rendered(t, ...set.flatMap((value) => ['--set', value]));
      return JSON.stringify(manifests.filter(({ metadata }) => /-spegel/.test(metadata.name)));
    };
    assert.equal(await spegels(), '[]');
    const job = ['spegel.manage=job', 'spegel.helm.image=x'];
    assert.doesNotMatch(await spegels(...job), /pre-delete|servicemonitors|configmaps/);
    assert.match(await spegels(...job, 'spegel.uninstall=true'), /"pre-delete"/);
    const monitored = 'config.cluster.addon.spegel.helm_values.serviceMonitor.enabled=true';
    assert.match(await spegels(...job, monitored), /servicemonitors/);
    const text = 'config.cluster.addon.spegel.helm_values=grafanaDashboard: {enabled: true}';
    assert.match(await spegels(...job, text), /configmaps/);
  });

  it('says in its README which feature has which right', async (t) => {
    const of = (...set: readonly string[]) => rendered(t, ...set.flatMap((value) => ['--set', value]));
    const rows = (feature: string, rights: readonly string[], without: readonly string[] = []): readonly string[] => {
      const added = new Map<string, string[]>();
      for (const right of rights.filter((one) => !without.includes(one))) {
        const [verb = '', resource = '', where = ''] = right.split(' ');
        const place = { mirrors: "the release's", spegel: "Spegel's" }[where] ?? where;
        const key = `${resource.replace('hs-handspegel', '(the one)')} | ${place}`;
        added.set(key, [...new Set([...(added.get(key) ?? []), verb])]);
      }
      return [...added].map(([key, verbs]) => `| ${feature} | ${verbs.join(', ')} | ${key} |`);
    };
    const agent = async (...set: readonly string[]) => rightsOf(await of(...set), false);
    const all = await agent('kubernetes.events=true');
    const managed = await of('spegel.manage=job', 'spegel.helm.image=x', 'spegel.uninstall=true');
    const spegels = (name: RegExp) =>
      rightsOf(
        managed.filter(({ metadata }) => name.test(metadata.name)),
        true,
      );
    const job = spegels(/-spegel(?!-goes)/);
    assert.deepEqual(spegels(/-spegel-goes/), job);
    const ours = await of('existingConfigMap=hs-handspegel');
    const hooks = (hook: string): readonly Manifest[] =>
      ours.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === hook);
    const table = [
      '| Feature | Verbs | Resource | Namespace |',
      '|---------|-------|----------|-----------|',
      ...rows('`kubernetes.enabled`', await agent('kubernetes.events=false'), await agent('kubernetes.enabled=false')),
      ...rows('`kubernetes.events`', all, await agent('kubernetes.events=false')),
      ...rows('`kubernetes.startupTaint`', await agent('kubernetes.startupTaint=a/b'), all),
      ...rows('`release.enabled`, while its pod runs', rightsOf(hooks('pre-delete'), true)),
      ...rows('`release.enabled` with `existingConfigMap`, after the uninstall', rightsOf(hooks('post-delete'), true)),
      ...rows('`helm test`, while its pod runs', rightsOf(hooks('test'), true)),
      ...rows('`spegel.manage: job`, and `spegel.uninstall`, while its pod runs', job),
    ].join('\n');
    const file = join(chart, 'README.md');
    const readme = readFileSync(file, 'utf8');
    const wanted = betweenMarks(readme, 'rights', table);
    compareGolden(file, wanted);
  });

  it('says in its notes what to look at, the label of the namespace, and each way out for this very release', async (t) => {
    const notes = async (...set: readonly string[]): Promise<string> => {
      const words = ['install', 'hs', chart, '--namespace', 'mirrors', '--dry-run=client'];
      const { code, stdout, output } = await helm(t, ...words, ...set.flatMap((value) => ['--set', value]));
      assert.equal(code, 0, output);
      return stdout.slice(stdout.indexOf('NOTES:'));
    };
    const plain = await notes();
    for (const words of [
      'rollout status daemonset/hs-handspegel',
      'helm -n mirrors test hs',
      'edit configmap hs-handspegel',
      'label namespace mirrors pod-security.kubernetes.io/enforce=privileged',
      'helm -n mirrors uninstall hs',
      '--no-hooks',
      '`handspegel release --all --namespace mirrors --configmap hs-handspegel`',
      '/var/lib/handspegel/released stays',
    ]) {
      assert.ok(plain.includes(words), `${words}: ${plain}`);
    }
    const other = await notes('nameOverride=mirror', 'release.enabled=false', 'existingConfigMap=ours');
    assert.match(other, /--configmap ours --selector app\.kubernetes\.io\/name=mirror,/);
    assert.doesNotMatch(other, /helm -n mirrors uninstall/);
    assert.match(await notes('kubernetes.enabled=false'), /60 to 90 s later/);
  });

  it('asks for status.hostIPs from Kubernetes 1.29 on, and for a policy from 1.30 on', async (t) => {
    const at = async (version: string): Promise<string> =>
      (await template(t, '--kube-version', version, '--set', 'kubernetes.startupTaint=a.b/c')).stdout;
    assert.match(await at('1.28.15'), /status\.hostIP\n/);
    assert.match(await at('1.29.0'), /status\.hostIPs\n/);
    assert.doesNotMatch(await at('1.29.6'), /ValidatingAdmissionPolicy/);
    assert.match(await at('v1.30.14-gke.1'), /ValidatingAdmissionPolicy/);
  });

  it('makes a PrometheusRule of its alerts, as they are', async (t) => {
    const manifests = await rendered(t, '--set', 'metrics.prometheusRule.enabled=true');
    const rule = manifests.find(({ kind }) => kind === 'PrometheusRule');
    assert.deepEqual(rule?.spec, parse(readFileSync(join(chart, 'alerts.yaml'), 'utf8')));
  });

  it('has a dashboard and alerts whose queries Prometheus reads', async (t) => {
    const { panels } = JSON.parse(readFileSync(join(chart, 'dashboards/handspegel.json'), 'utf8')) as {
      readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
    };
    const rules = panels.flatMap(({ targets }) =>
      targets.map(({ expr }, i) => ({
        record: `panel:query_${i}`,
        expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
      })),
    );
    const dir = scratch(t, 'rules');
    const file = join(dir, 'panels.yaml');
    const group = (name: string, of: unknown): unknown => ({ name, rules: of });
    writeFileSync(file, stringify({ groups: rules.map((rule, i) => group(`panel-${i}`, [rule])) }));
    const checked = await startProcess(t, ['promtool', 'check', 'rules', file, join(chart, 'alerts.yaml')]).ended;
    assert.equal(checked.code, 0, checked.output);
  });
});
