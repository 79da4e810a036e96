import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createConfigReader, readConfigSource } from '../../src/io/config-source.ts';
import { directoryFor } from '../support/directory.ts';
import { asStranger } from '../support/stranger.ts';

const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
const messageOf = (path: string): string => {
  const read = readConfigSource(path);
  return read.kind === 'error' ? read.message : read.kind;
};

/** What kubelet does: a new directory, a new link renamed over `..data`, and the old directory removed. */
const swap = (mount: string, name: string, files: Readonly<Record<string, string>>): void => {
  const old = readdirSync(mount).filter((one) => one.startsWith('..2') && one !== name);
  mkdirSync(join(mount, name));
  for (const [key, text] of Object.entries(files)) writeFileSync(join(mount, name, key), text);
  symlinkSync(name, join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  for (const key of Object.keys(files)) {
    if (!readdirSync(mount).includes(key)) symlinkSync(`..data/${key}`, join(mount, key));
  }
  for (const one of old) rmSync(join(mount, one), { recursive: true });
};

describe('readConfigSource', () => {
  it('reads a file with its hash', (t) => {
    const file = join(directoryFor(t), 'any-name');
    writeFileSync(file, 'a: å');
    assert.deepEqual(readConfigSource(file), { kind: 'text', text: 'a: å', file, sha256: sum('a: å') });
    writeFileSync(file, '\u{feff}a: 1');
    const read = readConfigSource(file);
    assert.equal(read.kind === 'text' && read.text, 'a: 1');
  });

  it('reads config.yaml of a mount, else the only YAML file', (t) => {
    const mount = directoryFor(t);
    const file = join(mount, 'config.yaml');
    assert.deepEqual(readConfigSource(mount), { kind: 'missing', file: mount });
    swap(mount, '..2026_one', { 'cluster.yml': 'one', 'README.md': 'x' });
    assert.deepEqual(readConfigSource(mount), {
      kind: 'text',
      text: 'one',
      file: join(mount, 'cluster.yml'),
      sha256: sum('one'),
    });
    swap(mount, '..2026_two', { 'cluster.yml': 'one', 'other.yaml': 'x' });
    assert.match(
      messageOf(mount),
      /no config\.yaml and more than one YAML file to choose from: cluster\.yml, other\.yaml/,
    );
    swap(mount, '..2026_three', { 'cluster.yml': 'one', 'other.yaml': 'x', 'config.yaml': 'three' });
    assert.deepEqual(readConfigSource(mount), { kind: 'text', text: 'three', file, sha256: sum('three') });
  });

  it('says what is missing', (t) => {
    const root = directoryFor(t);
    writeFileSync(join(root, 'file'), '');
    symlinkSync('nowhere', join(root, 'link'));
    for (const name of ['none', 'none/config.yaml', 'file/config.yaml', 'link']) {
      assert.equal(readConfigSource(join(root, name)).kind, 'missing', name);
    }
    swap(root, '..2026_one', { 'config.yaml': '' });
    unlinkSync(join(root, '..data'));
    assert.equal(readConfigSource(root).kind, 'missing');
  });

  it('says what cannot be used, and does not wait for a pipe', (t) => {
    const root = directoryFor(t);
    writeFileSync(join(root, 'binary'), Buffer.of(0x61, 0xff));
    writeFileSync(join(root, 'big'), 'x'.repeat(4 * 1024 * 1024 + 1));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    mkdirSync(join(root, 'mount/config.yaml'), { recursive: true });
    symlinkSync('circle', join(root, 'circle'));
    assert.match(messageOf(join(root, 'binary')), /binary is not UTF-8/);
    assert.match(messageOf(join(root, 'big')), /larger than 4194304 bytes/);
    assert.match(messageOf(join(root, 'pipe')), /pipe is not a file/);
    assert.match(messageOf(join(root, 'mount')), /config\.yaml is not a file/);
    assert.match(messageOf(join(root, 'circle')), /cannot read the configuration: ELOOP/);
  });

  it('says that it may not be read', async (t) => {
    const root = directoryFor(t);
    const closed = join(root, 'closed');
    chmodSync(root, 0o755);
    writeFileSync(closed, '', { mode: 0o600 });
    assert.match(await asStranger([closed], () => messageOf(closed)), /cannot read the configuration: EACCES/);
  });

  it('gives an empty file as an empty text: whether it is being written is for the reader to wait for', (t) => {
    const file = join(directoryFor(t), 'config.yaml');
    writeFileSync(file, '');
    assert.deepEqual(readConfigSource(file), { kind: 'text', text: '', file, sha256: sum('') });
  });

  it('reads all of one moment while the mount is swapped again and again', async (t) => {
    const mount = directoryFor(t);
    swap(mount, '..2026_a', { 'config.yaml': 'x'.repeat(200_000) });
    const script = `
      const { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
      process.chdir(${JSON.stringify(mount)});
      let old = '..2026_a';
      process.stdout.write('swapping');
      for (let i = 0; i < 400; i += 1) {
        const name = '..2026_' + i;
        mkdirSync(name);
        writeFileSync(name + '/config.yaml', String.fromCharCode(97 + (i % 26)).repeat(200000));
        symlinkSync(name, '..data_tmp');
        renameSync('..data_tmp', '..data');
        rmSync(old, { recursive: true });
        old = name;
      }`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    let [looks, texts] = [0, 0];
    while (child.exitCode === null) {
      const read = readConfigSource(mount);
      // A busy machine may hold each of its looks up until the next swap, which no kubelet does.
      if (read.kind === 'error') assert.match(read.message, /changes all the time while it is read$/);
      else assert.match(read.kind === 'text' ? read.text : read.kind, /^(.)\1{199999}$/);
      looks += 1;
      if (read.kind === 'text') texts += 1;
      if (looks % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(texts > 0);
    assert.equal(readConfigSource(mount).kind, 'text');
  });
});

describe('createConfigReader', () => {
  it('sees every change of a file, also within one tick of its clock', (t) => {
    const file = join(directoryFor(t), 'config.yaml');
    const read = createConfigReader(file);
    assert.equal(read().kind, 'missing');
    for (let text = 0; text < 200; text += 1) {
      writeFileSync(file, `a: ${100 + text}`);
      const found = read();
      assert.equal(found.kind === 'text' && found.text, `a: ${100 + text}`);
    }
    unlinkSync(file);
    assert.equal(read().kind, 'missing');
  });

  it('does not read again what has stood still for 2 s, until it is touched', (t) => {
    const file = join(directoryFor(t), 'config.yaml');
    writeFileSync(file, 'one');
    const read = createConfigReader(file, () => Date.now() + 2_000);
    const first = read();
    assert.equal(read(), first);
    writeFileSync(file, 'three');
    const second = read();
    assert.equal(second.kind === 'text' && second.text, 'three');
    assert.equal(read(), second);
    chmodSync(file, 0o600);
    assert.notEqual(read(), second);
  });

  it('sees each swap of a mount, and a change of the only YAML file of a directory', (t) => {
    const mount = directoryFor(t);
    const read = createConfigReader(mount);
    const textNow = (): string | undefined => {
      const found = read();
      return found.kind === 'text' ? found.text : undefined;
    };
    for (let at = 0; at < 20; at += 1) {
      swap(mount, `..2026_${at}`, { 'config.yaml': `a: ${at}` });
      assert.equal(textNow(), `a: ${at}`);
    }
    const directory = directoryFor(t);
    const other = join(directory, 'cluster.yml');
    writeFileSync(other, 'one');
    const readOther = createConfigReader(directory);
    const first = readOther();
    // As old as a file that will not be read again.
    utimesSync(other, 1, 1);
    writeFileSync(other, 'two');
    const second = readOther();
    assert.deepEqual(
      [first, second].map((found) => found.kind === 'text' && found.text),
      ['one', 'two'],
    );
  });
});
