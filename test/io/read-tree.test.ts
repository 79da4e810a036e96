import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Seen, Tree } from '../../src/core/tree.ts';
import { maxDepth, maxFileBytes, readTree } from '../../src/io/read-tree.ts';
import { directoryFor, writeDirectory } from '../support/directory.ts';
import { asStranger } from '../support/stranger.ts';

const textOf = (seen: Seen | undefined): string | undefined =>
  seen?.kind === 'file' ? Buffer.from(seen.bytes).toString() : undefined;
const bytesOf = (seen: Seen | undefined): Uint8Array | undefined => (seen?.kind === 'file' ? seen.bytes : undefined);
const whyOf = (seen: Seen | undefined): string => (seen?.kind === 'unreadable' ? seen.why : `a ${seen?.kind}`);
const paths = (tree: Tree): string[] => [...tree.entries.keys()];
describe('readTree', () => {
  it('sees files, directories and links with their attributes, and _backup apart', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, {
      '_default/hosts.toml': 'a',
      'quay.io/hosts.toml': '',
      'quay.io/deep/ca.crt': 'ca',
      '_backup/_default/hosts.toml': 'old',
      'reg.io:5000/hosts.toml': 'b',
    });
    symlinkSync('/etc/passwd', join(root, 'quay.io/link'));
    chmodSync(join(root, 'quay.io/hosts.toml'), 0o4640);
    const tree = readTree(root);
    assert.equal(tree.root, 'directory');
    assert.match(tree.rootId, /^\d+:\d+$/);
    assert.deepEqual(paths(tree), [
      '_default',
      '_default/hosts.toml',
      'quay.io',
      'quay.io/deep',
      'quay.io/deep/ca.crt',
      'quay.io/hosts.toml',
      'quay.io/link',
      'reg.io:5000',
      'reg.io:5000/hosts.toml',
    ]);
    const hosts = tree.entries.get('quay.io/hosts.toml');
    const stats = statSync(join(root, 'quay.io/hosts.toml'), { bigint: true });
    assert.deepEqual(hosts, {
      kind: 'file',
      mode: 0o4640,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      id: { ino: `${stats.ino}`, mtime: `${stats.mtimeNs}`, ctime: `${stats.ctimeNs}`, size: 0 },
      bytes: new Uint8Array(),
    });
    const link = tree.entries.get('quay.io/link');
    assert.equal(link?.kind === 'symlink' && link.target, '/etc/passwd');
    assert.deepEqual([...(tree.backup?.keys() ?? [])], ['_default', '_default/hosts.toml']);
    assert.equal(textOf(tree.backup?.get('_default/hosts.toml')), 'old');
  });

  it('orders paths by their bytes, also beyond the basic plane', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'a/x': '', 'a-b/x': '', '\u{1F600}/x': '', '\u{FF5E}/x': '' });
    assert.deepEqual(paths(readTree(root)), [
      'a',
      'a-b',
      'a-b/x',
      'a/x',
      '\u{FF5E}',
      '\u{FF5E}/x',
      '\u{1F600}',
      '\u{1F600}/x',
    ]);
  });

  it('says absent, and names what is wrong with certs.d itself', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { file: '' });
    symlinkSync('nothing', join(root, 'dangling'));
    symlinkSync('circle', join(root, 'circle'));
    assert.deepEqual(readTree(join(root, 'none')), {
      root: 'absent',
      rootId: '',
      entries: new Map(),
      backup: undefined,
    });
    const problemOf = (name: string) => {
      const { root: seen } = readTree(join(root, name));
      return typeof seen === 'string' ? seen : seen.problem;
    };
    assert.match(problemOf('file'), /is not a directory/);
    assert.match(problemOf('dangling'), /symbolic link to nothing/);
    assert.match(problemOf('circle'), /circle of symbolic links/);
    assert.match(problemOf('file/certs.d'), /a parent of .* is not a directory/);
  });

  it('follows links to certs.d but none below it', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'real/quay.io/hosts.toml': 'a', 'elsewhere/hosts.toml': 'secret' });
    symlinkSync('real', join(root, 'certs.d'));
    symlinkSync('../elsewhere', join(root, 'real/linked'));
    symlinkSync('../../elsewhere/hosts.toml', join(root, 'real/quay.io/linked'));
    const tree = readTree(join(root, 'certs.d'));
    assert.equal(tree.root, 'directory');
    assert.deepEqual(paths(tree), ['linked', 'quay.io', 'quay.io/hosts.toml', 'quay.io/linked']);
    assert.equal(tree.entries.get('linked')?.kind, 'symlink');
    assert.equal(tree.entries.get('quay.io/linked')?.kind, 'symlink');
  });

  it('takes a _backup that is no directory for an entry like others', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { _backup: 'a file' });
    const tree = readTree(root);
    assert.equal(tree.backup, undefined);
    assert.equal(tree.entries.get('_backup')?.kind, 'file');
  });

  it('tells an empty _backup from none', (t) => {
    const root = directoryFor(t);
    assert.equal(readTree(root).backup, undefined);
    mkdirSync(join(root, '_backup'));
    assert.equal(readTree(root).backup?.size, 0);
  });

  it('reuses the bytes of untouched files once their last change is old enough', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'a/hosts.toml': 'one', 'b/hosts.toml': 'one', '_backup/c/hosts.toml': 'one' });
    const before = readTree(root);
    const fresh = readTree(root, before);
    assert.equal(bytesOf(fresh.entries.get('a/hosts.toml')), bytesOf(before.entries.get('a/hosts.toml')));
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 });
    writeFileSync(join(root, 'b/hosts.toml'), 'two');
    const settled = readTree(root, fresh);
    const after = readTree(root, settled);
    assert.equal(after.entries.get('a/hosts.toml'), settled.entries.get('a/hosts.toml'));
    assert.equal(after.backup?.get('c/hosts.toml'), settled.backup?.get('c/hosts.toml'));
    assert.equal(bytesOf(after.entries.get('a/hosts.toml')), bytesOf(before.entries.get('a/hosts.toml')));
    assert.equal(textOf(after.entries.get('b/hosts.toml')), 'two');
  });

  it('sees a change of the same size within one tick of the clock of the file system', (t) => {
    const root = directoryFor(t);
    let previous: Tree | undefined;
    for (let round = 0; round < 300; round += 1) {
      const text = String(1000 + round);
      writeDirectory(root, { 'a/hosts.toml': text });
      previous = readTree(root, previous);
      assert.equal(textOf(previous.entries.get('a/hosts.toml')), text);
    }
  });

  it('does not trust times in the future', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'a/hosts.toml': 'one' });
    utimesSync(join(root, 'a/hosts.toml'), 4e9, 4e9);
    const tree = readTree(root);
    assert.equal(textOf(readTree(root, tree).entries.get('a/hosts.toml')), 'one');
  });

  it('reads nothing of another certs.d from before', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'one/a/hosts.toml': 'one', 'two/a/hosts.toml': 'two' });
    renameSync(join(root, 'one'), join(root, 'certs.d'));
    const first = readTree(join(root, 'certs.d'));
    renameSync(join(root, 'certs.d'), join(root, 'gone'));
    renameSync(join(root, 'two'), join(root, 'certs.d'));
    const second = readTree(join(root, 'certs.d'), first);
    assert.notEqual(second.rootId, first.rootId);
    assert.equal(textOf(second.entries.get('a/hosts.toml')), 'two');
  });

  it('names what is too large, too deep or no file, without reading it', async (t) => {
    const root = directoryFor(t);
    writeDirectory(root, {
      'big/hosts.toml': 'x'.repeat(maxFileBytes + 1),
      'fits/hosts.toml': 'x'.repeat(maxFileBytes),
      '1/2/3/4/5/6/fits': '',
      '1/2/3/4/5/6/7/too-deep': '',
    });
    execFileSync('mkfifo', [join(root, 'big/pipe')]);
    const server = createServer().listen(join(root, 'big/socket'));
    t.after(() => server.close());
    await once(server, 'listening');
    const { entries } = readTree(root);
    assert.match(whyOf(entries.get('big/hosts.toml')), /larger than 4194304 bytes/);
    assert.equal(bytesOf(entries.get('fits/hosts.toml'))?.length, maxFileBytes);
    assert.match(whyOf(entries.get('big/pipe')), /neither a file/);
    assert.match(whyOf(entries.get('big/socket')), /neither a file/);
    assert.equal(textOf(entries.get('1/2/3/4/5/6/fits')), '');
    assert.match(whyOf(entries.get('1/2/3/4/5/6/7')), new RegExp(`more than ${maxDepth} directories`));
    assert.equal(entries.has('1/2/3/4/5/6/7/too-deep'), false);
  });

  it('bounds what all files together may cost', (t) => {
    const root = directoryFor(t);
    for (let n = 10; n < 28; n += 1) writeDirectory(root, { [`r${n}/hosts.toml`]: 'x'.repeat(maxFileBytes) });
    const seen = [...readTree(root).entries.values()];
    assert.equal(seen.filter(({ kind }) => kind === 'file').length, 16);
    assert.equal(seen.filter((one) => /all files together/.test(whyOf(one))).length, 2);
  });

  it('names a name that is not UTF-8', (t) => {
    const root = directoryFor(t);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), '');
    const [seen] = [...readTree(root).entries.values()];
    assert.match(whyOf(seen), /not UTF-8/);
  });

  it('names an entry that may not be read, and refuses to guess about a whole directory', async (t) => {
    const root = directoryFor(t);
    writeDirectory(root, {
      'certs.d/closed/hosts.toml': '',
      'certs.d/open/hosts.toml': '',
      'certs.d/open/key.pem': '',
    });
    chmodSync(root, 0o755);
    chmodSync(join(root, 'certs.d/closed'), 0o700);
    chmodSync(join(root, 'certs.d/open/key.pem'), 0o600);
    const certsDir = join(root, 'certs.d');
    const closed = [join(certsDir, 'closed'), join(certsDir, 'open/key.pem')];
    const { entries } = await asStranger(closed, () => readTree(certsDir));
    assert.match(whyOf(entries.get('closed')), /EACCES/);
    assert.equal(entries.has('closed/hosts.toml'), false);
    assert.match(whyOf(entries.get('open/key.pem')), /EACCES/);
    assert.equal(textOf(entries.get('open/hosts.toml')), '');
    chmodSync(certsDir, 0o700);
    await assert.rejects(
      asStranger([certsDir], () => readTree(certsDir)),
      /cannot read .*certs\.d: EACCES/,
    );
  });

  it('never takes a lack of file descriptors for absence', (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'a/hosts.toml': 'one', 'b/hosts.toml': 'two' });
    const module = new URL('../../src/io/read-tree.ts', import.meta.url).href;
    const script = `
      const { closeSync, openSync } = await import('node:fs');
      const { readTree } = await import(${JSON.stringify(module)});
      const open = [];
      try { for (;;) open.push(openSync('/dev/null')); } catch {}
      let whole = '';
      try { readTree(${JSON.stringify(root)}); } catch (error) { whole = error.message; }
      closeSync(open.pop());
      const tree = readTree(${JSON.stringify(root)});
      console.log(JSON.stringify({ whole, paths: [...tree.entries.keys()] }));`;
    const shell = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
    const out = execFileSync('sh', ['-c', shell, process.execPath, script], { encoding: 'utf8' });
    const { whole, paths: seen } = JSON.parse(out) as { whole: string; paths: string[] };
    assert.match(whole, /cannot read .*: EMFILE/);
    assert.deepEqual(seen, ['a', 'a/hosts.toml', 'b', 'b/hosts.toml']);
  });

  it('sees each registry at least once while it moves to _backup and back', async (t) => {
    const root = directoryFor(t);
    writeDirectory(root, { 'quay.io/hosts.toml': 'a', '_backup/other/hosts.toml': '' });
    const script = `
      const { renameSync } = require('node:fs');
      const [live, old] = [${JSON.stringify(join(root, 'quay.io'))}, ${JSON.stringify(join(root, '_backup/quay.io'))}];
      const pause = new Int32Array(new SharedArrayBuffer(4));
      process.stdout.write('moving');
      for (let i = 0; i < 40; i += 1) {
        renameSync(live, old); Atomics.wait(pause, 0, 0, 15); renameSync(old, live); Atomics.wait(pause, 0, 0, 15);
      }`;
    const mover = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(mover.stdout, 'data');
    let looks = 0;
    while (mover.exitCode === null) {
      const tree = readTree(root);
      const seen = tree.entries.has('quay.io') || tree.backup?.has('quay.io');
      assert.ok(seen, `look ${looks} saw it nowhere`);
      looks += 1;
      if (looks % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(looks > 0);
  });
});
