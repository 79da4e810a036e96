import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ContainerdVersion,
  modelledVersions,
  parseContainerdVersion,
} from '../../../src/core/containerd/containerd-version.ts';
import type { HostEntry, HostSettings, HostsFile } from '../../../src/core/containerd/hosts-file.ts';
import { parseLenient } from '../../../src/core/containerd/hosts-lenient.ts';
import { printHostsFile, printString } from '../../../src/core/containerd/hosts-print.ts';
import { judgeHostsFile } from '../../../src/core/containerd/judge.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const readBack = (text: string, version: ContainerdVersion): HostsFile | undefined =>
  judgeHostsFile(encode(text), { version, filesBeside: new Map() }).file;

test('the text looks as Spegel writes it', () => {
  const file: HostsFile = {
    server: 'https://registry-1.docker.io',
    top: {},
    hosts: [
      {
        url: 'http://10.0.0.11:30020',
        capabilities: ['pull', 'resolve'],
        dialTimeout: '200ms',
        header: [{ name: 'Authorization', value: 'Basic dTpw' }],
      },
      { url: 'http://10.0.0.11:30021', capabilities: ['pull', 'resolve'], dialTimeout: '200ms' },
    ],
  };
  const text = `server = 'https://registry-1.docker.io'

[host.'http://10.0.0.11:30020']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'
[host.'http://10.0.0.11:30020'.header]
Authorization = 'Basic dTpw'

[host.'http://10.0.0.11:30021']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'
`;
  assert.equal(printHostsFile(file, { version: undefined }), text);
});

test('a file that says nothing is 0 bytes', () => {
  assert.equal(printHostsFile({ top: {}, hosts: [] }, { version: undefined }), '');
});

test('top-level keys without a host end with a bare [host] line, unless containerd is known to do without', () => {
  const file: HostsFile = { server: 'https://m', top: {}, hosts: [] };
  assert.equal(printHostsFile(file, { version: undefined }), "server = 'https://m'\n\n[host]\n");
  assert.equal(printHostsFile(file, { version: parseContainerdVersion('1.7.31') }), "server = 'https://m'\n\n[host]\n");
  assert.equal(printHostsFile(file, { version: parseContainerdVersion('1.7.32') }), "server = 'https://m'\n");
});

test('every TOML key and value of a full file is printed', () => {
  const settings: HostSettings = {
    capabilities: ['pull'],
    ca: ['ca.crt', '/etc/ca2.crt'],
    client: ['both.pem', ['client.cert', 'client.key']],
    skipVerify: false,
    overridePath: true,
    dialTimeout: '1s',
    header: [{ name: 'x y', value: ['1', '2'] }],
  };
  const text = printHostsFile({ top: settings, hosts: [{ url: 'https://m', ...settings }] }, { version: undefined });
  const lines = `capabilities = ['pull']
ca = ['ca.crt', '/etc/ca2.crt']
client = ['both.pem', ['client.cert', 'client.key']]
skip_verify = false
override_path = true
dial_timeout = '1s'
`;
  assert.equal(
    text,
    `${lines}\n[header]\n'x y' = ['1', '2']\n\n[host.'https://m']\n${lines}[host.'https://m'.header]\n'x y' = ['1', '2']\n`,
  );
});

test('text that single quotes cannot hold is written in double quotes', () => {
  assert.equal(printString('plain'), "'plain'");
  assert.equal(printString("it's"), '"it\'s"');
  assert.equal(printString('"\\\n\u0001\u007f\''), '"\\"\\\\\\n\\u0001\\u007f\'"');
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom("'", '"', '\\', '\n', 'a\tb', 'ä', '#', '= [x]'),
);
const name = fc.oneof(text, fc.constantFrom('Authorization', 'x-1', 'a.b'));
const duration = fc.constantFrom('200ms', '1s', '1m30s', '1.5h');
const oneOrMany = fc.oneof(text, fc.array(text, { maxLength: 3 }));

/** The TOML reader of containerd 1.6 and 1.7 ends a key at its first double quote, escaped or not. */
const isExpressible = (key: string, version: ContainerdVersion): boolean =>
  version.major > 1 || !(key.includes('"') && /['\p{Cc}]/u.test(key));

const settings = (words: readonly string[], version: ContainerdVersion): fc.Arbitrary<HostSettings> =>
  fc.record(
    {
      capabilities: fc.uniqueArray(fc.constantFrom(...words), { maxLength: 3 }),
      ca: oneOrMany,
      client: fc.oneof(text, fc.array(fc.oneof(text, fc.tuple(text, text)), { maxLength: 3 })),
      skipVerify: fc.boolean(),
      overridePath: fc.constant(true as const),
      dialTimeout: duration,
      header: fc.uniqueArray(
        fc.record(
          { name: name.filter((one) => isExpressible(one, version)), value: oneOrMany },
          { noNullPrototype: true },
        ),
        {
          selector: (line) => line.name,
          minLength: 1,
          maxLength: 3,
        },
      ),
    },
    { requiredKeys: [], noNullPrototype: true },
  );

const url = (bracket: boolean): fc.Arbitrary<string> => {
  const plain = [
    'http://10.0.0.1:30020',
    'https://m.example.com',
    'm:5000',
    'http://a/b',
    "https://it's",
    'https://\u00e4',
  ];
  return fc.constantFrom(...plain, ...(bracket ? ['http://[fd00::1]:30020', 'https://[::1]'] : []));
};

const hostsFile = (version: ContainerdVersion): fc.Arbitrary<HostsFile> => {
  const words = version.major === 2 && version.minor >= 2 ? ['pull', 'resolve', 'push', 'referrers'] : ['pull', 'push'];
  const host: fc.Arbitrary<HostEntry> = fc
    .tuple(url(version.major === 2), settings(words, version))
    .map(([address, rest]) => ({ url: address, ...rest }));
  return fc
    .record({
      server: fc.option(url(true), { nil: undefined }),
      top: settings(words, version),
      hosts: fc.uniqueArray(host, { selector: (entry) => entry.url, maxLength: 4 }),
    })
    .map(({ server, ...rest }) => (server === undefined ? { ...rest } : { server, ...rest }));
};

for (const version of modelledVersions) {
  test(`containerd ${version.text} reads every printed file back as it was`, () => {
    fc.assert(
      fc.property(hostsFile(version), fc.boolean(), (file, known) => {
        const printed = printHostsFile(file, { version: known ? version : undefined });
        assert.deepEqual(readBack(printed, version), file);
        assert.deepEqual(parseLenient(encode(printed)), file);
      }),
      { numRuns: 150 },
    );
  });
}
