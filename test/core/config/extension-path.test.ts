import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { certsDirPrefix, namespaceOf, readExtensionPath } from '../../../src/core/config/extension-path.ts';

const below = (rest: string): string => {
  const read = readExtensionPath(certsDirPrefix + rest);
  if (read.kind !== 'file') return read.kind;
  return [`${read.registry}|${read.name}`, ...read.warnings.map(({ code }) => code)].join(' ');
};

test('a registry directory and a file below the prefix are accepted, whatever the registry is called', () => {
  for (const registry of [
    '_default',
    'docker.io',
    'reg.io:5000',
    'reg.io_5000_',
    'localhost',
    'localhost:5000',
    '10.0.0.1',
    '[fd00::1]:5000',
    'my_reg.io'.replace('_', '-'),
  ]) {
    assert.equal(below(`${registry}/hosts.toml`), `${registry}|hosts.toml`);
  }
  for (const name of ['ca.crt', 'client.cert', 'client.key', 'bundle.pem'])
    assert.equal(below(`a.io/${name}`), `a.io|${name}`);
});

test('every way out of certs.d, and every odd path, is refused', () => {
  const odd = [
    '',
    '/',
    'hosts.toml',
    'a.io',
    'a.io/',
    '/a.io/hosts.toml',
    'a.io//hosts.toml',
    '../x',
    'a.io/..',
    'a.io/../b.io/hosts.toml',
    './a.io/hosts.toml',
    'a.io/./hosts.toml',
    'a.io/b/hosts.toml',
    '_backup/hosts.toml',
    '_backup/a.io/hosts.toml',
    '.handspegel/x',
    'a.io\\hosts.toml',
    'a.io/ho\nsts.toml',
    'a.io/hosts.toml\0',
    '\u007f/hosts.toml',
    `${'a'.repeat(256)}/hosts.toml`,
    `${'é'.repeat(128)}/hosts.toml`,
    `a.io/${'x'.repeat(256)}`,
    'a.io/\ud800',
  ];
  for (const rest of odd) assert.equal(below(rest), 'refused', JSON.stringify(rest));
});

test('a path that only leads to certs.d by detours is refused, with the straight one as advice', () => {
  for (const path of [
    '/etc/containerd/certs.d/a.io/hosts.toml',
    'templates/root_dir/etc/../etc/containerd/certs.d/a.io/hosts.toml',
    './templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml',
    'templates//root_dir/etc/containerd/certs.d/a.io/hosts.toml',
    'templates\\root_dir\\etc\\containerd\\certs.d\\a.io\\hosts.toml',
  ]) {
    const read = readExtensionPath(path);
    assert.equal(read.kind, 'refused', path);
    assert.match(
      read.kind === 'refused' ? read.finding.hint : '',
      /Write templates\/root_dir\/etc\/containerd\/certs\.d\/a\.io\/hosts\.toml/,
    );
  }
});

test('other paths belong to somebody else, and near misses are said', () => {
  const warnings = (path: string): number => {
    const read = readExtensionPath(path);
    assert.equal(read.kind, 'elsewhere', path);
    return read.kind === 'elsewhere' ? read.warnings.length : -1;
  };
  for (const path of [
    'templates/root_dir/etc/motd',
    '/etc/motd',
    'a/../b',
    'templates/root_dir/etc/containerd/config.toml',
  ]) {
    assert.equal(warnings(path), 0);
  }
  for (const path of [
    'template/root_dir/etc/containerd/certs.d/a.io/hosts.toml',
    'etc/containerd/certs.d/a.io/hosts.toml',
  ]) {
    assert.equal(warnings(path), 1);
  }
});

test('a name that containerd never looks up is accepted with a warning', () => {
  const unread = [
    '_default_/hosts.toml',
    'default/hosts.toml',
    '_Default/hosts.toml',
    'registry-1.docker.io/hosts.toml',
    'index.docker.io/hosts.toml',
    'a.io/host.toml',
    'a.io/hosts',
    'a.io/hosts.toml.bak',
    'a b.io/hosts.toml',
    'a.io:0/hosts.toml',
    'registry/hosts.toml',
    'https:a.io/hosts.toml',
  ];
  for (const rest of unread) assert.match(below(rest), /extension-path-unread$/, rest);
  for (const rest of ['A.io/hosts.toml', 'a.io:443/hosts.toml', 'a.io_443_/hosts.toml', 'a.io/README']) {
    assert.match(below(rest), /extension-path-unusual$/, rest);
  }
});

test('the port form of a directory stands for the same registry', () => {
  assert.equal(namespaceOf('reg.io_5000_'), 'reg.io:5000');
  assert.equal(namespaceOf('reg.io:5000'), 'reg.io:5000');
  assert.equal(namespaceOf('_default'), '_default');
});

test('what is accepted is always one directory and one plain file name below certs.d', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '',
    'a.io',
    '_backup',
    '.handspegel',
    'hosts.toml',
    '\\',
    '\0',
    'x'.repeat(300),
    '~',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), fc.string(), (parts, tail) => {
      const path = certsDirPrefix + [...parts, tail].join('/');
      const read = readExtensionPath(path);
      fc.pre(read.kind === 'file');
      assert.equal(`${certsDirPrefix}${read.registry}/${read.name}`, path);
      for (const name of [read.registry, read.name]) {
        assert.ok(name !== '' && name !== '.' && name !== '..' && !/[/\\]/.test(name));
      }
      assert.ok(!['_backup', '.handspegel'].includes(read.registry));
    }),
    { numRuns: 500 },
  );
});
