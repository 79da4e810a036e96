import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keyPairError, readAuthorities } from '../../src/io/certificates.ts';

type Kept = { readonly fixtures: Readonly<Record<string, string>> };
const kept = JSON.parse(
  readFileSync(new URL('../core/containerd/cases/containerd.golden.json', import.meta.url), 'utf8'),
) as Kept;

const pem = (name: string): string => (kept.fixtures[name] ?? '').replaceAll('PRIVATE_KEY', 'PRIVATE KEY');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('authorities are counted as Go adds them to a pool', () => {
  assert.equal(readAuthorities(bytes(pem('ca.crt'))).length, 1);
  assert.equal(readAuthorities(bytes(`noise\n${pem('ca.crt')}\nmore\n${pem('ca2.crt')}`)).length, 2);
  assert.equal(readAuthorities(bytes(pem('client.key'))).length, 0);
  assert.equal(readAuthorities(bytes('hello')).length, 0);
  assert.equal(readAuthorities(bytes('')).length, 0);
});

test('a block with headers, broken base64 or no end is passed over', () => {
  const body = pem('ca.crt');
  const first = '-----BEGIN CERTIFICATE-----\n';
  assert.equal(readAuthorities(bytes(body.replace(first, `${first}Proc-Type: 4\n\n`))).length, 0);
  assert.equal(readAuthorities(bytes(body.replace(first, `${first}!!\n`))).length, 0);
  assert.equal(readAuthorities(bytes(body.replace(/-----END.*/s, ''))).length, 0);
  assert.equal(readAuthorities(bytes(`${body.replace(/-----END.*/s, '')}${body}`)).length, 1);
  assert.equal(readAuthorities(bytes(body.replaceAll('\n', '\r\n'))).length, 1);
});

test('a certificate and its key are a pair, apart or in one file', () => {
  assert.equal(keyPairError(bytes(pem('client.cert')), bytes(pem('client.key'))), undefined);
  assert.equal(keyPairError(bytes(pem('combined.pem')), bytes(pem('combined.pem'))), undefined);
});

test("what is no pair is told in Go's words", () => {
  const certificate = bytes(pem('client.cert'));
  const key = bytes(pem('client.key'));
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  assert.equal(keyPairError(certificate, bytes(pem('other.key'))), 'tls: private key does not match public key');
  assert.equal(keyPairError(certificate, bytes(String(rsa))), 'tls: private key type does not match public key type');
  assert.match(keyPairError(key, certificate) ?? '', /may have been switched$/);
  assert.match(keyPairError(certificate, certificate) ?? '', /^tls: found a certificate rather than a key/);
  assert.equal(keyPairError(bytes(''), key), 'tls: failed to find any PEM data in certificate input');
  assert.equal(keyPairError(certificate, bytes('')), 'tls: failed to find any PEM data in key input');
  const broken = pem('client.key').replace(/\n[^\n]+\n/, '\nAAAA\n');
  assert.equal(keyPairError(certificate, bytes(broken)), 'tls: failed to parse private key');
});
