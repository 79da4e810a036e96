import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/core/config/config.ts';
import { agree, schemaTakes } from './schema-agreement.ts';

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
