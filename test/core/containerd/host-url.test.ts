import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLocalhost, parseIPv6, splitHostPort } from '../../../src/core/containerd/host-address.ts';
import { cleanPath, hostUrlIdentity, parseHostUrl } from '../../../src/core/containerd/host-url.ts';

const url = (text: string, overridePath = false, strictColons = true): string => {
  const outcome = parseHostUrl(text, { overridePath, strictColons });
  return outcome.ok ? `${outcome.target.scheme}|${outcome.target.host}|${outcome.target.path}` : 'refused';
};

test('paths get /v2 unless they end in it or override_path is set', () => {
  assert.equal(url('https://a'), 'https|a|/v2');
  assert.equal(url('https://a/'), 'https|a|//v2');
  assert.equal(url('https://a/v2/'), 'https|a|/v2');
  assert.equal(url('https://a/us'), 'https|a|/us/v2');
  assert.equal(url('https://a/v2/proj'), 'https|a|/v2/proj/v2');
  assert.equal(url('https://a/xv2'), 'https|a|/xv2/v2');
  assert.equal(url('https://a', true), 'https|a|');
  assert.equal(url('https://a/', true), 'https|a|/');
  assert.equal(url('https://a/v2/proj', true), 'https|a|/v2/proj');
});

test('what does not begin with the letters http is HTTPS', () => {
  assert.equal(url('mirror:5000'), 'https|mirror:5000|/v2');
  assert.equal(url('tcp://x'), 'https|tcp:|/x/v2');
  assert.equal(url('HTTPS://X'), 'https|HTTPS:|/X/v2');
  assert.equal(url('httpmirror.io'), '||httpmirror.io/v2');
  assert.equal(url('httpx:5000'), 'httpx||/v2');
});

test('user, query and fragment are dropped, escapes decoded', () => {
  assert.equal(url('https://u:p@a/x?y#z'), 'https|a|/x/v2');
  assert.equal(url('https://a/%2Fb'), 'https|a|/b/v2');
  assert.equal(url('https://h%C3%A4'), 'https|h\u00e4|/v2');
});

test('URLs that Go refuses make containerd ignore the file', () => {
  const refused = [
    'http://a b',
    'http://a:b',
    'http://h%41',
    'http://a/%zz',
    'http://[::1',
    'http://[10.0.0.1]',
    'http://a\n',
    'http://x[::1]',
    'https://u ser@h',
  ];
  for (const text of refused) assert.equal(url(text), 'refused', text);
});

test('two colons are refused since 2.3', () => {
  assert.equal(url('http://fd00::1', false, false), 'http|fd00::1|/v2');
  assert.equal(url('http://fd00::1', false, true), 'refused');
});

test('IPv6 addresses may have zones and ports', () => {
  assert.equal(url('http://[fe80::1%25eth0]:30020'), 'http|[fe80::1%eth0]:30020|/v2');
  assert.equal(url('http://[fe80::1%eth0]'), 'refused');
  for (const good of ['::', '::1', '1:2:3:4:5:6:7:8', '1::8', '::ffff:1.2.3.4', '1:2:3:4:5:6:7::']) {
    assert.ok(parseIPv6(good) !== undefined, good);
  }
  for (const bad of [
    '',
    ':',
    '1',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '::1.2.3',
    '1.2.3.4',
    ':1::',
    '::g',
    '::01.2.3.4',
  ]) {
    assert.equal(parseIPv6(bad), undefined, bad);
  }
});

test('ports are split as Go splits them', () => {
  assert.deepEqual(splitHostPort('a:1'), { host: 'a', port: '1' });
  assert.deepEqual(splitHostPort('[::1]:1'), { host: '::1', port: '1' });
  assert.deepEqual(splitHostPort('a:'), { host: 'a', port: '' });
  for (const none of ['a', '[::1]', '::1', '[a]b:1', 'a]:1']) assert.equal(splitHostPort(none), undefined, none);
});

test('localhost is known with and without a port', () => {
  for (const yes of ['localhost', 'localhost:1', '127.0.0.1', '127.9.9.9:80', '::1', '[::1]:1', '::ffff:127.0.0.1']) {
    assert.ok(isLocalhost(yes), yes);
  }
  for (const no of ['LOCALHOST', '[::1]', '128.0.0.1', '127.0.0.01', 'localhost.example', '::2', '']) {
    assert.ok(!isLocalhost(no), no);
  }
});

test('paths are cleaned as Go cleans them', () => {
  for (const [path, clean] of [
    ['', '.'],
    ['/', '/'],
    ['/a//b/../c/.', '/a/c'],
    ['a/../..', '..'],
    ['/..', '/'],
  ] as const) {
    assert.equal(cleanPath(path), clean, path);
  }
});

test('one mirror in two spellings has one identity', () => {
  assert.equal(hostUrlIdentity('M:443', false), hostUrlIdentity('https://m/v2/', false));
  assert.notEqual(hostUrlIdentity('http://m', false), hostUrlIdentity('https://m', false));
  assert.notEqual(hostUrlIdentity('http://a b', false), hostUrlIdentity('http://a c', false));
});
