import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContainerdVersion } from '../../../src/core/containerd/containerd-version.ts';
import { type Explanation, explain } from '../../../src/core/containerd/explain.ts';
import type { LookupEntry } from '../../../src/core/containerd/lookup-tree.ts';

const file = (text: string): LookupEntry => ({ kind: 'file', bytes: new TextEncoder().encode(text) });

const ask = (image: string, entries: Readonly<Record<string, LookupEntry>>, text = '2.4.2'): Explanation => {
  const version = parseContainerdVersion(text);
  assert.ok(version !== undefined);
  const outcome = explain(image, {
    tree: { root: '/certs.d', rootState: 'directory', entries: new Map(Object.entries(entries)) },
    version,
    certificates: { authorities: () => [], keyPairError: () => undefined },
    known: {
      nodeAddresses: ['10.0.0.11', 'fd00::11'],
      controlPlane: ['10.0.0.1'],
      ports: { host: 30020, node: 30021 },
    },
  });
  if ('image' in outcome) return outcome;
  throw new Error(outcome.error);
};

const mirror = (url: string, more = "dial_timeout = '200ms'\n"): string =>
  `[host.'${url}']\ncapabilities = ['pull', 'resolve']\n${more}`;

const spegel = ['http://10.0.0.11:30020', 'http://10.0.0.11:30021', 'http://10.0.0.1:30020', 'https://m.example.com']
  .map((url) => mirror(url))
  .join('\n');

test('each host is told with who it is, what it is asked, and what it can cost', () => {
  const { hosts, outcome } = ask('nginx', { '_default/hosts.toml': file(spegel) });
  assert.equal(outcome, 'pulls');
  assert.deepEqual(
    hosts.map(({ role }) => role),
    ['this node', "Spegel's Service", 'control plane', 'foreign', 'upstream'],
  );
  assert.deepEqual(hosts[0]?.asked, ['tag', 'digest']);
  assert.equal(hosts[0]?.ns, 'docker.io');
  assert.equal(hosts.at(-1)?.ns, undefined);
  assert.deepEqual(hosts[0]?.delays, { refused: 0, dropped: 0.2, hung: 30 });
  assert.deepEqual(hosts.at(-1)?.delays, { refused: 0, dropped: 30, hung: 10 });
});

test('an older containerd waits longer, and for ever for a silent host', () => {
  const { hosts, rules } = ask('nginx', { '_default/hosts.toml': file(spegel) }, '1.7.35');
  assert.deepEqual(hosts[0]?.delays, { refused: 0, dropped: 30, hung: 'never' });
  assert.ok(rules.some(({ rule }) => rule === 'no-dial-timeout'));
});

test('candidates say what is absent, what wins and what is hidden', () => {
  const explained = ask('r.io:5000/x', { 'r.io:5000': { kind: 'directory' }, '_default/hosts.toml': file(spegel) });
  assert.deepEqual(explained.candidates, [
    { directory: 'r.io_5000_', says: 'absent' },
    { directory: 'r.io:5000', says: 'wins, and hides what follows' },
    { directory: '_default', says: 'hidden by the one that wins' },
  ]);
  assert.ok(explained.skipped.some(({ what, why }) => what === '_default/' && /stands before/.test(why)));
});

test('directories that look right and are never read are named', () => {
  const explained = ask('nginx', {
    'registry-1.docker.io/hosts.toml': file(spegel),
    'index.docker.io': { kind: 'directory' },
  });
  assert.deepEqual(
    explained.skipped.map(({ what }) => what),
    ['registry-1.docker.io/', 'index.docker.io/'],
  );
  const upper = ask('r.io:443/x', { 'r.io/hosts.toml': file(spegel) });
  assert.deepEqual(
    upper.skipped.map(({ what }) => what),
    ['r.io/'],
  );
});

test('a wrong file name is named', () => {
  const { skipped } = ask('quay.io/a/b', { 'quay.io/host.toml': file(spegel) });
  assert.deepEqual(
    skipped.map(({ what }) => what),
    ['quay.io/hosts.toml', 'quay.io/host.toml'],
  );
});

test('rules of the version that changed the outcome are told', () => {
  const server = { '_default/hosts.toml': file("server = 'https://m'\n") };
  const explained = ask('nginx', server, '1.6.36');
  assert.match(explained.ignored?.reason ?? '', /host/);
  assert.deepEqual(
    explained.rules.map(({ rule }) => rule),
    ['needs-host-table', 'toml-library'],
  );
  assert.deepEqual(ask('nginx', server).rules, []);
  assert.deepEqual(
    ask('nginx', server, '1.6.10').rules.map(({ rule }) => rule),
    ['no-default'],
  );
});

test('every modelled version is asked', () => {
  const { versions } = ask('nginx', { '_default/hosts.toml': file(mirror('http://[fd00::11]:30020')) });
  assert.deepEqual(
    versions.map(({ version, hosts }) => `${version} ${hosts.length}`),
    ['1.6.36 1', '1.7.35 1', '2.0.14 2', '2.1.9 2', '2.2.9 2', '2.3.7 2', '2.4.2 2'],
  );
  assert.match(versions[0]?.outcome ?? '', /ignored/);
});

test('by digest no tag is asked, and the tag only of hosts that may resolve', () => {
  const text = "[host.'http://a']\ncapabilities = ['pull']\n[host.'http://b']\ncapabilities = ['resolve']\n";
  const tag = ask('nginx', { '_default/hosts.toml': file(text) }).hosts.map(({ asked }) => asked);
  assert.deepEqual(tag, [['digest'], ['digest'], ['tag', 'digest']]);
  const byDigest = ask(`nginx@sha256:${'0'.repeat(64)}`, { '_default/hosts.toml': file(text) });
  assert.deepEqual(
    byDigest.hosts.map(({ asked }) => asked),
    [['digest'], ['digest'], ['digest']],
  );
});

test('failures and deaths are told with their reason', () => {
  const fails = ask('nginx', { '_default/hosts.toml': file("[host.'https://a']\nca = 'none.crt'\n") });
  assert.equal(fails.outcome, 'fails');
  assert.match(fails.error ?? '', /unable to read CA cert "\/certs\.d\/_default\/none\.crt"/);
  const dies = ask('nginx', { '_default/hosts.toml': file('dial_timeout = 00:00:05\n') }, '2.2.9');
  assert.equal(dies.outcome, 'dies');
});

test('an image that is none gives a reason', () => {
  assert.throws(() => ask('NGINX', {}), /lower case/);
});

test('CRI of 1.6 refuses some names; what ctr would ask is told all the same', () => {
  const old = ask('[::1]:5000/x', {}, '1.6.20');
  assert.equal(old.outcome, 'fails');
  assert.match(old.error ?? '', /^CRI refuses the image: before 1\.7 no registry may be an IPv6 address/);
  assert.deepEqual(
    old.hosts.map(({ host }) => host),
    ['[::1]:5000'],
  );
  assert.deepEqual(
    old.versions.slice(0, 2).map(({ version, outcome, hosts }) => `${version} ${outcome} ${hosts.length}`),
    ['1.6.36 CRI refuses the name 0', '1.7.35 pulls 1'],
  );
  const today = ask('[::1]:5000/x', {}, '1.7.0');
  assert.deepEqual([today.outcome, today.refused], ['pulls', undefined]);
  assert.match(ask('Reg/x', {}, '1.6.36').refused ?? '', /lower case/);
});
