import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bodyOf, describeDirectory, readDirectory, writeDirectory } from '../support/directory.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  unit,
} from '../support/simulated-node.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';

const bootstrap = hostsText(`http://${nodeIp}:30020`, 'http://10.1.2.9:30020');
const quay = {
  'quay.io/hosts.toml': "server = 'https://quay.io'\n",
  'quay.io/ca.crt': 'CA',
  'quay.io/certs/a.pem': 'A',
};

describe("other people's files", () => {
  let node: SimulatedNode;
  let spegel: Spegel;

  beforeEach(() => {
    node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap)]) });
    node.mirrorsAre('up', 2);
    spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
  });
  afterEach(() => node.remove());

  const theirs = (): Record<string, string> =>
    describeDirectory(node.certsDir, (path) => /^(_default|_backup)/.test(path));
  const plant = (files: Readonly<Record<string, string>> = quay, mode = 0o640): void =>
    writeDirectory(node.certsDir, files, mode);

  it('come back with bytes, modes and nested directories after each start, and after the uninstall', async () => {
    plant();
    chmodSync(join(node.certsDir, 'quay.io/certs'), 0o700);
    chmodSync(join(node.certsDir, 'quay.io'), 0o751);
    const before = theirs();
    node.advance(1_000);
    for (let cycle = 0; cycle < 3; cycle += 1) {
      for (let start = 0; start < 3; start += 1) {
        await spegel.start();
        node.advance(1_000);
        assert.deepEqual(theirs(), before);
      }
      assert.deepEqual((await spegel.uninstall()).failures, []);
      node.advance(1_000);
      assert.deepEqual(theirs(), before);
    }
  });

  it('are not taken for removed while certs.d is no directory, which is said', () => {
    plant();
    node.advance(1_000);
    const before = theirs();
    const away = join(node.certsDir, '../away');
    renameSync(node.certsDir, away);
    writeFileSync(node.certsDir, 'a file');
    const [problem, ...others] = node.advance(5_000).problems;
    assert.deepEqual(others, []);
    assert.equal(problem?.code, 'certs-dir-unreadable');
    assert.match(problem.message, /certs\.d is not a directory/);
    rmSync(node.certsDir);
    renameSync(away, node.certsDir);
    assert.deepEqual(node.advance(1_000).problems, []);
    assert.deepEqual(
      Object.values(node.ledger().originals).map(({ state }) => state),
      ['present', 'present', 'present'],
    );
    assert.deepEqual(theirs(), before);
  });

  it('come back as last seen, also over the older copy that the hook restored', async () => {
    plant();
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    plant({ 'quay.io/hosts.toml': '# newer\n' }, 0o600);
    chmodSync(join(node.certsDir, 'quay.io'), 0o700);
    plant({ 'new.io/hosts.toml': '# only since\n' });
    node.advance(1_000);
    const before = theirs();
    await spegel.uninstall();
    node.advance(1_000);
    assert.deepEqual(theirs(), before);
    assert.ok(node.isAtRest());
    assert.equal(node.ledger().originals['quay.io/hosts.toml']?.overdue, undefined);
  });

  it('come back as last seen when the hook ran while no agent did', async () => {
    plant();
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    plant({ 'quay.io/hosts.toml': '# newer\n', 'new.io/hosts.toml': '# only since\n' });
    node.advance(1_000);
    const before = theirs();
    await spegel.uninstall();
    node.restart();
    node.advance(2_000);
    assert.deepEqual(theirs(), before);
  });

  for (const [what, stop] of [
    ['while the agent looked', false],
    ['while no agent ran', true],
  ] as const) {
    it(`stay removed when a person removed them without Spegel being there, ${what}`, async () => {
      plant();
      node.advance(1_000);
      rmSync(join(node.certsDir, 'quay.io'), { recursive: true });
      if (stop) node.restart();
      node.advance(5_000);
      await spegel.start();
      node.advance(1_000);
      await spegel.uninstall();
      node.advance(1_000);
      assert.deepEqual(theirs(), {});
      plant();
      const before = theirs();
      node.advance(1_000);
      await spegel.start();
      node.advance(1_000);
      assert.deepEqual(theirs(), before, 'made anew, they are kept again');
    });
  }

  it('stay removed when a person removed them while Spegel runs, through later starts', async () => {
    plant();
    plant({ 'zz.io/hosts.toml': '# stays\n' });
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    rmSync(join(node.certsDir, 'quay.io'), { recursive: true });
    node.advance(3_000);
    for (let start = 0; start < 3; start += 1) {
      await spegel.start();
      node.advance(1_000);
      assert.deepEqual(Object.keys(theirs()), ['zz.io/', 'zz.io/hosts.toml']);
    }
  });

  it('lose single files as a person wants it', async () => {
    plant();
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    rmSync(join(node.certsDir, 'quay.io/ca.crt'));
    node.advance(3_000);
    await spegel.start();
    node.advance(1_000);
    assert.equal(readDirectory(node.certsDir)['quay.io/ca.crt'], undefined);
    assert.equal(readDirectory(node.certsDir)['quay.io/certs/a.pem'], 'A');
  });

  it('come back although the name sorts first and a clear of Spegel stopped right after it', async () => {
    plant({ '127.0.0.1:5000/hosts.toml': '# local\n' });
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    const before = theirs();
    rmSync(join(node.certsDir, '127.0.0.1:5000'), { recursive: true });
    node.advance(10_000);
    await spegel.start();
    node.advance(1_000);
    assert.deepEqual(theirs(), before);
  });

  it('come back from a _backup/ that is older than the agent, but for a name that Spegel writes itself', async () => {
    plant();
    plant({ 'ghcr.io/hosts.toml': '# theirs\n' });
    const values = { spegel: { mirroredRegistries: ['https://ghcr.io'] } };
    const before = describeDirectory(join(node.certsDir, 'quay.io'));
    const other = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp, values });
    await other.start();
    node.advance(3_000);
    assert.deepEqual(describeDirectory(join(node.certsDir, 'quay.io')), before);
    assert.equal(readDirectory(node.certsDir)['ghcr.io/hosts.toml'], other.expectedFile('ghcr.io'));
  });

  it('are saved before a template replaces them, and come back when none points there any more', () => {
    plant({ 'great.io/hosts.toml': '# theirs\n' });
    const before = theirs();
    node.desired = desiredOf([unit('great.io', hostsText('https://m.internal'))]);
    node.advance(1_000);
    assert.equal(bodyOf(readDirectory(node.certsDir)['great.io/hosts.toml']), hostsText('https://m.internal'));
    node.desired = desiredOf([]);
    node.advance(1_000);
    assert.deepEqual(theirs(), before);
  });

  it('are not replaced when they cannot be saved', () => {
    plant({ 'great.io/hosts.toml': '# theirs\n' });
    node.failToSave(true);
    node.desired = desiredOf([unit('great.io', hostsText('https://m.internal'))]);
    const result = node.advance(1_000);
    assert.equal(readDirectory(node.certsDir)['great.io/hosts.toml'], '# theirs\n');
    assert.equal(result.problems[0]?.code, 'state-not-saved');
    node.failToSave(false);
    node.advance(5_000);
    assert.equal(bodyOf(readDirectory(node.certsDir)['great.io/hosts.toml']), hostsText('https://m.internal'));
    node.desired = desiredOf([]);
    node.restart();
    node.advance(1_000);
    assert.equal(readDirectory(node.certsDir)['great.io/hosts.toml'], '# theirs\n');
  });

  it('are left to Spegel without preserve', async () => {
    node.settings = { ...node.settings, preserve: false };
    plant();
    node.advance(1_000);
    await spegel.start();
    node.advance(2_000);
    assert.deepEqual(theirs(), {});
  });

  it('may hold empty directories inside each other, which come back with their modes', async () => {
    plant();
    mkdirSync(join(node.certsDir, 'quay.io/empty/inner'), { recursive: true });
    mkdirSync(join(node.certsDir, 'nothing.io/a/b'), { recursive: true });
    mkdirSync(join(node.certsDir, 'nothing.io/c'));
    chmodSync(join(node.certsDir, 'nothing.io/a'), 0o710);
    chmodSync(join(node.certsDir, 'quay.io/empty'), 0o700);
    const before = theirs();
    node.advance(1_000);
    for (let start = 0; start < 2; start += 1) {
      await spegel.start();
      node.advance(1_000);
      assert.deepEqual(theirs(), before);
    }
    rmSync(join(node.certsDir, 'nothing.io/a/b'), { recursive: true });
    node.advance(125_000);
    await spegel.start();
    node.advance(1_000);
    const { 'nothing.io/a/b/': _, ...rest } = before;
    assert.deepEqual(theirs(), rest, 'what a person removed stays removed');
    assert.ok(node.isAtRest());
  });

  it('that are pipes or the like are named as what does not come back', () => {
    mkdirSync(join(node.certsDir, 'pipe.io'), { recursive: true });
    execFileSync('mkfifo', [join(node.certsDir, 'pipe.io/hosts.toml')]);
    const files = node.advance(1_000).decisions.flatMap((decision) => decision.files);
    assert.match(files.find(({ path }) => path === 'pipe.io/hosts.toml')?.detail ?? '', /no copy can be kept/);
  });

  it('may be links, plain files and empty directories', async () => {
    mkdirSync(join(node.certsDir, 'empty.io'), { recursive: true });
    chmodSync(join(node.certsDir, 'empty.io'), 0o711);
    symlinkSync('/somewhere', join(node.certsDir, 'link.io'));
    writeFileSync(join(node.certsDir, 'README'), 'notes');
    const before = theirs();
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    assert.deepEqual(theirs(), before);
    rmSync(join(node.certsDir, 'empty.io'), { recursive: true });
    rmSync(join(node.certsDir, 'link.io'));
    node.advance(3_000);
    await spegel.start();
    node.advance(1_000);
    assert.deepEqual(Object.keys(theirs()), ['README']);
  });

  it("that look like Spegel's are still somebody's", async () => {
    const text = spegel.expectedFile('_default');
    plant({ 'quay.io/hosts.toml': text, 'mirror.io/hosts.toml': `${text}\n` });
    const before = theirs();
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    assert.deepEqual(theirs(), before);
    plant({ 'late.io/hosts.toml': text });
    node.advance(1_000);
    const later = theirs();
    await spegel.start();
    node.advance(1_000);
    assert.deepEqual(theirs(), later);
  });

  it('that would kill containerd are never put back, and lie beside on release', async () => {
    node.facts = { ...node.facts, containerdVersion: '2.1.9' };
    const deadly = "[host.'http://a']\ndial_timeout = 00:00:05\n";
    plant({ 'quay.io/hosts.toml': deadly, 'great.io/hosts.toml': deadly });
    node.desired = desiredOf([unit('_default', bootstrap), unit('great.io', hostsText('https://m.internal'))]);
    node.advance(1_000);
    await spegel.start();
    const result = node.advance(1_000);
    assert.equal(readDirectory(node.certsDir)['quay.io/hosts.toml'], undefined);
    const decision = result.decisions.flatMap((one) => one.files).find((one) => one.path === 'quay.io/hosts.toml');
    assert.equal(decision?.reason, 'would-kill-containerd', 'it is named');
    node.releasing = true;
    assert.equal(node.advance(1_000).released, true);
    const seen = readDirectory(node.certsDir);
    assert.equal(seen['quay.io/hosts.toml.deadly'], deadly);
    assert.equal(seen['great.io/hosts.toml.deadly'], deadly);
    assert.equal(seen['great.io/hosts.toml'], undefined);
    assert.deepEqual(node.advance(1_000).changed, []);
  });

  it('may be moved about by a person while Spegel runs', async () => {
    plant();
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    renameSync(join(node.certsDir, 'quay.io'), join(node.certsDir, 'quay.example'));
    node.advance(3_000);
    const before = theirs();
    await spegel.start();
    node.advance(1_000);
    assert.deepEqual(theirs(), before);
    assert.equal(readDirectory(node.certsDir)['quay.io/ca.crt'], undefined);
  });
});
