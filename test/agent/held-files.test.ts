import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bodyOf, describeDirectory, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, nodeIp, type SimulatedNode } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const last = readFileSync(new URL('../document/08-specific-registries.yaml', import.meta.url), 'utf8');
const paths = ['_default/hosts.toml', 'great-registry.com/hosts.toml'];

type Vandal = { readonly does: string; readonly act: (file: string) => void };

const vandals: readonly Vandal[] = [
  { does: 'overwrites it', act: (file) => writeFileSync(file, "server = 'https://evil'\n") },
  {
    does: 'replaces it by another file',
    act: (file) => [writeFileSync(`${file}.new`, '# other'), renameSync(`${file}.new`, file)],
  },
  { does: 'truncates it', act: (file) => truncateSync(file, 0) },
  { does: 'adds a line', act: (file) => writeFileSync(file, "[host.'http://evil']\n", { flag: 'a' }) },
  { does: 'takes its marker line off', act: (file) => writeFileSync(file, bodyOf(readFileSync(file, 'utf8')) ?? '') },
  { does: 'deletes it', act: (file) => rmSync(file) },
  { does: 'changes its mode', act: (file) => chmodSync(file, 0o600) },
  {
    does: 'changes its owner',
    act: (file) => (process.getuid?.() === 0 ? chownSync(file, 12, 34) : chmodSync(file, 0o640)),
  },
  { does: 'puts a link in its place', act: (file) => [rmSync(file), symlinkSync('/etc/passwd', file)] },
];

describe("files that are held (containerdMirrorAdd: false and the document's last example)", () => {
  let node: SimulatedNode;

  beforeEach(() => {
    node = createSimulatedNode();
    node.configure(last);
    node.mirrorsAre('up', 2);
  });
  afterEach(() => node.remove());

  const spegelWasHere = async (): Promise<void> => {
    await createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp }).start();
    node.advance(2_000);
  };

  for (const before of ['without Spegel', 'beside a _backup/ and the file that Spegel left'] as const) {
    for (const path of paths) {
      for (const { does, act } of vandals) {
        it(`puts ${path} right within a second when somebody ${does}, ${before}`, async () => {
          node.advance(1_000);
          if (before !== 'without Spegel') await spegelWasHere();
          const wanted = describeDirectory(node.certsDir);
          act(join(node.certsDir, path));
          node.advance(1_000);
          assert.deepEqual(describeDirectory(node.certsDir), wanted);
          assert.ok(node.isAtRest());
        });
      }

      it(`puts ${path} right within 3 s when its whole directory is deleted, ${before}`, async () => {
        node.advance(1_000);
        if (before !== 'without Spegel') await spegelWasHere();
        rmSync(join(node.certsDir, path, '..'), { recursive: true });
        node.advance(before === 'without Spegel' ? 1_000 : 3_000);
        for (const one of paths) assert.match(bodyOf(readDirectory(node.certsDir)[one]) ?? '', /10\.1\.2\.3:30021/);
        assert.ok(node.isAtRest());
      });
    }
  }

  it('keeps both through starts of a Spegel that still writes its file, and is never in conflict with it', async () => {
    node.advance(1_000);
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    for (let start = 0; start < 12; start += 1) {
      await spegel.start();
      node.advance(1_000);
      for (const path of paths) assert.match(bodyOf(readDirectory(node.certsDir)[path]) ?? '', /10\.1\.2\.3:30021/);
    }
    assert.equal(node.ledger().phase?.phase, 'held');
    assert.deepEqual(node.ledger().fights, {});
  });

  it('is in conflict after 5 changes in 10 minutes, backs off for 10 minutes, then longer, and says so', () => {
    node.advance(1_000);
    const file = join(node.certsDir, paths[0] ?? '');
    const vandalise = (): void => {
      writeFileSync(file, `# again, at ${node.now}\n`);
      node.advance(1_000);
    };
    for (let times = 1; times <= 5; times += 1) {
      vandalise();
      assert.match(bodyOf(readFileSync(file, 'utf8')) ?? '', /30021/, `change ${times} is put right`);
    }
    vandalise();
    assert.match(readFileSync(file, 'utf8'), /^# again/);
    assert.equal(node.ledger().phase?.phase, 'conflict');
    assert.match(node.ledger().phase?.reason ?? '', /again and again.*10 min/);
    assert.match(
      bodyOf(readDirectory(node.certsDir)[paths[1] ?? '']) ?? '',
      /30021/,
      'the other file is not concerned',
    );
    node.advance(9 * 60_000);
    assert.match(readFileSync(file, 'utf8'), /^# again/);
    node.advance(2 * 60_000);
    assert.match(bodyOf(readFileSync(file, 'utf8')) ?? '', /30021/);
    assert.notEqual(node.ledger().phase?.phase, 'conflict');
    for (let times = 1; times <= 6; times += 1) vandalise();
    assert.match(node.ledger().phase?.reason ?? '', /20 min/);
  });

  it('counts neither wipes nor changed rights nor its own changed wishes as a quarrel', () => {
    node.advance(1_000);
    const file = join(node.certsDir, paths[0] ?? '');
    for (let times = 0; times < 8; times += 1) {
      rmSync(file);
      node.advance(1_000);
      chmodSync(file, 0o600);
      node.advance(1_000);
      node.facts = { ...node.facts, nodeAddresses: [`10.1.2.${times + 20}`] };
      node.advance(1_000);
      assert.match(bodyOf(readFileSync(file, 'utf8')) ?? '', new RegExp(`10\\.1\\.2\\.${times + 20}:30021`));
    }
    assert.deepEqual(node.ledger().fights, {});
  });

  it('remembers over a restart that it is in conflict', () => {
    node.advance(1_000);
    const file = join(node.certsDir, paths[0] ?? '');
    for (let times = 1; times <= 6; times += 1) {
      writeFileSync(file, `# ${times}`);
      node.advance(1_000);
    }
    node.restart();
    node.advance(60_000);
    assert.equal(readFileSync(file, 'utf8'), '# 6');
    assert.equal(node.ledger().phase?.phase, 'conflict');
  });

  it('saves what a person wrote in the history, and puts ours back', () => {
    node.advance(1_000);
    const file = join(node.certsDir, paths[1] ?? '');
    writeFileSync(file, `${readFileSync(file, 'utf8')}# by hand\n`);
    node.advance(1_000);
    const history = node.ledger().history[paths[1] ?? ''] ?? [];
    assert.deepEqual(
      history.map((version) => version.writer),
      ['ours', 'ours-edited', 'ours'],
    );
  });

  it('shows a truncated file in the history as edited, however much of it is left', () => {
    node.advance(1_000);
    const path = paths[1] ?? '';
    for (const size of [0, 30, lstatSync(join(node.certsDir, path)).size - 1]) {
      truncateSync(join(node.certsDir, path), size);
      node.advance(1_000);
    }
    const history = node.ledger().history[path] ?? [];
    assert.deepEqual(node.ledger().originals, {}, 'no piece of it comes back on release');
    assert.deepEqual(
      history.map((version) => version.writer),
      ['ours', 'ours-edited', 'ours', 'ours-edited', 'ours', 'ours-edited', 'ours'],
    );
  });

  it('touches no file of another tool, and says which one it is', () => {
    writeDirectory(node.certsDir, {
      '_default/hosts.toml': '# File generated by k3s. DO NOT EDIT.\n',
      'great-registry.com/hosts.toml': '# managed by gardener-node-agent\n',
    });
    const before = describeDirectory(node.certsDir);
    const result = node.advance(5_000);
    assert.deepEqual(describeDirectory(node.certsDir), before);
    assert.equal(node.ledger().phase?.phase, 'conflict');
    const files = result.decisions.flatMap((decision) => decision.files);
    assert.match(files[0]?.detail ?? '', /k3s/);
    assert.match(files[1]?.detail ?? '', /gardener/);
  });

  it('never writes an unchanged file, through passes, restarts and another version of the agent', () => {
    node.advance(1_000);
    const identity = (): string =>
      paths
        .map((path) => lstatSync(join(node.certsDir, path), { bigint: true }))
        .map((one) => `${one.ino} ${one.mtimeNs} ${one.ctimeNs}`)
        .join();
    const before = identity();
    for (let times = 0; times < 5; times += 1) node.advance(30_000);
    node.restart();
    node.advance(30_000);
    node.restart({ loseState: true });
    node.advance(30_000);
    assert.equal(identity(), before);
    const writes: string[] = [];
    node.onWrite = (path) => writes.push(path);
    node.facts = { ...node.facts, nodeAddresses: ['10.1.2.77'] };
    node.advance(10_000);
    assert.deepEqual(writes, paths, 'an address changes: each is rewritten once');
    assert.notEqual(identity(), before);
    assert.match(readDirectory(node.certsDir)['_default/hosts.toml'] ?? '', /10\.1\.2\.77:30020/);
  });
});
