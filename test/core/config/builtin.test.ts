import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { builtInTemplates, defaultTemplate } from '../../../src/core/config/builtin.ts';
import { parseConfig } from '../../../src/core/config/config.ts';
import type { Facts } from '../../../src/core/facts.ts';
import type { Family } from '../../support/spegel/families.ts';
import { createSpegel } from '../../support/spegel/spegel.ts';
import type { Values } from '../../support/spegel/values.ts';
import { fileText, rendered, workerFacts } from './config-cases.ts';

type Hosts = { readonly server: string | undefined; readonly hosts: ReadonlyMap<string, string> };

/** Top and host tables of a file in Spegel's way of writing; a host twice fails. */
const tablesOf = (text: string): Hosts => {
  const [top = '', ...tables] = `\n${text}`.split(/^(?=\[host\.'[^']+'\]$)/m);
  const hosts = new Map<string, string>();
  for (const table of tables) {
    const url = /^\[host\.'([^']+)'\]/.exec(table)?.[1] ?? '';
    assert.ok(!hosts.has(url), `${url} twice`);
    hosts.set(url, table.trim());
  }
  return { server: /^server = '(.*)'$/m.exec(top)?.[1], hosts };
};

const registries = {
  spegel: { mirroredRegistries: ['https://docker.io', 'https://quay.io', 'http://reg.example.com:5000'] },
};
const single = { spegel: { layout: 'single-port' } };

type Case = {
  readonly name: string;
  readonly families: readonly Family[];
  readonly values: Values;
  readonly node?: string;
  readonly handspegel?: object;
  readonly facts?: Partial<Facts>;
};

const recent: readonly Family[] = ['v0.3', 'v0.4', 'v0.5', 'v0.7'];

const cases: readonly Case[] = [
  { name: 'defaults', families: ['v0.2', ...recent], values: {} },
  { name: 'defaults of a single-port chart', families: ['main'], values: {}, handspegel: single },
  { name: 'other ports', families: recent, values: { service: { registry: { hostPort: 31_000, nodePort: 31_001 } } } },
  {
    name: 'another single port',
    families: ['main'],
    values: { service: { registry: { nodePort: 31_000, internalTrafficLocal: true } } },
  },
  { name: 'node port 30020 alone', families: ['main'], values: { service: { registry: { nodePort: 30_020 } } } },
  {
    name: 'same-node traffic',
    families: ['v0.5', 'v0.7'],
    values: { service: { registry: { usePreferSameNodeTrafficDistribution: true } } },
  },
  { name: 'no tags', families: ['v0.2', ...recent], values: { spegel: { resolveTags: false } } },
  { name: 'listed registries', families: recent, values: registries },
  {
    name: 'listed registries without tags',
    families: ['v0.2', 'v0.7'],
    values: { spegel: { ...registries.spegel, resolveTags: false } },
  },
  {
    name: 'the catch-all in the list',
    families: ['v0.5', 'v0.7'],
    values: { spegel: { mirroredRegistries: ['*', 'https://quay.io'] } },
  },
  {
    name: 'additional targets',
    families: recent,
    values: { spegel: { additionalMirrorTargets: ['https://harbor.example.com', 'http://10.1.1.1:5000'] } },
  },
  { name: 'an address of its own', families: recent, values: { service: { registry: { nodeIp: '192.0.2.7' } } } },
  { name: 'an IPv6 node', families: ['v0.7'], values: {}, node: 'fd00::5' },
  { name: 'an IPv6 node on a single-port chart', families: ['main'], values: {}, node: 'fd00::5', handspegel: single },
  {
    name: 'an additional IPv6 target',
    families: ['v0.7'],
    values: { spegel: { additionalMirrorTargets: ['http://[fd00::9]:5000'] } },
  },
  {
    name: 'basic auth',
    families: ['v0.2', ...recent],
    values: { basicAuthSecretName: 'auth', ...registries },
    facts: { secrets: { auth: { username: 'spegel', password: 'not-a-secret' } } },
  },
  { name: 'basic auth without its Secret', families: [], values: { basicAuthSecretName: 'auth' } },
  { name: 'prepended to existing hosts', families: recent, values: { spegel: { prependExisting: true } } },
];

describe('the built-in files say what Spegel itself would write', () => {
  for (const { name, families, values, node = '10.0.0.5', handspegel = {}, facts = {} } of cases) {
    for (const family of families) {
      test(`${name}, ${family}`, () => {
        const spegel = createSpegel({ family, certsDir: '/unused', nodeIp: node, values, bin: false });
        const text = JSON.stringify({ cluster: { addon: { spegel: { helm_values: values } } }, handspegel });
        const desired = rendered(text, { ...facts, nodeAddresses: [node] });
        assert.deepEqual([...desired.units.keys()].sort(), [...spegel.directories].sort());
        for (const registry of spegel.directories) {
          const unit = desired.units.get(registry);
          assert.deepEqual(unit?.problems, []);
          const theirs = tablesOf(spegel.expectedFile(registry));
          const ours = tablesOf(fileText(desired, `${registry}/hosts.toml`) ?? '');
          assert.equal(ours.server, theirs.server);
          // What differs on purpose: bootstrap asks one port of this node, and the control plane too.
          const { host, node: nodePort } = desired.ports;
          const expected = [...theirs.hosts].filter(([url]) => host === nodePort || !url.endsWith(`:${nodePort}`));
          const added = workerFacts.controlPlane.map((address) => `http://${address}:${host}`);
          assert.deepEqual(
            [...ours.hosts.keys()].filter((url) => added.includes(url)),
            added,
          );
          assert.equal([...ours.hosts.keys()][0], expected[0]?.[0]);
          const dial = (table: string): string =>
            family === 'v0.2' ? table.replace("\ndial_timeout = '200ms'", '') : table;
          assert.deepEqual(
            [...ours.hosts].filter(([url]) => !added.includes(url)).map(([url, table]) => [url, dial(table)]),
            expected,
          );
          assert.ok([...ours.hosts.values()].every((table) => table.includes("dial_timeout = '200ms'")));
        }
      });
    }
  }
});

test('the built-in template works as an extension, too', () => {
  const extensions = {
    a: { path: 'templates/root_dir/etc/containerd/certs.d/_default/hosts.toml', content: defaultTemplate },
  };
  const [own, copy] = ['{}', JSON.stringify({ extensions })].map((text) =>
    fileText(rendered(text), '_default/hosts.toml'),
  );
  assert.equal(own, copy);
  assert.equal(
    own,
    ['10.0.0.5', '10.0.0.1', '10.0.0.2']
      .map(
        (address) => `[host.'http://${address}:30020']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n`,
      )
      .join('\n'),
  );
});

test('without any address the file says so, and a server line is read by every containerd', () => {
  const none = { nodeAddresses: [], controlPlane: [] };
  assert.match(fileText(rendered('', none), '_default/hosts.toml') ?? '', /^# no mirror is known yet.*\n$/);
  const text = '{cluster: {addon: {spegel: {helm_values: {spegel: {mirroredRegistries: ["https://docker.io"]}}}}}}';
  assert.match(
    fileText(rendered(text, none), 'docker.io/hosts.toml') ?? '',
    /^server = 'https:\/\/registry-1\.docker\.io'\n\n# no mirror.*\n\[host\]\n$/,
  );
});

test('a file with credentials is for root alone', () => {
  const text = '{cluster: {addon: {spegel: {helm_values: {basicAuthSecretName: s}}}}}';
  const mode = (facts: Partial<Facts>): number | undefined =>
    rendered(text, facts).units.get('_default')?.files[0]?.mode;
  assert.equal(mode({ secrets: { s: { username: 'u', password: 'p' } } }), 0o600);
  assert.equal(mode({ secrets: { s: { username: '', password: '' } } }), 0o644);
  assert.equal(mode({ secrets: { other: { username: 'u', password: 'p' } } }), 0o644);
});

test('a user name alone is a credential like Spegel makes one', () => {
  const text = '{cluster: {addon: {spegel: {helm_values: {basicAuthSecretName: s}}}}}';
  const file = fileText(rendered(text, { secrets: { s: { username: 'ü' } } }), '_default/hosts.toml') ?? '';
  assert.match(file, new RegExp(`Authorization = 'Basic ${Buffer.from('ü:').toString('base64')}'`));
});

test('the list of registries decides which files there are', () => {
  const names = (list: readonly string[]): string[] => {
    const text = JSON.stringify({
      cluster: { addon: { spegel: { helm_values: { spegel: { mirroredRegistries: list } } } } },
    });
    const { config } = parseConfig(text, 'c.yaml');
    return config === undefined ? [] : builtInTemplates(config.chart).map(({ registry }) => registry);
  };
  assert.deepEqual(names([]), ['_default']);
  assert.deepEqual(names(['https://a.io', 'https://b.io:5000']), ['a.io', 'b.io:5000']);
  assert.deepEqual(names(['https://a.io', '*']), ['a.io', '_default']);
});
