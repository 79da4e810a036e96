import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelledVersions, parseContainerdVersion } from '../../../src/core/containerd/containerd-version.ts';
import type { CertificateReader } from '../../../src/core/containerd/hosts-certificates.ts';
import { type Judgement, type JudgeOptions, judgeHostsFile } from '../../../src/core/containerd/judge.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const judge = (text: string, version?: string, more: Partial<JudgeOptions> = {}): Judgement =>
  judgeHostsFile(encode(text), {
    version: version === undefined ? undefined : parseContainerdVersion(version),
    filesBeside: new Map(),
    ...more,
  });

const codes = (judgement: Judgement): readonly string[] => judgement.problems.map(({ code }) => code);

const spegel = `[host.'http://10.0.0.11:30020']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'

[host.'http://10.0.0.11:30021']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'
`;

test("Spegel's own file is fine for every version, and its hosts are told in order", () => {
  const judgement = judge(spegel);
  assert.equal(judgement.verdict, 'ok');
  assert.deepEqual(
    judgement.hosts.map(({ url, scheme, hostname, port, path, dialTimeoutMs }) => [
      url,
      scheme,
      hostname,
      port,
      path,
      dialTimeoutMs,
    ]),
    [
      ['http://10.0.0.11:30020', 'http', '10.0.0.11', 30020, '/v2', 200],
      ['http://10.0.0.11:30021', 'http', '10.0.0.11', 30021, '/v2', 200],
    ],
  );
  assert.equal(judgement.server, undefined);
});

test('a file that says nothing is always ok, whatever containerd logs about it', () => {
  for (const text of ['', ' ', '\n\n', '# only a comment', '  # a\r\n\t\n']) {
    for (const { text: version } of modelledVersions) {
      const judgement = judge(text, version);
      assert.equal(judgement.verdict, 'ok', JSON.stringify(text));
      assert.deepEqual(judgement.file, { top: {}, hosts: [] });
    }
  }
});

test('an unquoted time kills 2.0 to 2.2, and the worst version counts when it is unknown', () => {
  const text = "[host.'http://a']\ndial_timeout = 00:00:05\n";
  assert.equal(judge(text, '1.7.35').verdict, 'ok');
  assert.equal(judge(text, '2.1.9').verdict, 'deadly');
  assert.equal(judge(text, '2.3.7').verdict, 'ignored');
  const judgement = judge(text);
  assert.equal(judgement.verdict, 'deadly');
  const deadly = judgement.problems.find(({ code }) => code === 'hosts-deadly');
  assert.deepEqual(deadly?.versions, ['2.0.14', '2.1.9', '2.2.9']);
  assert.deepEqual([deadly?.line, deadly?.column], [2, 16]);
});

test('files that kill 2.3 as well are known', () => {
  const deadly = [
    '[server.x]\n',
    "[host.'http://a'.dial_timeout.x]\n",
    '[[capabilities.x]]\n',
    "host.'http://a'.capabilities = ['pull']\nhost.'http://a'.skip_verify = true\n",
  ];
  for (const text of deadly) {
    assert.equal(judge(text, '2.3.7').verdict, 'deadly', text);
    assert.notEqual(judge(text, '2.4.2').verdict, 'deadly', text);
  }
});

test('a value beside another entry below [host] kills 1.6 and 1.7', () => {
  const text = "[host]\nserver = 'https://x'\ncapabilities = ['pull']\n";
  assert.equal(judge(text, '1.6.20').verdict, 'deadly');
  assert.equal(judge(text, '2.0.0').verdict, 'ignored');
});

test('a file with a server only is ignored before 1.7.32, and a bare [host] line mends that', () => {
  const text = "server = 'https://m'\n";
  assert.equal(judge(text, '1.7.31').verdict, 'ignored');
  assert.equal(judge(text, '1.7.32').verdict, 'ok');
  assert.equal(judge(text).verdict, 'ignored');
  assert.match(judge(text, '1.6.36').problems[0]?.hint ?? '', /bare \[host\]/);
  const mended = judge(`${text}[host]\n`);
  assert.equal(mended.verdict, 'ok');
  assert.equal(mended.server?.host, 'm');
});

test('an IPv6 mirror is fine for 2.x and makes 1.x ignore the file', () => {
  const text = "[host.'http://[fd00::1]:30020']\ncapabilities = ['pull', 'resolve']\n";
  assert.equal(judge(text, '2.0.0').verdict, 'ok');
  assert.equal(judge(text, '2.0.0').hosts[0]?.hostname, 'fd00::1');
  assert.equal(judge(text, '1.7.35').verdict, 'ignored');
  assert.equal(judge(text).verdict, 'ignored');
  assert.equal(judge(text).hosts.length, 1);
});

test('hosts that 2.x does not list are an error there, and fine for 1.x', () => {
  const text = "[host]\n'http://a' = { capabilities = ['pull'] }\n";
  assert.equal(judge(text, '1.7.35').verdict, 'ok');
  assert.equal(judge(text, '2.2.9').verdict, 'ignored');
  assert.deepEqual(codes(judge(text, '2.2.9')), ['hosts-not-listed']);
});

test('a host whose header table stands behind another host is asked twice by 2.x', () => {
  const text = "[host.'http://a']\n[host.'http://b']\n[host.'http://a'.header]\nx = '1'\n";
  const judgement = judge(text, '2.4.2');
  assert.equal(judgement.verdict, 'ok');
  assert.ok(codes(judgement).includes('hosts-listed-twice'));
  assert.deepEqual(
    judgement.hosts.map(({ url }) => url),
    ['http://a', 'http://b', 'http://a'],
  );
  assert.deepEqual(
    judgement.file?.hosts.map(({ url }) => url),
    ['http://a', 'http://b'],
  );
});

test('skip_verify on http:// is said, as is dial_timeout for 2.0', () => {
  assert.deepEqual(codes(judge("[host.'http://a:5000']\nskip_verify = false\n", '2.4.2')), ['hosts-https-first']);
  assert.deepEqual(codes(judge(spegel, '2.0.14')), ['hosts-https-first', 'hosts-https-first']);
  assert.deepEqual(codes(judge(spegel, '2.1.9')), []);
});

test('dial_timeout is kept in the file for a version that does not know it', () => {
  const judgement = judge(spegel, '1.6.20');
  assert.equal(judgement.file?.hosts[0]?.dialTimeout, '200ms');
  assert.equal(judgement.hosts[0]?.dialTimeoutMs, undefined);
});

test('what containerd reads and TOML does not allow is warned about', () => {
  assert.ok(codes(judge("\ufeff[host.'http://a']\n", '1.7.35')).includes('hosts-toml-differs'));
});

const reader: CertificateReader = {
  authorities: (pem) => (new TextDecoder().decode(pem) === 'good' ? ['a'] : []),
  keyPairError: (certificate, key) => (certificate.length === key.length ? undefined : 'tls: no match'),
};

test('a certificate that is missing or wrong breaks all pulls', () => {
  const host = "[host.'https://a']\n";
  const beside = new Map([
    ['ca.crt', encode('good')],
    ['bad.crt', encode('bad')],
    ['client.cert', encode('12')],
    ['client.key', encode('34')],
    ['sub/ca.crt', encode('good')],
  ]);
  const verdict = (keys: string) => judge(host + keys, '2.4.2', { filesBeside: beside, certificates: reader }).verdict;
  assert.equal(verdict("ca = 'ca.crt'\n"), 'ok');
  assert.equal(verdict("ca = './sub/../sub/ca.crt'\n"), 'ok');
  assert.equal(verdict("client = [['client.cert', 'client.key']]\n"), 'ok');
  assert.equal(verdict("ca = 'none.crt'\n"), 'breaks-pulls');
  assert.equal(verdict("ca = 'bad.crt'\n"), 'breaks-pulls');
  assert.equal(verdict("ca = ''\n"), 'breaks-pulls');
  assert.equal(verdict("client = [['client.cert', 'ca.crt']]\n"), 'breaks-pulls');
  assert.equal(verdict("client = [['client.cert', '']]\n"), 'breaks-pulls');
});

test('a file outside the directory is looked at if it can be, else warned about', () => {
  const text = "[host.'https://a']\nca = '/etc/pki/ca.crt'\n";
  const options = { certificates: reader, readOutside: () => undefined };
  assert.equal(judge(text, '2.4.2', { certificates: reader }).verdict, 'ok');
  assert.deepEqual(codes(judge(text, '2.4.2')), ['hosts-certificate-unchecked']);
  assert.equal(judge(text, '2.4.2', options).verdict, 'breaks-pulls');
  assert.equal(judge(text, '2.4.2', { ...options, readOutside: () => encode('good') }).verdict, 'ok');
});

test('an absolute path into the directory itself is found there', () => {
  const text = "[host.'https://a']\nca = '/etc/containerd/certs.d/_default/ca.crt'\n";
  const filesBeside = new Map([['ca.crt', encode('good')]]);
  const judgement = judge(text, '2.4.2', { filesBeside, directory: '/etc/containerd/certs.d/_default' });
  assert.deepEqual(codes(judgement), []);
});

test('no bytes make judging throw', () => {
  const seeds = [spegel, "host = { 'a' = { client = [['x', 'y']] } }\n", '[[a.b]]\nc = """x"""\n'];
  for (const seed of seeds) {
    const bytes = encode(seed);
    for (let index = 0; index <= bytes.length; index += 1) {
      judgeHostsFile(bytes.slice(0, index), { version: undefined, filesBeside: new Map() });
      const changed = bytes.slice();
      if (index < bytes.length) changed[index] = (index * 37) % 256;
      judgeHostsFile(changed, { version: undefined, filesBeside: new Map() });
    }
  }
});

test('a document that is deep or long in any way is judged', () => {
  const long = 20_000;
  const texts = [
    '['.repeat(long),
    `a = ${'['.repeat(long)}${']'.repeat(long)}`,
    `${'a.'.repeat(long)}a = 1`,
    `[${'a.'.repeat(long)}a]`,
    `a = [${'1,'.repeat(long)}]`,
    `a = ${'1'.repeat(long)}`,
    `a = {${'b = {'.repeat(long)}`,
    `ca = ${'['.repeat(2000)}${']'.repeat(2000)}`,
    `host.a.ca = ${'{a = '.repeat(500)}1${'}'.repeat(500)}`,
    '\n'.repeat(long),
    `# ${'x'.repeat(long)}`,
  ];
  for (const text of texts) assert.ok(judge(text).verdict !== 'deadly', text.slice(0, 20));
});
