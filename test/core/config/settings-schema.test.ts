import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import Fastify from 'fastify';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/core/config/config.ts';
import { defaultSettings } from '../../../src/core/config/settings.ts';
import { configSchema, settingsSchema } from '../../../src/core/config/settings-schema.ts';

/** Fastify's own validator, told to change nothing. */
const validator = Fastify({
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false } },
});
validator.post('/', { schema: { body: configSchema } }, () => 'well');
await validator.ready();

const schemaTakes = async (document: unknown): Promise<boolean> => {
  const payload = JSON.stringify(document ?? {});
  const { statusCode } = await validator.inject({
    method: 'POST',
    url: '/',
    payload,
    headers: { 'content-type': 'application/json' },
  });
  assert.ok(statusCode === 200 || statusCode === 400, `status ${statusCode}`);
  return statusCode === 200;
};
const parserTakes = (document: unknown): boolean =>
  parseConfig(JSON.stringify(document ?? {}), 'c.yaml').config !== undefined;

const agree = async (document: unknown): Promise<void> => {
  const shown = JSON.stringify(document);
  assert.equal(await schemaTakes(document), parserTakes(document), `parser: ${parserTakes(document)}: ${shown}`);
};

type Shape = { readonly properties?: Readonly<Record<string, Shape>> };
const keysOf = (schema: Shape): unknown =>
  schema.properties === undefined
    ? null
    : Object.fromEntries(Object.entries(schema.properties).map(([key, inner]) => [key, keysOf(inner)]));

test('the schema has every setting that the parser has, and no other', () => {
  const shape = keysOf(settingsSchema as Shape) as Record<string, unknown>;
  assert.deepEqual(Object.keys(shape).toSorted(), Object.keys(defaultSettings).toSorted());
  for (const [name, value] of Object.entries(defaultSettings)) {
    if (typeof value !== 'object' || Array.isArray(value)) continue;
    assert.deepEqual(Object.keys(shape[name] ?? {}).toSorted(), Object.keys(value).toSorted(), name);
  }
});

const leaves: Readonly<Record<string, readonly unknown[]>> = {
  'controlPlane.addresses': [
    '10.0.0.1',
    'fd00::1',
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '::ffff:10.0.0.1',
    '1:2:3:4:5:6:10.0.0.1',
    '[::1]',
    '[10.0.0.1]',
    'master.example.com',
    'm',
    'M.example.com.',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '010.0.0.1',
    '1',
    '',
    '-a',
    'a-',
    'a_b',
    'http://a',
    'a:80',
    '10.0.0.1:80',
    '1:2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1%eth0',
    '[m]',
    '[::1',
    'a..b',
    'a b',
    '10.0.0.1 ',
    '1a',
    '12ab::',
    'g::',
    `${'a'.repeat(63)}.x`,
    `${'a'.repeat(64)}.x`,
  ].map((text) => [text]),
  'probe.interval': ['5s', '1m30s', '.5s', '1.5h', '200ms', '24h', '5', 's', '5 s', '-5s', '', 5, true, '1d', '5s5'],
  gate: ['enforce', 'observe', 'off', 'on', '', true, 1],
  'handoff.orphanAfter': ['10m', '720h', 'ten', 10],
  preserve: [true, false, 'true', 'yes', 1, 0],
  deadlyFiles: ['alarm', 'quarantine', 'Alarm'],
  'policy.mirrors.cidrs': [
    '10.0.0.0/8',
    'fd00::/8',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0',
    'a/8',
    '0.0.0.0/0',
    '/8',
  ].map((text) => [text]),
  'policy.mirrors.hosts': [
    'a.example.com',
    '*.example.com',
    '*',
    '*.',
    '*.*.a',
    'a.*',
    '10.0.0.1',
    '*.1.2.3',
    '::1',
  ].map((text) => [text]),
  'policy.mirrors.schemes': [['http'], ['https', 'http'], ['ftp'], [], 'http', [1]],
  'certsDir.preset': ['k3s', 'default', 'gke', ''],
  'spegel.layout': ['auto', 'two-ports', 'single-port', 'one'],
  'server.listen': [':9847', '10.0.0.1:1', '[::1]:80', ':65535', ':65536', ':0', '::1:80', 'a.b:1', '9847', 9847, ''],
  'server.adminListen': ['127.0.0.1:9848', 'localhost:x'],
  onTermination: ['keep', 'release', 'wait'],
  missingKey: ['error', 'default', 'zero', 'x'],
  release: [true, false, 'false'],
};

const nested = (path: string, value: unknown): unknown =>
  path.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), value);

for (const [path, values] of Object.entries(leaves)) {
  test(`schema and parser agree on ${path}`, async () => {
    for (const value of [...values, null, {}, [], 'x', 7]) await agree({ handspegel: nested(path, value) });
  });
}

test('schema and parser agree on keys that nobody knows, and on maps that are none', async () => {
  for (const path of Object.keys(leaves)) {
    const parts = path.split('.');
    await agree({ handspegel: nested([...parts.slice(0, -1), 'other'].join('.'), 1) });
    if (parts.length > 1) await agree({ handspegel: nested(parts.slice(0, -1).join('.'), 'text') });
  }
});

test('schema and parser agree on extensions', async () => {
  const at = 'templates/root_dir/etc/containerd/certs.d/';
  const content = 'x';
  const one = (extension: unknown) => agree({ extensions: { e: extension } });
  const ends = ['_default/hosts.toml', 'a.io/ca.crt', '_default_/hosts.toml', 'hosts.toml', 'a/b/c', '../x/hosts.toml'];
  const more = [
    '_backup/hosts.toml',
    '.handspegel/x',
    'a.io/..',
    './hosts.toml',
    'a.io/',
    'a\\b/hosts.toml',
    '/a/b',
    '',
  ];
  for (const path of [...ends, ...more]) await one({ path: at + path, content });
  for (const path of ['/etc/containerd/certs.d/a.io/hosts.toml', 'templates/other', '/etc/x', '', 7, null, 'a\nb']) {
    await one({ path, content });
    await one({ path });
  }
  await one({ path: `${at}a.io/hosts.toml` });
  await one({ path: `${at}a.io/hosts.toml`, content: 7 });
  await one({ path: `${at}a.io/hosts.toml`, content: '' });
  await one({ path: `${at}a.io/hosts.toml`, content, mode: 7 });
  await one({ path: 'templates/other', content, mode: 7 });
  for (const handoff of ['yield', 'hold', 'merge', 'give', null]) {
    await one({ path: `${at}a.io/hosts.toml`, content, handoff });
  }
  for (const extension of [{}, null, 'x', []]) await one(extension);
  for (const extensions of [null, {}, [], 'x']) await agree({ extensions });
});

test('schema and parser agree on the shapes of a document', async () => {
  for (const enabled of [true, false, null, 'yes', 1]) await agree({ cluster: { addon: { spegel: { enabled } } } });
  for (const helm_values of [{}, '', 'a: 1', null, [], 7, true]) {
    await agree({ cluster: { addon: { spegel: { helm_values } } } });
  }
  for (const cluster of [null, {}, [], 'x', { addon: null }, { addon: 7 }, { addon: { spegel: 'x' } }]) {
    await agree({ cluster });
  }
  const settings = { gate: 'off' };
  for (const handspegel of [settings, { gate: 'x' }, null]) {
    await agree({ kublrAgentConfig: { handspegel } });
    await agree({ spec: { kublrAgentConfig: { handspegel } } });
    await agree({ spec: { handspegel } });
    await agree({ handspegel, kublrAgentConfig: {} });
    await agree({ handspegel, spec: { kublrAgentConfig: {} } });
    await agree({ kublrAgentConfig: { handspegel }, spec: { kublrAgentConfig: {} } });
  }
  for (const value of [null, [], 7, 'x']) {
    await agree({ kublrAgentConfig: value });
    await agree({ spec: { kublrAgentConfig: value } });
    await agree({ spec: value });
    await agree({ unknown: value });
  }
});

test('the schema takes every example of the document and of our own cases that the parser takes', async () => {
  const examples = new URL('../../document/', import.meta.url);
  const cases = new URL('../../cases/config/', import.meta.url);
  const files = [
    ...readdirSync(examples)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => new URL(name, examples)),
    ...readdirSync(cases).map((name) => new URL(`${name}/config.yaml`, cases)),
  ];
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    if (parseConfig(text, 'c.yaml').config === undefined) continue;
    const document: unknown = parse(text, { merge: true, logLevel: 'silent' });
    assert.equal(await schemaTakes(document), true, file.pathname);
  }
});
