import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContainerdVersion, rulesOf } from '../../../src/core/containerd/containerd-version.ts';
import { candidateDirectories, lookup } from '../../../src/core/containerd/lookup.ts';
import type { LookupEntry, LookupTree } from '../../../src/core/containerd/lookup-tree.ts';

const version = (text: string) => {
  const parsed = parseContainerdVersion(text);
  assert.ok(parsed !== undefined);
  return parsed;
};

const noCertificates = { authorities: () => [], keyPairError: () => 'none' };

const file = (text: string): LookupEntry => ({ kind: 'file', bytes: new TextEncoder().encode(text) });

const tree = (entries: Readonly<Record<string, LookupEntry>>, more: Partial<LookupTree> = {}): LookupTree => ({
  root: '/etc/containerd/certs.d',
  rootState: 'directory',
  entries: new Map(Object.entries(entries)),
  ...more,
});

const mirror = file("[host.'http://10.0.0.11:30020']\ncapabilities = ['pull', 'resolve']\n");
const ask = (look: LookupTree, namespace: string, text = '2.4.2') =>
  lookup(look, namespace, version(text), noCertificates);

test('the names tried for a registry', () => {
  const names = (namespace: string, text = '2.4.2') => candidateDirectories(namespace, rulesOf(version(text)));
  assert.deepEqual(names('docker.io'), ['docker.io', '_default']);
  assert.deepEqual(names('r.io:5000'), ['r.io_5000_', 'r.io:5000', '_default']);
  assert.deepEqual(names('[::1]:5000'), ['[::1]_5000_', '[::1]:5000', '_default']);
  assert.deepEqual(names('::1'), [':_1_', '::1', '_default']);
  assert.deepEqual(names('docker.io', '1.6.16'), ['docker.io']);
});

test('the first directory that exists wins, and an empty one hides _default', () => {
  const result = ask(tree({ 'docker.io': { kind: 'directory' }, '_default/hosts.toml': mirror }), 'docker.io');
  assert.equal(result.directory, 'docker.io');
  assert.deepEqual(result.candidates, [
    { directory: 'docker.io', state: 'chosen' },
    { directory: '_default', state: 'hidden' },
  ]);
  assert.deepEqual(
    result.hosts.map(({ host }) => host),
    ['registry-1.docker.io'],
  );
});

test('the upstream follows the mirrors', () => {
  const result = ask(tree({ '_default/hosts.toml': mirror }), 'quay.io');
  assert.deepEqual(
    result.hosts.map(({ scheme, host, path }) => `${scheme}://${host}${path}`),
    ['http://10.0.0.11:30020/v2', 'https://quay.io/v2'],
  );
});

test('a regular file where a directory is looked for fails every pull', () => {
  const result = ask(tree({ _default: file('x') }), 'quay.io');
  assert.equal(result.error, 'open /etc/containerd/certs.d/_default/hosts.toml: not a directory');
  assert.equal(
    ask(tree({}, { rootState: 'file' }), 'quay.io').error,
    'stat /etc/containerd/certs.d/quay.io: not a directory',
  );
});

test('a dangling link counts as missing, a loop fails', () => {
  const dangling = tree({ 'quay.io': { kind: 'symlink', target: 'gone' }, '_default/hosts.toml': mirror });
  assert.equal(ask(dangling, 'quay.io').directory, '_default');
  const loop = tree({ 'quay.io': { kind: 'symlink', target: './quay.io' } });
  assert.equal(ask(loop, 'quay.io').error, 'stat /etc/containerd/certs.d/quay.io: too many levels of symbolic links');
});

test('links out of a directory and back are followed', () => {
  const linked = tree({ 'quay.io': { kind: 'symlink', target: '../certs.d/shared/.' }, 'shared/hosts.toml': mirror });
  assert.equal(ask(linked, 'quay.io').hosts.length, 2);
});

test('names that no file system takes are errors, not crashes', () => {
  assert.match(ask(tree({}), 'x'.repeat(256)).error ?? '', /file name too long$/);
  assert.match(ask(tree({}), 'x\0').error ?? '', /invalid argument$/);
});

test('a local registry needs no HTTPS, differently from release to release', () => {
  const first = (namespace: string, text: string) => {
    const [host] = ask(tree({}), namespace, text).hosts;
    return [host?.scheme, host?.skipVerify, host?.httpFallback];
  };
  assert.deepEqual(first('localhost:5000', '2.4.2'), ['https', true, true]);
  assert.deepEqual(first('127.0.0.254:5000', '1.7.8'), ['https', true, true]);
  assert.deepEqual(first('localhost:80', '2.4.2'), ['http', false, false]);
  assert.deepEqual(first('localhost', '2.4.2'), ['https', true, false]);
  assert.deepEqual(first('[::1]', '2.4.2'), ['https', false, false]);
  assert.deepEqual(first('localhost:5000', '1.7.0'), ['http', true, false]);
  assert.deepEqual(first('localhost:5000', '1.6.8'), ['https', false, false]);
});

test('a file that would kill containerd is told as such', () => {
  const result = ask(tree({ '_default/hosts.toml': file('dial_timeout = 00:00:05\n') }), 'quay.io', '2.2.9');
  assert.equal(result.panic?.line, 1);
  assert.deepEqual(result.hosts, []);
});
