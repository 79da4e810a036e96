import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { describeMount, mountPointsOf } from '../../src/io/describe-mount.ts';

const line = (point: string): string => `36 35 98:0 /mnt1 ${point} rw,noatime master:1 - ext3 /dev/root rw\n`;

const scratch = (t: TestContext) => {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'mount of-')));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const mountinfo = join(parent, 'mountinfo');
  const points = (...found: string[]) => writeFileSync(mountinfo, found.map(line).join(''));
  return { parent, certsDir: join(parent, 'certs.d'), mountinfo, points };
};
const escaped = (path: string): string => path.replaceAll(' ', '\\040');

describe('describeMount', () => {
  it('reads names with octal escapes', () => {
    const text = `${line('/a\\040b\\134c')}${line('/')}`;
    assert.deepEqual(mountPointsOf(text), ['/a b\\c', '/']);
    assert.deepEqual(mountPointsOf(''), []);
  });

  it('names a mount at certs.d, also when it is reached through a link', (t) => {
    const { parent, certsDir, mountinfo, points } = scratch(t);
    mkdirSync(certsDir);
    symlinkSync('certs.d', join(parent, 'link'));
    points('/', escaped(certsDir));
    assert.match(describeMount(certsDir, mountinfo) ?? '', /certs\.d is a mount of its own.*mount its parent/);
    assert.match(describeMount(join(parent, 'link'), mountinfo) ?? '', /certs\.d is a mount of its own/);
  });

  it('names a mount below certs.d', (t) => {
    const { certsDir, mountinfo, points } = scratch(t);
    mkdirSync(certsDir);
    points('/', `${escaped(certsDir)}/quay.io`);
    assert.match(describeMount(certsDir, mountinfo) ?? '', /certs\.d\/quay\.io is a mount of its own/);
  });

  it('says nothing of mounts elsewhere or of an absent directory', (t) => {
    const { parent, certsDir, mountinfo, points } = scratch(t);
    points('/', escaped(parent), `${escaped(certsDir)}-other`, escaped(certsDir));
    assert.equal(describeMount(certsDir, mountinfo), undefined);
    mkdirSync(certsDir);
    points('/', escaped(parent), `${escaped(certsDir)}-other`);
    assert.equal(describeMount(certsDir, mountinfo), undefined);
    assert.equal(describeMount(certsDir), undefined);
  });
});
