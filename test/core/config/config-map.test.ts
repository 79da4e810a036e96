import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readConfigMap } from '../../../src/core/config/config-map.ts';
import { readConfigSource } from '../../../src/io/config-source.ts';
import { sha256 } from '../../../src/io/disk/hash.ts';

const read = (object: unknown) => readConfigMap(object, 'ConfigMap a/b', sha256);
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

describe('a ConfigMap as the watch tells of it', () => {
  it('has the same text and hash as its mount', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'handspegel-map-'));
    t.after(() => rmSync(dir, { recursive: true }));
    for (const text of ['', 'cluster: {}\n', '\uFEFFcluster: {}\n', '# Spiegelbild, 鏡, 🪞\n', 'a: b\r\n']) {
      writeFileSync(join(dir, 'config.yaml'), text);
      const mounted = readConfigSource(dir);
      const { state, uid } = read({ metadata: { uid: 'u' }, data: { 'config.yaml': text, 'other.txt': 'x' } });
      assert.equal(uid, 'u');
      assert.ok(state.kind === 'text' && mounted.kind === 'text');
      assert.equal(state.text, mounted.text);
      assert.equal(state.sha256, mounted.sha256);
      assert.equal(state.file, 'ConfigMap a/b, config.yaml');
    }
  });

  it('may have another YAML key, or bytes', () => {
    const { state } = read({ data: { 'spec.yml': 'a: 1' } });
    assert.ok(state.kind === 'text' && state.text === 'a: 1' && state.file === 'ConfigMap a/b, spec.yml');
    const bytes = read({ binaryData: { 'config.yaml': base64('a: 2') } }).state;
    assert.ok(bytes.kind === 'text' && bytes.text === 'a: 2');
  });

  it('cannot be used without a key to choose, or with bytes that are no text; that is said', () => {
    const messages = [
      {},
      { data: {} },
      { data: { 'a.txt': 'x' } },
      { data: { 'a.yaml': 'x', 'b.yaml': 'y' } },
      { binaryData: { 'config.yaml': base64(Uint8Array.of(0xff, 0xfe)) } },
    ].map((object) => {
      const { state } = read(object);
      return state.kind === 'error' ? state.message : state.kind;
    });
    const none = 'ConfigMap a/b has no key config.yaml';
    assert.deepEqual(messages, [
      none,
      none,
      none,
      'ConfigMap a/b has no config.yaml and more than one YAML file to choose from: a.yaml, b.yaml',
      'ConfigMap a/b: config.yaml is not UTF-8',
    ]);
  });

  it('is missing when there is none', () => {
    assert.deepEqual(read(undefined), { state: { kind: 'missing', file: 'ConfigMap a/b' }, uid: undefined });
  });
});
