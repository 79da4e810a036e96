import assert from 'node:assert/strict';
import { test } from 'node:test';
import { existingHosts } from '../support/spegel/existing.ts';
import { families } from '../support/spegel/families.ts';
import { createSpegel, type Spegel, type SpegelOptions } from '../support/spegel/spegel.ts';

const spegel = (options: Partial<SpegelOptions> = {}): Spegel =>
  createSpegel({ family: 'v0.4', certsDir: '/none', nodeIp: '10.0.0.1', bin: false, ...options });

test('v0.0.23 prints with a TOML library: hosts sorted, line end kept, one directory per registry of the chart', () => {
  const node = spegel({ family: 'v0.0.23', values: { spegel: { additionalMirrorRegistries: ['http://a.example'] } } });
  assert.equal(
    node.expectedFile('docker.io'),
    [
      "server = 'https://registry-1.docker.io'",
      '',
      '[host]',
      "[host.'http://10.0.0.1:30020']",
      "capabilities = ['pull', 'resolve']",
      '',
      "[host.'http://10.0.0.1:30021']",
      "capabilities = ['pull', 'resolve']",
      '',
      "[host.'http://a.example']",
      "capabilities = ['pull', 'resolve']",
      '',
    ].join('\n'),
  );
  assert.equal(node.directories.length, 10);
  assert.ok(!node.directories.includes('_default'));
});

test('v0.0.30 writes server and hosts in the order given', () => {
  assert.equal(
    spegel({ family: 'v0.0.30' }).expectedFile('ghcr.io'),
    [
      "server = 'https://ghcr.io'",
      '',
      "[host.'http://10.0.0.1:30020']",
      "capabilities = ['pull', 'resolve']",
      '',
      "[host.'http://10.0.0.1:30021']",
      "capabilities = ['pull', 'resolve']",
    ].join('\n'),
  );
});

test('v0.2 has a _default without server and no dial_timeout', () => {
  assert.equal(
    spegel({ family: 'v0.2' }).expectedFile('_default'),
    [
      "[host.'http://10.0.0.1:30020']",
      "capabilities = ['pull', 'resolve']",
      '',
      "[host.'http://10.0.0.1:30021']",
      "capabilities = ['pull', 'resolve']",
    ].join('\n'),
  );
});

test('v0.4 adds dial_timeout, and credentials as a header of each host', () => {
  const node = spegel({
    values: { basicAuthSecretName: 'mirror', spegel: { mirroredRegistries: ['https://quay.io'], resolveTags: false } },
    secret: { username: 'user', password: 'pass' },
  });
  assert.equal(
    node.expectedFile('quay.io'),
    [
      "server = 'https://quay.io'",
      '',
      "[host.'http://10.0.0.1:30020']",
      "capabilities = ['pull']",
      "dial_timeout = '200ms'",
      "[host.'http://10.0.0.1:30020'.header]",
      "Authorization = 'Basic dXNlcjpwYXNz'",
      '',
      "[host.'http://10.0.0.1:30021']",
      "capabilities = ['pull']",
      "dial_timeout = '200ms'",
      "[host.'http://10.0.0.1:30021'.header]",
      "Authorization = 'Basic dXNlcjpwYXNz'",
    ].join('\n'),
  );
});

test('main names one port', () => {
  assert.equal(
    spegel({ family: 'main' }).expectedFile('_default'),
    "[host.'http://10.0.0.1:30020']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'",
  );
});

test('an IPv6 address gets brackets from v0.7.2 on, and only in the first target', () => {
  const hosts = (family: SpegelOptions['family']): readonly string[] =>
    [
      ...spegel({ family, nodeIp: 'fd00::1' })
        .expectedFile('_default')
        .matchAll(/\[host\.'(.*)'\]/g),
    ].map(([, host = '']) => host);
  assert.deepEqual(hosts('v0.4'), ['http://fd00::1:30020', 'http://fd00::1:30021']);
  assert.deepEqual(hosts('v0.7'), ['http://[fd00::1]:30020', 'http://fd00::1:30021']);
  assert.deepEqual(hosts('main'), ['http://[fd00::1]:30020']);
});

test('a registry or target that the real one refuses is refused with its words', () => {
  const refused: readonly (readonly [SpegelOptions['family'], string, RegExp])[] = [
    ['v0.4', 'quay.io', /scheme must be http or https: quay\.io\n.*path has to be empty: quay\.io/],
    ['v0.4', 'https://quay.io/', /path has to be empty/],
    ['v0.4', 'https://quay.io?x=1', /query has to be empty/],
    ['v0.4', 'https://me@quay.io', /user has to be empty/],
    ['v0.4', 'https://quay.io:port', /invalid port ":port" after host/],
    ['v0.4', '*', /scheme must be http or https/],
    ['main', 'http://fd00::1:5000', /invalid port "::1:5000" after host/],
  ];
  for (const [family, registry, message] of refused) {
    const node = spegel({ family, values: { spegel: { mirroredRegistries: [registry] } } });
    assert.throws(() => node.directories, { message }, registry);
  }
  assert.deepEqual(spegel({ family: 'v0.5', values: { spegel: { mirroredRegistries: ['*'] } } }).directories, [
    '_default',
  ]);
});

test('every family writes its own text for the same node', () => {
  const texts = families.map((family) => {
    const node = spegel({ family });
    return node.expectedFile(node.directories[0] ?? '');
  });
  assert.ok(texts.every((text) => text.includes("[host.'http://10.0.0.1:30020']\ncapabilities = ['pull', 'resolve']")));
});

test('existing hosts are printed as go-toml does: sorted keys, literal strings, only [host.NAME] tables', () => {
  const text = [
    'server = "https://quay.io"',
    '[host."https://b.example"]',
    '  skip_verify = true',
    '  capabilities = ["resolve", "pull"]',
    '  [host."https://b.example".header]',
    '    x-note = "it\'s\\there"',
    '[host."https://a.example"]',
    '[host."https://lost.example".header]',
    '',
  ].join('\n');
  const expected = [
    "[host.'https://b.example']",
    "capabilities = ['resolve', 'pull']",
    'skip_verify = true',
    '',
    "[host.'https://b.example'.header]",
    'x-note = "it\'s\\there"',
    '',
    "[host.'https://a.example']",
  ].join('\n');
  assert.equal(existingHosts('v0.4', text), expected);
  assert.equal(existingHosts('v0.4', '[host.a]\nx = "a\\tb"\n'), "[host.a]\nx = 'a\tb'");
  assert.equal(existingHosts('main', '[host.a]\nx = "a\\tb"\n'), '[host.a]\nx = "a\\tb"');
  assert.throws(() => existingHosts('v0.4', '[host'));
});
