import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageReference, refusedBefore17 } from '../../../src/core/containerd/image-reference.ts';

const digest = `sha256:${'0'.repeat(64)}`;

const read = (text: string): string => {
  const outcome = parseImageReference(text);
  if (!outcome.ok) return 'refused';
  const { namespace, repository, tag, digest: found } = outcome.image;
  return `${namespace} ${repository} ${tag ?? found?.slice(0, 8) ?? ''}`;
};

test("Docker's short names lead to docker.io", () => {
  assert.equal(read('nginx'), 'docker.io library/nginx latest');
  assert.equal(read('nginx:1.27'), 'docker.io library/nginx 1.27');
  assert.equal(read('bitnami/redis'), 'docker.io bitnami/redis latest');
  assert.equal(read('docker.io/nginx'), 'docker.io library/nginx latest');
  assert.equal(read('index.docker.io/a/b'), 'docker.io a/b latest');
  assert.equal(read('registry-1.docker.io/library/x'), 'registry-1.docker.io library/x latest');
});

test('registries keep their port and case', () => {
  assert.equal(read('localhost/x'), 'localhost x latest');
  assert.equal(read('r.io:443/a/b/c:d'), 'r.io:443 a/b/c d');
  assert.equal(read('Reg/x'), 'Reg x latest');
  assert.equal(read('[::1]:5000/x'), '[::1]:5000 x latest');
  assert.equal(read('10.0.0.1:5000/x'), '10.0.0.1:5000 x latest');
});

test('beside a digest the tag is dropped', () => {
  assert.equal(read(`quay.io/a/b:v1@${digest}`), 'quay.io a/b sha256:0');
});

test('what is no reference is refused', () => {
  for (const text of [
    '',
    'Nginx',
    'a/B',
    'x:',
    'x@sha256:12',
    `x@sha1:${'0'.repeat(40)}`,
    '0'.repeat(64),
    'a//b',
    '::1/x',
    'http://a/b',
    `x/${'a'.repeat(256)}`,
  ]) {
    assert.equal(read(text), 'refused', text);
  }
});

test('CRI before 1.7 refuses some that later ones read', () => {
  const refused = (text: string): string => {
    const outcome = parseImageReference(text);
    return outcome.ok ? (refusedBefore17(outcome.image) ?? 'read') : 'refused by all';
  };
  assert.match(refused('[::1]:5000/x'), /IPv6/);
  assert.match(refused('[fd00::11]/a/b:v1'), /IPv6/);
  assert.match(refused('Reg/x'), /lower case/);
  assert.match(refused(`registry.example.com/${'a'.repeat(250)}`), /255 characters at most, not 271/);
  for (const text of ['nginx', 'localhost/x', 'localhost:5000/x', 'Reg.example.com/x', 'REG:5000/x', '10.0.0.1/x'])
    assert.equal(refused(text), 'read', text);
});
