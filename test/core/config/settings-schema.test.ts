import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings } from '../../../src/core/config/settings.ts';
import { settingsSchema } from '../../../src/core/config/settings-schema.ts';
import { agree, nested } from './schema-agreement.ts';

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
