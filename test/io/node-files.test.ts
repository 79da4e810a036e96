import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { binaryVersion } from '../../src/io/containerd-binary.ts';
import { createNodeFiles, type NodeFiles } from '../../src/io/node-files.ts';
import { readSelinux } from '../../src/io/selinux.ts';
import { scratchDirectory, writeDirectory } from '../support/directory.ts';

const inScratch = async (use: (root: string, files: NodeFiles) => void | Promise<void>): Promise<void> => {
  const root = scratchDirectory();
  try {
    await use(root, createNodeFiles(root));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

describe('a file system mounted elsewhere', () => {
  it('is read with links that lead where they lead on the node', async () => {
    await inScratch((root, files) => {
      writeDirectory(root, { 'etc/real': 'text', 'opt/x/file': 'other' });
      symlinkSync('/etc/real', join(root, 'link'));
      symlinkSync('../../../../etc', join(root, 'opt/up'));
      symlinkSync('/opt/x', join(root, 'dir'));
      symlinkSync('loop', join(root, 'loop'));
      const text = (path: string): string => {
        const read = files.read(path);
        return read.kind === 'text' ? read.text : read.kind;
      };
      assert.equal(text('/link'), 'text');
      assert.equal(text('/opt/up/real'), 'text', 'no further up than the root');
      assert.equal(text('/dir/file'), 'other');
      assert.equal(text('/dir/../../etc/real'), 'text');
      assert.equal(text('/none'), 'absent');
      assert.equal(text('/etc'), 'unreadable');
      assert.notEqual(text('/loop'), 'text');
      assert.equal(files.exists('/loop/x'), false);
    });
  });

  it('is searched by patterns as Go does', async () => {
    await inScratch((root, files) => {
      writeDirectory(root, {
        'etc/conf.d/b.toml': '',
        'etc/conf.d/a.toml': '',
        'etc/conf.d/a.txt': '',
        'etc/x.d/c.toml': '',
        'etc/conf.d/sub/d.toml': '',
      });
      assert.deepEqual(files.glob('/etc/conf.d/*.toml'), ['/etc/conf.d/a.toml', '/etc/conf.d/b.toml']);
      assert.deepEqual(files.glob('/etc/*.d/[bc].toml'), ['/etc/conf.d/b.toml', '/etc/x.d/c.toml']);
      assert.deepEqual(files.glob('/etc/conf.d/?.txt'), ['/etc/conf.d/a.txt']);
      assert.deepEqual(files.glob('/none/*.toml'), []);
    });
  });

  it('tells the version of a binary, or nothing', async () => {
    await inScratch(async (root) => {
      writeDirectory(root, {
        good: '#!/bin/sh\necho containerd c v2.1.0 x\n',
        bad: '#!/bin/sh\nexit 1\n',
        none: 'no program',
      });
      for (const name of ['good', 'bad', 'none']) chmodSync(join(root, name), 0o755);
      const { signal } = new AbortController();
      assert.equal(await binaryVersion(join(root, 'good'), signal), 'containerd c v2.1.0 x');
      for (const name of ['bad', 'none', 'absent'])
        assert.equal(await binaryVersion(join(root, name), signal), undefined, name);
    });
  });

  it('tells whether SELinux enforces, and the type of a process', async () => {
    await inScratch((root) => {
      assert.equal(readSelinux(root, []).enforcing, false);
      writeDirectory(root, { 'sys/fs/selinux/enforce': '1', 'proc/self/attr/current': 'system_u:system_r:spc_t:s0\0' });
      mkdirSync(join(root, 'certs.d'));
      const { enforcing, own } = readSelinux(root, [join(root, 'certs.d')]);
      assert.deepEqual([enforcing, own], [true, 'spc_t']);
    });
  });
});
