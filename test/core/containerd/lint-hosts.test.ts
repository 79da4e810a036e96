import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContainerdVersion } from '../../../src/core/containerd/containerd-version.ts';
import { hostsProblems } from '../../../src/core/containerd/hosts-problems.ts';
import { lintHostsFile } from '../../../src/core/containerd/lint-hosts.ts';

const lint = (text: string, version = '2.4.2') =>
  lintHostsFile(new TextEncoder().encode(text), { version: parseContainerdVersion(version), filesBeside: new Map() });

const codes = (text: string, version?: string): readonly string[] => lint(text, version).map(({ code }) => code);

const good = "[host.'http://10.0.0.1:30020']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n";

test('a good file gives no remark', () => {
  assert.deepEqual(codes(`server = 'https://quay.io'\n\n${good}`), []);
});

test('each mistake gives its remark', () => {
  const cases: Readonly<Record<string, readonly [string, string?]>> = {
    'hosts-unknown-key': [`${good}skip-verify = true\n`],
    'hosts-unknown-table': [`[hosts.'http://a']\n${good}`],
    'hosts-misplaced-key': [`${good}server = 'https://quay.io'\n`],
    'hosts-key-case': [`Server = 'https://quay.io'\n${good}`],
    'hosts-unquoted-url': [`[host.mirror.example.com]\n${good}`],
    'hosts-no-scheme': [good.replace('http://', '')],
    'hosts-odd-scheme': [good.replace('http://', 'HTTP://')],
    'hosts-url-parts-dropped': [good.replace('http://', 'http://u:p@')],
    'hosts-path-doubled': [good.replace('30020', '30020/v2/proxy')],
    'hosts-docker-io-server': [`server = 'https://docker.io'\n${good}`],
    'hosts-empty-key-file': [`${good}client = [['a.pem', '']]\n`],
    'hosts-no-resolve': [good.replace(", 'resolve'", '')],
    'hosts-implicit-push': [good.replace(/capabilities.*\n/, '')],
    'hosts-top-capabilities': [`capabilities = ['pull']\n${good}`],
    'hosts-no-dial-timeout': [good.replace(/dial.*\n/, '')],
    'hosts-dial-timeout-useless': [good.replace('200ms', '0s')],
    'hosts-dial-timeout-unknown': [good, '1.7.35'],
  };
  for (const [code, [text, version]] of Object.entries(cases)) {
    assert.ok(codes(text, version).includes(code), `${code}: ${codes(text, version).join(' ')}`);
  }
});

test('a remark names line, column and what was probably meant', () => {
  const [remark] = lint(`${good}capabilitys = ['pull']\n`);
  assert.deepEqual([remark?.line, remark?.column], [4, 1]);
  assert.match(remark?.message ?? '', /did you mean "capabilities"/);
});

test('every code that comes out is documented with its severity', () => {
  const texts = [
    good,
    'nonsense',
    "[host.'a']\nca = 'x'\n",
    '[hosts.x]\n[host.a.b]\nserver = 1\n',
    'dial_timeout = 00:00:05\n',
  ];
  for (const text of texts) {
    for (const { code, severity } of lint(text, '2.2.9')) {
      assert.equal(Object.entries(hostsProblems).find(([known]) => known === code)?.[1].severity, severity, code);
    }
  }
});
