import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Config, parseConfig } from '../../../src/core/config/config.ts';
import { contextOf } from '../../../src/core/config/context.ts';
import { hostInUrl, mirrorKey, normaliseAddress, uniqueAddresses } from '../../../src/core/config/context-address.ts';
import { bootstrapMirrors } from '../../../src/core/config/context-mirrors.ts';
import { type Facts, noFacts } from '../../../src/core/facts.ts';
import { fileText, rendered, workerFacts } from './config-cases.ts';

const config = (value: unknown): Config => {
  const parsed = parseConfig(JSON.stringify(value), 'c.yaml');
  assert.ok(parsed.config, JSON.stringify(parsed.problems));
  return parsed.config;
};

const mirrors = (value: unknown, facts: Partial<Facts>): readonly string[] =>
  bootstrapMirrors(config(value), { ...noFacts, containerdVersion: '2.2.9', ...facts }).targets;

test('a template sees the document, what is computed, the node and the Secrets', () => {
  const data = contextOf(config({ cluster: { x: 1 }, custom: 'y' }), {
    ...workerFacts,
    nodeAddresses: ['10.0.0.5', 'FD00::5'],
    labels: { zone: 'a' },
    secrets: { s: { k: 'v' } },
  });
  assert.deepEqual(data.config, {
    cluster: { x: 1 },
    custom: 'y',
    node_name: 'worker-1',
    node_address_ip: '10.0.0.5',
    node_address_ips: ['10.0.0.5', 'fd00::5'],
    master_address_ips: ['10.0.0.1', '10.0.0.2'],
    spegel: {
      host_port: 30_020,
      node_port: 30_021,
      mirror_targets: ['http://10.0.0.5:30020', 'http://10.0.0.1:30020', 'http://10.0.0.2:30020'],
      resolve_tags: true,
      basic_auth_secret: '',
    },
  });
  assert.deepEqual(data.node, { labels: { zone: 'a' }, runtime: 'containerd', version: '2.2.9' });
  assert.deepEqual([...data.secrets.keys()], ['s']);
  assert.equal(data.secrets.wasRead, false);
  assert.deepEqual(data.secrets.get('s'), { k: 'v' });
  assert.equal(data.secrets.wasRead, true);
});

test('an unknown fact has no key, and lists are empty', () => {
  const data = contextOf(config({}), noFacts);
  assert.deepEqual(Object.keys(data.config), ['node_address_ips', 'master_address_ips', 'spegel']);
  assert.deepEqual(data.node, { labels: {} });
});

test('a computed name wins over the same name in the document, unless the fact is unknown', () => {
  const value = { node_name: 'mine', node_address_ip: '1.2.3.4', spegel: { own: true, host_port: 1 } };
  const known = contextOf(config(value), workerFacts).config as Record<string, unknown>;
  assert.equal(known['node_name'], 'worker-1');
  assert.deepEqual((known['spegel'] as Record<string, unknown>)['own'], true);
  assert.deepEqual((known['spegel'] as Record<string, unknown>)['host_port'], 30_020);
  const unknown = contextOf(config(value), noFacts).config as Record<string, unknown>;
  assert.equal(unknown['node_name'], 'mine');
});

test('the mirrors are this node, the control plane and the additional targets, each once', () => {
  const both = { nodeAddresses: ['10.0.0.1'], controlPlane: ['10.0.0.1', '10.0.0.2', '::ffff:10.0.0.2', '10.0.0.3'] };
  assert.deepEqual(mirrors({}, both), ['http://10.0.0.1:30020', 'http://10.0.0.2:30020', 'http://10.0.0.3:30020']);
  const dual = { nodeAddresses: ['10.0.0.1', 'fd00::1'], controlPlane: ['FD00:0::1', 'fd00::2', '[fd00:0:0::2]'] };
  assert.deepEqual(mirrors({}, dual), ['http://10.0.0.1:30020', 'http://[fd00::2]:30020']);
  assert.deepEqual(mirrors({}, {}), []);
  assert.deepEqual(mirrors({}, { controlPlane: ['10.0.0.9', 'fe80::1%eth0', 'not an address'] }), [
    'http://10.0.0.9:30020',
  ]);
});

test('addresses of the control plane in the configuration replace those found', () => {
  const value = { handspegel: { controlPlane: { addresses: ['10.9.9.9'] } } };
  assert.deepEqual(mirrors(value, workerFacts), ['http://10.0.0.5:30020', 'http://10.9.9.9:30020']);
});

test('IPv6 mirrors are left out for containerd before 2.0', () => {
  const dual = { nodeAddresses: ['fd00::5', '10.0.0.5'], controlPlane: ['fd00::1', '10.0.0.1'] };
  const old = bootstrapMirrors(config({}), { ...noFacts, ...dual, containerdVersion: 'containerd://1.7.28' });
  assert.deepEqual(old, {
    targets: ['http://10.0.0.5:30020', 'http://10.0.0.1:30020'],
    leftOut: ['http://[fd00::1]:30020'],
  });
  const only = bootstrapMirrors(config({}), {
    ...noFacts,
    nodeAddresses: ['fd00::5'],
    containerdVersion: '1.6.20~ds1',
  });
  assert.deepEqual(only, { targets: [], leftOut: ['http://[fd00::5]:30020'] });
});

test('while the version is unknown IPv6 mirrors are in only if there are no others', () => {
  const unknown = { ...noFacts, controlPlane: ['fd00::1'] };
  assert.deepEqual(bootstrapMirrors(config({}), { ...unknown, nodeAddresses: ['fd00::5'] }).targets, [
    'http://[fd00::5]:30020',
    'http://[fd00::1]:30020',
  ]);
  assert.deepEqual(bootstrapMirrors(config({}), { ...unknown, nodeAddresses: ['10.0.0.5'] }), {
    targets: ['http://10.0.0.5:30020'],
    leftOut: ['http://[fd00::1]:30020'],
  });
});

test('addresses have one spelling', () => {
  const cases: [string, string | undefined][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['FD00:0:0:0::1', 'fd00::1'],
    ['[::1]', '::1'],
    ['::', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['Master.Example.COM.', 'master.example.com'],
    ['', undefined],
    ['10.0.0.256', undefined],
    ['010.0.0.1', undefined],
    ['10.0.0', undefined],
    ['fe80::1%eth0', undefined],
    ['a_b', undefined],
    ['-a.io', undefined],
    ['http://a', undefined],
    ['[a.io]', undefined],
    ['1.2.3.4:5', undefined],
    ["a'b", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(normaliseAddress(text), expected, text);
  assert.deepEqual(uniqueAddresses(['::1', 'x y', '0::1', '10.0.0.1']), ['::1', '10.0.0.1']);
  assert.equal(hostInUrl('::1'), '[::1]');
  assert.equal(mirrorKey('http://a.io'), mirrorKey('http://A.io:80'));
  assert.equal(mirrorKey('https://[::1]'), 'https://::1:443');
  assert.equal(mirrorKey('https://a.io/v2'), undefined);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const once = normaliseAddress(text);
      assert.ok(once);
      assert.equal(normaliseAddress(once), once);
    }),
  );
});

test('no template reaches what the document does not hold', () => {
  const text = (template: string): string | undefined =>
    fileText(
      rendered(
        JSON.stringify({
          handspegel: { missingKey: 'zero' },
          extensions: { a: { path: 'templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml', content: template } },
        }),
      ),
      'a.io/hosts.toml',
    );
  assert.equal(
    text('# {{ .config.constructor }}{{ .config.__proto__ }}{{ .node.labels.toString }}'),
    '# <no value><no value><no value>',
  );
});
