import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { codeOf, createFile, explain, readPlainFile, removeTree, statsAt } from '../../../src/io/disk/files.ts';
import { directoryFor } from '../../support/directory.ts';

const failure = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('files', () => {
  it('creates only where nothing stands, never through a link', (t) => {
    const root = directoryFor(t);
    const bytes = new TextEncoder().encode('x'.repeat(300_000));
    const written = createFile(join(root, 'a'), bytes, { mode: 0o640 });
    assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'x'.repeat(300_000));
    assert.equal(statSync(join(root, 'a')).mode & 0o7777, 0o640);
    assert.equal(written.ino, statsAt(join(root, 'a'))?.ino);
    symlinkSync('target', join(root, 'link'));
    for (const name of ['a', 'link'])
      assert.equal(codeOf(failure(() => createFile(join(root, name), bytes, {}))), 'EEXIST');
    assert.equal(existsSync(join(root, 'target')), false);
  });

  it('reads no link, and does not wait for a pipe', (t) => {
    const root = directoryFor(t);
    writeFileSync(join(root, 'a'), 'x');
    symlinkSync('a', join(root, 'link'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    assert.equal(codeOf(failure(() => readPlainFile(join(root, 'link')))), 'ELOOP');
    assert.equal(readPlainFile(join(root, 'pipe')).bytes.length, 0);
  });

  it('removes everything below, links as themselves, and nothing is fine', (t) => {
    const root = directoryFor(t);
    mkdirSync(join(root, 'tree/\u{e5}/deep'), { recursive: true });
    writeFileSync(join(root, 'kept'), 'x');
    writeFileSync(join(root, 'tree/\u{e5}/deep/file'), 'x');
    symlinkSync('../kept', join(root, 'tree/link'));
    symlinkSync('..', join(root, 'tree/up'));
    removeTree(join(root, 'tree'));
    removeTree(join(root, 'tree'));
    removeTree(join(root, 'kept/below'));
    assert.deepEqual(readdirSync(root), ['kept']);
  });

  it('tells what an error means where that is known', () => {
    const error = Object.assign(new Error('EROFS: read-only file system, open'), { code: 'EROFS' });
    assert.match(explain(error), /^EROFS: read-only file system, open \(.*remount it read-write.*\)$/);
    assert.equal(explain(new Error('other')), 'other');
    assert.equal(explain('text'), 'text');
  });
});
