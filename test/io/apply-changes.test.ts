import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Change, NewEntry, Outcome } from '../../src/core/change.ts';
import type { Identity } from '../../src/core/tree.ts';
import { createApplier } from '../../src/io/apply-changes.ts';
import { identityOf, statsAt } from '../../src/io/disk/files.ts';

const uid = process.geteuid?.() ?? 0;
const gid = process.getegid?.() ?? 0;
const plain = { mode: 0o644, uid, gid };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const place = (t: TestContext) => {
  const parent = mkdtempSync(join(tmpdir(), 'apply-changes-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const certsDir = join(parent, 'certs.d');
  return { parent, certsDir, at: (path: string) => join(certsDir, path) };
};

const put = (root: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
};

const idOf = (path: string): Identity => {
  const stats = statsAt(path);
  assert.ok(stats, `${path} is missing`);
  return identityOf(stats);
};

/** Everything below, by path, with the text of files: what must be there and nothing else. */
const dump = (root: string): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (entry.isDirectory()) found[`${name}/`] = '';
    else found[name] = entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, 'utf8');
  }
  return found;
};

const write = (path: string, text: string, expected: Identity | 'absent' = 'absent'): Change => ({
  kind: 'write-file',
  path,
  bytes: bytes(text),
  expected,
  ...plain,
});
const file = (path: string, text: string): NewEntry => ({ kind: 'file', path, bytes: bytes(text), ...plain });
const directory = (path: string, content: readonly NewEntry[]): Change => ({
  kind: 'put-directory',
  path,
  content,
  ...plain,
  mode: 0o755,
});
const errorOf = (outcome: Outcome): string => (outcome.result === 'failed' ? outcome.error : outcome.result);

describe('createApplier', () => {
  it('makes certs.d with its parents and remembers which it made', (t) => {
    const { parent } = place(t);
    const certsDir = join(parent, 'etc/containerd/certs.d');
    const applier = createApplier({ certsDir });
    const outcome = applier.apply([directory('_default', [file('hosts.toml', 'a')])]);
    assert.deepEqual(outcome, { result: 'done', changed: ['_default'] });
    assert.deepEqual(dump(parent), {
      'etc/': '',
      'etc/containerd/': '',
      'etc/containerd/certs.d/': '',
      'etc/containerd/certs.d/_default/': '',
      'etc/containerd/certs.d/_default/hosts.toml': 'a',
    });
    const made = ['etc', 'etc/containerd', 'etc/containerd/certs.d'].map((name) => join(parent, name));
    assert.deepEqual(applier.madeDirectories(), made);
    assert.equal(statSync(certsDir).mode & 0o7777, 0o755);
    assert.deepEqual(applier.ensureRoot(), []);
    rmSync(join(parent, 'etc/containerd'), { recursive: true });
    assert.deepEqual(applier.ensureRoot(), made.slice(1));
  });

  it('puts in place what was prepared for these very changes, once', (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'old' });
    const applier = createApplier({ certsDir });
    const changes = [
      write('quay.io/hosts.toml', 'new', idOf(at('quay.io/hosts.toml'))),
      directory('great.io', [file('hosts.toml', 'great')]),
    ];
    const staging = join(parent, '.handspegel');
    applier.prepare(changes);
    assert.equal(statSync(staging).mode & 0o7777, 0o700);
    const inodes = readdirSync(staging).map((name) => statSync(join(staging, name)).ino);
    assert.equal(inodes.length, 2);
    assert.deepEqual(dump(certsDir), { 'quay.io/': '', 'quay.io/hosts.toml': 'old' });
    assert.deepEqual(applier.apply(changes), { result: 'done', changed: ['quay.io/hosts.toml', 'great.io'] });
    const placed = [at('quay.io/hosts.toml'), at('great.io')].map((path) => statSync(path).ino);
    assert.deepEqual(new Set(placed), new Set(inodes));
    assert.deepEqual(readdirSync(parent), ['certs.d']);
    rmSync(at('great.io'), { recursive: true });
    assert.deepEqual(applier.apply(changes.slice(1)), { result: 'done', changed: ['great.io'] });
  });

  it('leaves nothing of what was prepared and not used, and finds what has moved since', (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'old' });
    const applier = createApplier({ certsDir });
    const change = write('quay.io/hosts.toml', 'new', idOf(at('quay.io/hosts.toml')));
    applier.prepare([change, directory('../evil', []), directory('great.io', [file('hosts.toml', 'x')])]);
    assert.equal(readdirSync(join(parent, '.handspegel')).length, 2);
    writeFileSync(at('quay.io/hosts.toml'), 'theirs, newer');
    assert.equal(applier.apply([change]).result, 'moved');
    applier.discard();
    applier.discard();
    assert.deepEqual(dump(parent), {
      'certs.d/': '',
      'certs.d/quay.io/': '',
      'certs.d/quay.io/hosts.toml': 'theirs, newer',
    });
  });

  it('cannot prepare where something else stands in place of its directory, and harms nothing', (t) => {
    const { parent, certsDir } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'old' });
    writeFileSync(join(parent, '.handspegel'), 'mine');
    const applier = createApplier({ certsDir });
    assert.throws(() => applier.prepare([directory('great.io', [])]), /\.handspegel is not a directory: remove it/);
    applier.discard();
    assert.equal(readFileSync(join(parent, '.handspegel'), 'utf8'), 'mine');
  });

  it('creates, replaces and removes files only while they are what was seen', (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'old', 'quay.io/ca.crt': 'ca' });
    const { apply } = createApplier({ certsDir });
    const outcome = apply([
      write('quay.io/hosts.toml', 'new', idOf(at('quay.io/hosts.toml'))),
      write('quay.io/client.key', ''),
      { kind: 'remove-file', path: 'quay.io/ca.crt', expected: idOf(at('quay.io/ca.crt')) },
    ]);
    const changed = ['quay.io/hosts.toml', 'quay.io/client.key', 'quay.io/ca.crt'];
    assert.deepEqual(outcome, { result: 'done', changed });
    const after = { 'certs.d/': '', 'certs.d/quay.io/': '', 'certs.d/quay.io/client.key': '' };
    assert.deepEqual(dump(parent), { ...after, 'certs.d/quay.io/hosts.toml': 'new' });

    const stale = { ...idOf(at('quay.io/hosts.toml')), mtime: '1' };
    for (const change of [
      write('quay.io/hosts.toml', 'x', stale),
      write('quay.io/hosts.toml', 'x'),
      write('quay.io', 'x', idOf(at('quay.io'))),
      write('quay.io/ca.crt', 'x', stale),
      write('docker.io/hosts.toml', 'x'),
      write('quay.io/hosts.toml/x', 'x'),
      { kind: 'remove-file', path: 'quay.io/hosts.toml', expected: stale },
      { kind: 'remove-file', path: 'quay.io/ca.crt', expected: stale },
    ] as const) {
      const { path } = change;
      assert.deepEqual(apply([change, write('quay.io/never', '')]), { result: 'moved', path, changed: [] });
    }
    assert.deepEqual(dump(parent), { ...after, 'certs.d/quay.io/hosts.toml': 'new' });
  });

  it('sets mode and owner, whatever the umask', (t) => {
    const { certsDir, at } = place(t);
    const umask = process.umask(0o077);
    t.after(() => process.umask(umask));
    const owner = uid === 0 ? { uid: 1234, gid: 2345 } : { uid, gid };
    const content: NewEntry[] = [
      { kind: 'directory', path: 'sub', mode: 0o2750, ...owner },
      { kind: 'file', path: 'sub/key', bytes: bytes('k'), mode: 0o400, ...owner },
      { kind: 'file', path: 'hosts.toml', bytes: bytes('h'), mode: 0o4755, ...owner },
      { kind: 'symlink', path: 'link', target: '/nowhere' },
    ];
    const { apply } = createApplier({ certsDir });
    const outcome = apply([
      { kind: 'put-directory', path: 'quay.io', content, mode: 0o750, ...owner },
      { kind: 'write-file', path: 'quay.io/ca.crt', bytes: bytes(''), expected: 'absent', mode: 0o666, ...owner },
    ]);
    assert.equal(outcome.result, 'done');
    const seen = (path: string) => {
      const stats = lstatSync(at(path));
      return { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
    };
    assert.deepEqual(seen('quay.io'), { mode: 0o750, ...owner });
    assert.deepEqual(seen('quay.io/sub'), { mode: 0o2750, ...owner });
    assert.deepEqual(seen('quay.io/sub/key'), { mode: 0o400, ...owner });
    assert.deepEqual(seen('quay.io/hosts.toml'), { mode: 0o4755, ...owner });
    assert.deepEqual(seen('quay.io/ca.crt'), { mode: 0o666, ...owner });
    assert.equal(readlinkSync(at('quay.io/link')), '/nowhere');

    const { ino } = idOf(at('quay.io/ca.crt'));
    const set: Change = { kind: 'set-attributes', path: 'quay.io/ca.crt', ...plain };
    assert.deepEqual(apply([set]), { result: 'done', changed: ['quay.io/ca.crt'] });
    assert.deepEqual(seen('quay.io/ca.crt'), plain);
    const once = idOf(at('quay.io/ca.crt'));
    assert.equal(once.ino, ino);
    assert.deepEqual(apply([set]), { result: 'done', changed: [] });
    assert.deepEqual(idOf(at('quay.io/ca.crt')), once);
    assert.equal(apply([{ ...set, path: 'quay.io/none' }]).result, 'moved');
    assert.equal(apply([{ ...set, path: 'quay.io/link' }]).result, 'moved');
    assert.equal(apply([{ ...set, path: 'quay.io', mode: 0o700 }]).result, 'done');
    assert.equal(seen('quay.io').mode, 0o700);
  });

  it('puts a directory in place of nothing or an empty one, never over anything else', (t) => {
    const { certsDir, at } = place(t);
    put(certsDir, { 'full/theirs': '', 'a-file': '' });
    mkdirSync(at('empty'));
    symlinkSync('nowhere', at('link'));
    const { apply } = createApplier({ certsDir });
    const content = [file('hosts.toml', 'ours')];
    assert.equal(apply([directory('none', content), directory('empty', content)]).result, 'done');
    for (const path of ['full', 'a-file', 'link']) {
      assert.deepEqual(apply([directory(path, content)]), { result: 'moved', path, changed: [] });
    }
    assert.deepEqual(dump(certsDir), {
      'a-file': '',
      'empty/': '',
      'empty/hosts.toml': 'ours',
      'full/': '',
      'full/theirs': '',
      link: '-> nowhere',
      'none/': '',
      'none/hosts.toml': 'ours',
    });
  });

  it('makes and replaces links', (t) => {
    const { certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'a' });
    const { apply } = createApplier({ certsDir });
    const link = { kind: 'make-link', path: 'quay.io/link' } as const;
    assert.equal(apply([{ ...link, target: 'one', expected: 'absent' }]).result, 'done');
    assert.equal(apply([{ ...link, target: 'two', expected: 'absent' }]).result, 'moved');
    assert.equal(apply([{ ...link, target: 'two', expected: idOf(at('quay.io/link')) }]).result, 'done');
    assert.equal(readlinkSync(at('quay.io/link')), 'two');
  });

  it('removes a directory only when it is empty', (t) => {
    const { certsDir, at } = place(t);
    put(certsDir, { 'full/hosts.toml': 'a' });
    mkdirSync(at('empty'));
    symlinkSync('empty', at('link'));
    const { apply } = createApplier({ certsDir });
    const remove = (path: string): Change => ({ kind: 'remove-empty-directory', path });
    assert.deepEqual(apply(['full', 'none', 'link', 'empty'].map(remove)), { result: 'done', changed: ['empty'] });
    assert.deepEqual(Object.keys(dump(certsDir)), ['full/', 'link', 'full/hosts.toml']);
    rmSync(certsDir, { recursive: true });
    assert.deepEqual(apply([remove('full')]), { result: 'done', changed: [] });
  });

  it('refuses paths that lead out, _backup itself, or through links', (t) => {
    const { parent, certsDir, at } = place(t);
    put(parent, { 'certs.d/_backup/quay.io/hosts.toml': 'b', 'outside/hosts.toml': 'o', 'certs.d/real/x': 'x' });
    symlinkSync('../outside', at('linked'));
    symlinkSync('_backup', at('backup-link'));
    const before = dump(parent);
    const { apply } = createApplier({ certsDir });
    for (const path of ['../outside/new', '/etc/new', '', '.', 'a/../b', 'a//b', 'a/', 'a\0b', '_backup']) {
      assert.match(errorOf(apply([write(path, 'x')])), /is not a plain path|is left to Spegel/, path);
    }
    for (const path of ['linked/new', 'backup-link/quay.io/new']) {
      assert.match(errorOf(apply([write(path, 'x')])), /symbolic link: nothing is written through it/);
    }
    for (const change of [
      directory('_backup', []),
      { kind: 'remove-empty-directory', path: '_backup' },
      { kind: 'set-attributes', path: '_backup', ...plain },
    ] as const) {
      assert.match(errorOf(apply([change])), /is left to Spegel/);
    }
    assert.match(errorOf(apply([directory('.handspegel', [])])), /staging directory/);
    assert.match(errorOf(apply([directory('new', [file('../x', '')])])), /plain path/);
    const throughLink: NewEntry[] = [{ kind: 'symlink', path: 'l', target: parent }, file('l/x', '')];
    assert.match(errorOf(apply([directory('new', throughLink)])), /listed directory/);
    assert.deepEqual(dump(parent), before);
  });

  it('puts a file in _backup/ right on request, and leaves the rest of it', (t) => {
    const { certsDir, at } = place(t);
    put(certsDir, { '_backup/quay.io/hosts.toml': 'ours', '_backup/other/hosts.toml': 'o' });
    const { apply } = createApplier({ certsDir });
    const path = '_backup/quay.io/hosts.toml';
    assert.equal(apply([write(path, 'theirs', idOf(at(path)))]).result, 'done');
    assert.equal(apply([{ kind: 'remove-file', path, expected: idOf(at(path)) }]).result, 'done');
    assert.equal(apply([{ kind: 'remove-empty-directory', path: '_backup/quay.io' }]).result, 'done');
    assert.deepEqual(Object.keys(dump(certsDir)), ['_backup/', '_backup/other/', '_backup/other/hosts.toml']);
  });

  it('is not led astray by a link that replaces certs.d or a parent at the last moment', (t) => {
    const { parent, certsDir, at } = place(t);
    put(parent, { 'certs.d/quay.io/hosts.toml': 'a', 'outside/hosts.toml': 'o', 'outside/quay.io/hosts.toml': 'o' });
    const swap = (path: string) => () => {
      renameSync(path, `${path}.away`);
      symlinkSync(join(parent, 'outside'), path);
    };
    const expected = idOf(at('quay.io/hosts.toml'));
    const change = write('quay.io/hosts.toml', 'x', expected);
    const swapParent = createApplier({ certsDir, beforeRename: swap(at('quay.io')) });
    assert.match(errorOf(swapParent.apply([change])), /symbolic link/);
    const swapRoot = createApplier({ certsDir, beforeRename: swap(certsDir) });
    assert.match(errorOf(swapRoot.apply([change])), /symbolic link/);
    assert.equal(readFileSync(join(parent, 'outside/hosts.toml'), 'utf8'), 'o');
    assert.equal(readFileSync(join(parent, 'outside/quay.io/hosts.toml'), 'utf8'), 'o');
    assert.equal(existsSync(join(parent, '.handspegel')), false);
  });

  it('reaches certs.d through links, with the staging directory beside the real one', (t) => {
    const { parent } = place(t);
    mkdirSync(join(parent, 'real/certs.d'), { recursive: true });
    symlinkSync('real', join(parent, 'containerd'));
    let staged: string[] = [];
    const beforeRename = (): void => {
      staged = readdirSync(join(parent, 'real/.handspegel'));
    };
    const { apply } = createApplier({ certsDir: join(parent, 'containerd/certs.d'), beforeRename });
    assert.equal(apply([directory('quay.io', [file('hosts.toml', 'a')])]).result, 'done');
    assert.equal(staged.length, 1);
    assert.equal(readFileSync(join(parent, 'real/certs.d/quay.io/hosts.toml'), 'utf8'), 'a');
  });

  it('goes where a link to certs.d leads by now', (t) => {
    const { parent, certsDir } = place(t);
    for (const name of ['one', 'two']) mkdirSync(join(parent, name));
    symlinkSync('one', certsDir);
    const { apply } = createApplier({ certsDir });
    const change = directory('quay.io', [file('hosts.toml', 'a')]);
    assert.equal(apply([change]).result, 'done');
    rmSync(certsDir);
    symlinkSync('two', certsDir);
    assert.equal(apply([change]).result, 'done');
    assert.equal(readFileSync(join(parent, 'two/quay.io/hosts.toml'), 'utf8'), 'a');
  });

  it('says what is wrong with a certs.d that is a link to nothing, and recovers', (t) => {
    const { parent, certsDir } = place(t);
    symlinkSync('nothing', certsDir);
    const { apply } = createApplier({ certsDir });
    const change = directory('quay.io', [file('hosts.toml', 'a')]);
    assert.match(errorOf(apply([change])), /symbolic link to nothing/);
    mkdirSync(join(parent, 'nothing'));
    assert.equal(apply([change]).result, 'done');
  });

  it('sees what changed at the last moment and leaves it', (t) => {
    const { certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'old' });
    const during = (act: () => void, ...changes: Change[]) =>
      createApplier({ certsDir, beforeRename: act }).apply(changes);
    const moved = (path: string) => ({ result: 'moved', path, changed: [] });
    const expected = idOf(at('quay.io/hosts.toml'));
    const spegel = () => writeFileSync(at('quay.io/hosts.toml'), 'spegel');
    const path = 'quay.io/hosts.toml';
    assert.deepEqual(during(spegel, write(path, 'x', expected)), moved(path));
    assert.deepEqual(during(spegel, { kind: 'remove-file', path, expected }), moved(path));
    const appear = () => put(certsDir, { 'new/hosts.toml': 'theirs' });
    assert.deepEqual(during(appear, directory('new', [file('hosts.toml', 'x')])), moved('new'));
    const backUp = () => renameSync(at('quay.io'), at('quay.io.away'));
    assert.deepEqual(during(backUp, write('quay.io/other', 'x')), moved('quay.io/other'));
    assert.deepEqual(dump(certsDir), {
      'new/': '',
      'new/hosts.toml': 'theirs',
      'quay.io.away/': '',
      'quay.io.away/hosts.toml': 'spegel',
    });
  });

  it('changes nothing more once a name has gone that still has to stand', (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { 'a/hosts.toml': 'a', 'b/hosts.toml': 'b' });
    const applier = createApplier({
      certsDir,
      beforeRename: (path) => {
        if (path === 'd') rmSync(at('a'), { recursive: true });
      },
    });
    const standing = new Set(['a', 'b']);
    const outcome = applier.apply([directory('c', [file('hosts.toml', 'c')]), directory('d', [])], standing);
    assert.deepEqual(outcome, { result: 'moved', path: 'd', changed: ['c'], clearing: true });
    assert.deepEqual([...standing], ['a', 'b', 'c']);
    assert.deepEqual(readdirSync(certsDir).sort(), ['b', 'c']);
    assert.deepEqual(readdirSync(parent), ['certs.d']);
  });

  it('reports steps that were done before one that was not', (t) => {
    const { certsDir } = place(t);
    const { apply } = createApplier({ certsDir });
    const outcome = apply([directory('a', []), write('a/x', '1'), write('a/x', '2'), write('a/y', '3')]);
    assert.deepEqual(outcome, { result: 'moved', path: 'a/x', changed: ['a', 'a/x'] });
  });

  it('keeps temporary names out of certs.d, private, and leaves none behind', (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'a' });
    const staging = join(parent, '.handspegel');
    const beforeRename = (): void => {
      assert.equal(statSync(staging).mode & 0o7777, 0o700);
      assert.deepEqual(Object.keys(dump(certsDir)), ['quay.io/', 'quay.io/hosts.toml']);
    };
    const { apply } = createApplier({ certsDir, beforeRename });
    assert.equal(apply([write('quay.io/hosts.toml', 'b', idOf(at('quay.io/hosts.toml')))]).result, 'done');
    assert.equal(existsSync(staging), false);
    assert.equal(apply([write('quay.io/hosts.toml', 'c')]).result, 'moved');
    assert.equal(existsSync(staging), false);
  });

  it('sweeps leftovers, and touches no staging directory that is not ours', (t) => {
    const { parent, certsDir } = place(t);
    const staging = join(parent, '.handspegel');
    put(parent, { '.handspegel/1-1': 'torn', '.handspegel/1-2/\u{e5}/hosts.toml': '', 'outside/kept': '' });
    symlinkSync(join(parent, 'outside'), join(staging, 'link'));
    if (uid === 0) chmodSync(join(staging, '1-2'), 0o500);
    const applier = createApplier({ certsDir });
    applier.sweep();
    applier.sweep();
    assert.equal(existsSync(staging), false);
    symlinkSync('outside', staging);
    assert.throws(() => applier.sweep(), /\.handspegel is not a directory: remove it/);
    const outcome = applier.apply([directory('quay.io', [])]);
    assert.match(errorOf(outcome), /\.handspegel is not a directory: remove it/);
    assert.deepEqual(dump(join(parent, 'outside')), { kept: '' });
    rmSync(staging);
    mkdirSync(staging, { mode: 0o777 });
    assert.equal(applier.apply([directory('quay.io', [])]).result, 'done');
  });

  it('does not write through a hard link of the old file', (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { 'quay.io/hosts.toml': 'old' });
    linkSync(at('quay.io/hosts.toml'), join(parent, 'kept'));
    const { apply } = createApplier({ certsDir });
    apply([write('quay.io/hosts.toml', 'new', idOf(at('quay.io/hosts.toml')))]);
    assert.equal(readFileSync(join(parent, 'kept'), 'utf8'), 'old');
  });

  it('is never torn by a kill at any moment, and the next start sweeps', async (t) => {
    const { parent, certsDir, at } = place(t);
    put(certsDir, { '_default/hosts.toml': 'x'.repeat(50_000) });
    const script = `
      const { createApplier } = await import(${JSON.stringify(new URL('../../src/io/apply-changes.ts', import.meta.url).href)});
      const { identityOf, statsAt } = await import(${JSON.stringify(new URL('../../src/io/disk/files.ts', import.meta.url).href)});
      const certsDir = ${JSON.stringify(certsDir)};
      const { apply } = createApplier({ certsDir });
      const attributes = { mode: 0o644, uid: ${uid}, gid: ${gid} };
      process.stdout.write('go');
      for (let i = 0; ; i += 1) {
        const bytes = Buffer.alloc(50000, 97 + (i % 26));
        const expected = identityOf(statsAt(certsDir + '/_default/hosts.toml'));
        const content = [{ kind: 'file', path: 'hosts.toml', bytes, ...attributes }];
        apply([{ kind: 'write-file', path: '_default/hosts.toml', bytes, expected, ...attributes }]);
        apply([{ kind: 'put-directory', path: 'r' + process.pid + '-' + i, content, ...attributes, mode: 0o755 }]);
      }`;
    for (let round = 0; round < 6; round += 1) {
      const writer = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(writer.stdout, 'data');
      for (let look = 0; look < 40 + round * 13; look += 1) {
        const text = readFileSync(at('_default/hosts.toml'), 'utf8');
        assert.match(text, /^(.)\1{49999}$/);
      }
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      for (const name of readdirSync(certsDir)) {
        assert.match(readFileSync(at(`${name}/hosts.toml`), 'utf8'), /^(.)\1{49999}$/);
      }
      createApplier({ certsDir }).sweep();
      assert.deepEqual(readdirSync(parent), ['certs.d']);
    }
  });
});
