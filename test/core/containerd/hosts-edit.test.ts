import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeHostsFiles, withoutHosts } from '../../../src/core/containerd/hosts-edit.ts';
import type { HostsFile } from '../../../src/core/containerd/hosts-file.ts';
import { parseLenient } from '../../../src/core/containerd/hosts-lenient.ts';
import { printHostsFile } from '../../../src/core/containerd/hosts-print.ts';
import { judgeHostsFile } from '../../../src/core/containerd/judge.ts';

const file = (urls: readonly string[], server?: string): HostsFile => ({
  ...(server === undefined ? {} : { server }),
  top: {},
  hosts: urls.map((url) => ({ url })),
});

const urlsOf = ({ hosts }: HostsFile): readonly string[] => hosts.map(({ url }) => url);

test('merging keeps the order, each host once, and the top-level keys of the first', () => {
  const merged = mergeHostsFiles(
    file(['http://a', 'http://b'], 'https://one'),
    file(['http://b', 'http://c'], 'https://two'),
  );
  assert.deepEqual(merged, file(['http://a', 'http://b', 'http://c'], 'https://one'));
});

test('two spellings of one URL are one host', () => {
  const first = file(['https://M.example.com', 'http://x/v2/', 'http://[::1]:80']);
  const second = file(['m.example.com:443', 'http://x', 'http://x:80/', 'http://[::1]', 'https://x', 'http://x/y']);
  assert.deepEqual(urlsOf(mergeHostsFiles(first, second)), [...urlsOf(first), 'https://x', 'http://x/y']);
});

test('an override_path decides whether /v2 is the same place', () => {
  const first: HostsFile = { top: {}, hosts: [{ url: 'https://m/v2', overridePath: true }] };
  const second: HostsFile = { top: {}, hosts: [{ url: 'https://m' }, { url: 'https://m', overridePath: true }] };
  assert.equal(mergeHostsFiles(first, second).hosts.length, 2);
});

test('dropping hosts leaves everything else', () => {
  const kept = withoutHosts(file(['http://a', 'http://b'], 'https://s'), ({ url }) => url === 'http://a');
  assert.deepEqual(kept, file(['http://b'], 'https://s'));
});

test('a file that names a host twice is mended by merging it with itself', () => {
  const text = `[host.'http://10.0.0.1:30020']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'

[host.'http://10.0.0.1:30021']
capabilities = ['pull', 'resolve']

[host.'http://10.0.0.1:30020']
capabilities = ['pull']
[host.'http://10.0.0.1:30020'.header]
x = '1'
`;
  const bytes = new TextEncoder().encode(text);
  const options = { version: undefined, filesBeside: new Map<string, Uint8Array>() };
  assert.equal(judgeHostsFile(bytes, options).verdict, 'ignored');
  const parsed = parseLenient(bytes);
  assert.ok(parsed !== undefined);
  assert.deepEqual(urlsOf(parsed), ['http://10.0.0.1:30020', 'http://10.0.0.1:30021', 'http://10.0.0.1:30020']);
  const mended = printHostsFile(mergeHostsFiles(parsed, parsed), { version: undefined });
  assert.equal(mended, text.slice(0, text.lastIndexOf("\n[host.'http://10.0.0.1:30020']")));
  assert.equal(judgeHostsFile(new TextEncoder().encode(mended), options).verdict, 'ok');
});

test('lenient reading gives up on what is no TOML, and on wrong types', () => {
  for (const text of ['nonsense', '[host', "capabilities = 'pull'", "server = ['x']"]) {
    assert.equal(parseLenient(new TextEncoder().encode(text)), undefined, text);
  }
});

test('lenient reading also sees dotted and inline hosts', () => {
  const parsed = parseLenient(new TextEncoder().encode("host.'http://a'.capabilities = ['pull']\n[host.'http://b']\n"));
  assert.deepEqual(parsed && [...urlsOf(parsed)].sort(), ['http://a', 'http://b']);
});

test('merging is idempotent, and a file merged with itself is only rid of doubles', () => {
  const urls = fc.array(fc.constantFrom('http://a', 'http://a:80', 'http://b', 'c', 'https://c', 'http://[::1]'));
  fc.assert(
    fc.property(urls, urls, (one, two) => {
      const merged = mergeHostsFiles(file(one), file(two));
      assert.deepEqual(mergeHostsFiles(merged, merged), merged);
      assert.deepEqual(mergeHostsFiles(merged, file(two)), merged);
    }),
  );
});
