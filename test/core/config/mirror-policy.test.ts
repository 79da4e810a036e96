import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/core/config/config.ts';
import { type MirrorPolicy, openPolicy, policyBreaches } from '../../../src/core/config/mirror-policy.ts';
import { mirrorRisks } from '../../../src/core/config/mirror-risks.ts';
import { render } from '../../../src/core/config/render.ts';
import { modelledVersions } from '../../../src/core/containerd/containerd-version.ts';
import type { Facts } from '../../../src/core/facts.ts';
import type { Problem } from '../../../src/core/problem.ts';
import { tools, workerFacts } from './config-cases.ts';

const encoder = new TextEncoder();
const hostOf = (url: string): string => `[host.${JSON.stringify(url)}]\n`;

const breaches = (text: string, policy: Partial<MirrorPolicy>, registry = 'a.io'): readonly string[] =>
  policyBreaches(encoder.encode(text), registry, { ...openPolicy, ...policy }).map(({ url, why }) => `${url}: ${why}`);

/** A file that no containerd reads is refused before anybody asks the policy. */
const isRead = (text: string): boolean =>
  modelledVersions.some((version) => tools.judge(encoder.encode(text), version).verdict === 'ok');

const allows = (url: string, policy: Partial<MirrorPolicy>): boolean =>
  isRead(hostOf(url)) && breaches(hostOf(url), policy).length === 0;

describe('policy.mirrors', () => {
  it('allows everything when it says nothing', () => {
    for (const url of ['http://evil.example', 'https://[2001:db8::1]', 'ftp://x', 'http://0x0a000001'])
      assert.ok(allows(url, {}), url);
  });

  it('by network allows addresses in it, however they are spelt, and no name', () => {
    const policy = { cidrs: ['10.0.0.0/8', 'fd00::/8'] };
    for (const url of [
      'http://10.0.0.1',
      'https://10.255.0.1:5000/v2/x',
      'http://[fd00::1]:30020',
      'http://[FD00:0:0::0001]',
      'http://[::ffff:10.0.0.1]:80',
      'http://[::ffff:a00:1]',
      '10.0.0.1:5000',
      'http://user:pass@10.0.0.1',
    ])
      assert.ok(allows(url, policy), url);
    for (const url of [
      'http://11.0.0.1',
      'http://[fe00::1]',
      'http://[::ffff:11.0.0.1]',
      'http://[::10.0.0.1]',
      'http://[64:ff9b::10.0.0.1]',
      'http://10.0.0.1.evil.example',
      'http://10.0.0.1@evil.example',
      'http://10.0.0.1:80@evil.example:80',
      'http://evil.example#@10.0.0.1',
      'http://evil.example?@10.0.0.1',
      'http://evil.example/@10.0.0.1/',
      'http://10.1',
      'http://167772161',
      'http://0x0a000001',
      'http://0x0a.0.0.1',
      'http://012.0.0.1',
      'http://10.0.0.1.',
      'http://10.0.0.1\\@evil.example',
      'http://１０.0.0.1',
      'http://10。0。0。1',
      'http://[fd00::1%25eth0]',
      'http://localhost',
      'http://',
      'http:///10.0.0.1',
      'http:10.0.0.1',
      '//10.0.0.1',
      'evil.example:80',
      'HTTP://10.0.0.1',
      'https:/10.0.0.1',
    ])
      assert.ok(!allows(url, policy), url);
  });

  it('by name allows that name or all below it, in any spelling, and no address but a listed one', () => {
    const policy = { hosts: ['mirror.example.com', '*.internal.example.com', '192.0.2.7', 'fd00::7'] };
    for (const url of [
      'https://mirror.example.com',
      'https://MIRROR.example.com.:443/v2',
      'mirror.example.com',
      'https://a.b.internal.example.com',
      'http://192.0.2.7:1',
      'http://[FD00::7]:1',
      'https://evil.example@mirror.example.com',
    ])
      assert.ok(allows(url, policy), url);
    for (const url of [
      'https://internal.example.com',
      'https://evilinternal.example.com',
      'https://a.mirror.example.com',
      'https://mirror.example.com.evil.example',
      'https://mirror.example.com@evil.example',
      'https://evil.example/mirror.example.com',
      'https://mirror.example.com%2eevil.example',
      'https://mirror%2eexample.com',
      'https://mirrоr.example.com',
      'https://mirror.example.com\u0000.evil.example',
      'https://192.0.2.8',
    ])
      assert.ok(!allows(url, policy), url);
  });

  it('takes a network or a name: either will do', () => {
    const policy = { cidrs: ['10.0.0.0/8'], hosts: ['*.example.com'] };
    assert.ok(allows('http://10.0.0.1', policy));
    assert.ok(allows('http://a.example.com', policy));
    assert.ok(!allows('http://11.0.0.1', policy));
    assert.ok(!allows('http://example.com', policy));
  });

  it('by scheme allows these alone', () => {
    assert.ok(allows('https://evil.example', { schemes: ['https'] }));
    assert.ok(allows('evil.example', { schemes: ['https'] }), 'without a scheme it is HTTPS');
    assert.ok(!allows('http://evil.example', { schemes: ['https'] }));
    assert.ok(!allows('https://10.0.0.1', { schemes: ['http'], cidrs: ['10.0.0.0/8'] }));
    assert.ok(!allows('httpx://10.0.0.1', { cidrs: ['10.0.0.0/8'] }));
  });

  it('looks at server as at a host, but for the registry itself by HTTPS', () => {
    const policy = { cidrs: ['10.0.0.0/8'] };
    const server = (url: string): string => `server = ${JSON.stringify(url)}\n[host]\n`;
    for (const [registry, url] of [
      ['quay.io', 'https://quay.io'],
      ['quay.io', 'quay.io'],
      ['docker.io', 'https://registry-1.docker.io'],
      ['reg.example.com:5000', 'https://reg.example.com:5000'],
      ['reg.example.com_5000_', 'https://reg.example.com:5000'],
      ['quay.io', 'https://10.1.1.1'],
    ] as const)
      assert.deepEqual(breaches(server(url), policy, registry), [], url);
    for (const [registry, url] of [
      ['quay.io', 'http://quay.io'],
      ['quay.io', 'https://quay.io:8443'],
      ['quay.io', 'https://quay.io.evil.example'],
      ['quay.io', 'https://quay.io@evil.example'],
      ['quay.io', 'https://docker.io'],
      ['_default', 'https://_default'],
      ['_default', 'https://quay.io'],
    ] as const)
      assert.equal(breaches(server(url), policy, registry).length, 1, url);
  });

  it('sees what any containerd reads: capitals, dotted keys, inline tables, a host in between', () => {
    for (const text of [
      `[HOST.'http://evil.example']\n`,
      `[host]\n'http://evil.example'.capabilities = ['pull']\n`,
      `host = { 'http://evil.example' = { capabilities = ['pull'] } }\n`,
      `host.'http://evil.example'.capabilities = ['pull']\n`,
      `[host.'http://10.0.0.1']\n[host.'http://evil.example']\n[host.'http://10.0.0.1'.header]\na = 'b'\n`,
      `["host"."http://evil.example"]\n`,
      `[host."http://\\u0065vil.example"]\n`,
      `Server = 'http://evil.example'\n[host.'http://10.0.0.1']\n`,
      `[host.evil.example]\n`,
    ])
      assert.ok(breaches(text, { cidrs: ['10.0.0.0/8'] }).length > 0, text);
  });

  it('says nothing of a file without hosts', () => {
    for (const text of ['', '# no mirrors', '\n', '[host]\n'])
      assert.deepEqual(breaches(text, { hosts: ['x.io'] }), []);
  });
});

describe('what is allowed and worth a warning', () => {
  const own = ['203.0.113.5', '2001:db8:5:1::5', 'master.example.com'];
  const risks = (text: string, policy: Partial<MirrorPolicy> = {}, registry = 'a.io'): readonly string[] =>
    mirrorRisks(encoder.encode(text), registry, { own, policy: { ...openPolicy, ...policy } }).map(({ code }) => code);

  it('is plain HTTP that leaves the node and the cluster', () => {
    for (const url of [
      'http://203.0.113.5:30020',
      'http://203.0.200.9',
      'http://[2001:db8:5:ffff::1]',
      'http://master.example.com:30020',
      'http://10.9.9.9',
      'http://172.31.0.1',
      'http://192.168.1.1',
      'http://100.64.0.1',
      'http://[fd12::1]',
      'http://127.0.0.1:5000',
      'http://localhost:5000',
      'http://cache:5000',
      'http://m.internal',
      'http://cache.ns.svc.cluster.local',
      'https://evil.example',
    ])
      assert.deepEqual(risks(hostOf(url)), [], url);
    for (const url of [
      'http://198.51.100.1',
      'http://203.1.0.1',
      'http://[2001:db8:6::1]',
      'http://mirror.example.com',
      'http://172.32.0.1',
      'http://internal.example',
    ])
      assert.deepEqual(risks(hostOf(url)), ['mirror-plain-http'], url);
    assert.deepEqual(risks(hostOf('http://mirror.example.com'), { schemes: ['http'] }), [], 'it is meant');
    assert.deepEqual(risks("server = 'http://reg.example.com:5000'\n[host]\n", {}, 'reg.example.com:5000'), []);
    assert.deepEqual(risks("server = 'http://evil.example'\n[host]\n"), ['mirror-plain-http']);
  });

  it('is a certificate that nobody looks at, on a host or at the top', () => {
    assert.deepEqual(risks("[host.'https://m.io']\nskip_verify = true\n"), ['mirror-unverified']);
    assert.deepEqual(risks("[host.'https://m.io']\nskip_verify = false\n"), []);
    assert.deepEqual(risks("server = 'https://a.io'\nskip_verify = true\n[host]\n"), ['mirror-unverified']);
  });
});

const problemsOf = (document: string, facts: Partial<Facts> = {}): readonly Problem[] => {
  const { config, problems } = parseConfig(document, 'config.yaml');
  if (config === undefined) throw new Error(JSON.stringify(problems));
  const desired = render(config, { ...workerFacts, ...facts }, tools);
  return [...desired.problems, ...[...desired.units.values()].flatMap((unit) => unit.problems)];
};

describe('a rendered file that breaks the policy', () => {
  it('is refused as a whole, with line and column of the template', () => {
    const [problem, ...others] = problemsOf(`handspegel:
  policy:
    mirrors: {cidrs: [10.0.0.0/8]}
extensions:
  evil:
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull']

      [host.'https://user:s3cret@evil.example']
      capabilities = ['pull']
`);
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...problem, message: '', hint: '' },
      {
        code: 'mirror-not-allowed',
        severity: 'error',
        message: '',
        hint: '',
        file: 'config.yaml',
        path: 'extensions.evil.content',
        line: 11,
        column: 13,
      },
    );
    assert.match(
      problem?.message ?? '',
      /quay\.io\/hosts\.toml .* host https:\/\/evil\.example: evil\.example is a name/,
    );
    assert.doesNotMatch(JSON.stringify(problem), /s3cret/);
  });

  it("counts for the built-in template's own mirrors and says so", () => {
    const document = 'handspegel: {policy: {mirrors: {cidrs: [192.168.0.0/16], schemes: [https]}}}\n';
    const found = problemsOf(document);
    assert.deepEqual([...new Set(found.map(({ code }) => code))], ['mirror-not-allowed']);
    assert.equal(found.length, 3, 'this node and two of the control plane');
    assert.match(found[0]?.hint ?? '', /built-in template's own mirrors count too/);
    assert.deepEqual(problemsOf('handspegel: {policy: {mirrors: {cidrs: [10.0.0.0/8], schemes: [http]}}}\n'), []);
  });

  it('is a warning only for plain HTTP far away and for skip_verify without a policy', () => {
    const found = problemsOf(`extensions:
  far:
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      [host.'http://mirror.example.com']
      capabilities = ['pull']

      [host.'https://mirror.example.com']
      capabilities = ['pull']
      skip_verify = true
`);
    assert.deepEqual(
      found.map(({ code, severity, line }) => [code, severity, line]),
      [
        ['mirror-plain-http', 'warning', 5],
        ['mirror-unverified', 'warning', 8],
      ],
    );
  });
});
