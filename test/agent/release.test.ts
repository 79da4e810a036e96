import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const great = unit('great.io', hostsText('https://my-mirror.internal'), {
  files: { 'ca.crt': 'PEM', 'client/cert.pem': 'CERT' },
  source: 'extension:great',
});

describe('a release', () => {
  let node: SimulatedNode;
  let spegel: Spegel;

  beforeEach(() => {
    node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap), great]) });
    node.mirrorsAre('up', 2);
    spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
  });
  afterEach(() => node.remove());

  const release = (): void => {
    node.releasing = true;
    assert.equal(node.advance(1_000).released, true);
    const again = node.advance(1_000);
    assert.deepEqual(again.changed, [], 'a second release does nothing');
    assert.equal(again.released, true);
  };

  it('leaves an empty directory on a node that had nothing', () => {
    node.advance(1_000);
    release();
    assert.deepEqual(describeDirectory(node.certsDir), {});
  });

  it('ends where somebody has removed certs.d with everything in it', () => {
    node.advance(1_000);
    rmSync(node.certsDir, { recursive: true });
    node.restart();
    release();
    assert.deepEqual(describeDirectory(node.certsDir), {});
  });

  it('puts back what its files had replaced, with rights, and leaves the rest alone', () => {
    writeDirectory(node.certsDir, { '_default/hosts.toml': '# theirs\n', 'great.io/ca.crt': 'their CA' }, 0o640);
    writeDirectory(node.certsDir, { 'quay.io/hosts.toml': '# quay\n', 'great.io/other.txt': 'notes' }, 0o604);
    chmodSync(join(node.certsDir, 'great.io'), 0o711);
    const before = describeDirectory(node.certsDir);
    node.advance(1_000);
    assert.equal(readDirectory(node.certsDir)['great.io/ca.crt'], 'PEM');
    release();
    assert.deepEqual(describeDirectory(node.certsDir), before);
  });

  it('puts back what stood before in _backup/ too, where Spegel moved ours', async () => {
    writeDirectory(node.certsDir, { '_default/hosts.toml': '# theirs\n', 'quay.io/hosts.toml': '# quay\n' }, 0o640);
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    release();
    assert.deepEqual(readDirectory(node.certsDir), {
      '_backup/_default/hosts.toml': '# theirs\n',
      '_backup/quay.io/hosts.toml': '# quay\n',
      '_default/hosts.toml': spegel.expectedFile('_default'),
      'quay.io/hosts.toml': '# quay\n',
    });
    assert.deepEqual((await spegel.uninstall()).failures, []);
    assert.deepEqual(readDirectory(node.certsDir), {
      '_default/hosts.toml': '# theirs\n',
      'quay.io/hosts.toml': '# quay\n',
    });
  });

  it("keeps an empty _backup/, which is Spegel's", async () => {
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    release();
    assert.deepEqual(readDirectory(node.certsDir), {
      '_backup/': '',
      '_default/hosts.toml': spegel.expectedFile('_default'),
    });
  });

  it('takes away again what only it had put back from a _backup/ older than itself', async () => {
    writeDirectory(node.certsDir, { 'quay.io/hosts.toml': '# quay\n', 'quay.io/ca.crt': 'PEM' }, 0o640);
    mkdirSync(join(node.certsDir, 'empty.io'));
    await spegel.start();
    const before = describeDirectory(node.certsDir);
    node.advance(3_000);
    assert.equal(readDirectory(node.certsDir)['quay.io/ca.crt'], 'PEM');
    assert.equal(readDirectory(node.certsDir)['empty.io/'], '');
    release();
    assert.deepEqual(describeDirectory(node.certsDir), before);
  });

  it('leaves what a person changed after that', async () => {
    writeDirectory(node.certsDir, { 'quay.io/hosts.toml': '# quay\n' });
    await spegel.start();
    node.advance(3_000);
    writeFileSync(join(node.certsDir, 'quay.io/hosts.toml'), '# by hand\n');
    node.advance(1_000);
    release();
    assert.equal(readDirectory(node.certsDir)['quay.io/hosts.toml'], '# by hand\n');
  });

  it('waits until Spegel is no longer at work', async () => {
    node.advance(1_000);
    let asked = false;
    const writes: string[] = [];
    node.onWrite = (path) => writes.push(path);
    const slow = createSpegel({
      family: 'v0.4',
      certsDir: node.certsDir,
      nodeIp,
      bin: false,
      pause: ({ op }) => {
        if (op === 'rename') node.releasing = asked = true;
        node.advance(150);
      },
    });
    await slow.start();
    assert.equal(asked, true);
    assert.deepEqual(writes, []);
    assert.equal(node.advance(1_000).released, true);
    assert.deepEqual(readDirectory(node.certsDir), {
      '_backup/': '',
      '_default/hosts.toml': slow.expectedFile('_default'),
    });
  });

  it('gives certificates back last: a hosts.toml never names one that has gone', () => {
    node.advance(1_000);
    const order: string[] = [];
    node.onWrite = (path) => order.push(path);
    release();
    const at = (path: string): number => order.indexOf(path);
    assert.ok(at('great.io/hosts.toml') < at('great.io/ca.crt'));
    assert.ok(at('great.io/hosts.toml') < at('great.io/client/cert.pem'));
  });

  it('ends with resume: everything is as before the release', async () => {
    writeDirectory(node.certsDir, { '_default/hosts.toml': '# theirs\n' });
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    const before = describeDirectory(node.certsDir, (path) => path.startsWith('_backup'));
    release();
    node.restart({ loseState: true });
    assert.equal(node.advance(2_000).released, true, 'it lasts over a restart');
    node.releasing = false;
    node.restart({ loseState: true });
    node.advance(3_000);
    assert.deepEqual(
      describeDirectory(node.certsDir, (path) => path.startsWith('_backup')),
      before,
    );
  });

  it('is finished by a second try when the first was stopped half-way', () => {
    writeDirectory(node.certsDir, { '_default/hosts.toml': '# theirs\n' });
    const before = describeDirectory(node.certsDir);
    node.advance(1_000);
    let left = 2;
    node.onWrite = () => {
      left -= 1;
      if (left === 0) throw new Error('no space left');
    };
    node.releasing = true;
    const first = node.pass();
    assert.equal(first.released, false);
    assert.equal(first.problems[0]?.code, 'write-failed');
    node.onWrite = () => undefined;
    node.restart();
    release();
    assert.deepEqual(describeDirectory(node.certsDir), before);
  });

  it('leaves nothing of ours after Spegel has come and gone and somebody has taken a directory away', async () => {
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    rmSync(join(node.certsDir, 'great.io'), { recursive: true });
    node.advance(3_000);
    assert.equal(
      bodyOf(readFileSync(join(node.certsDir, 'great.io/hosts.toml'), 'utf8')),
      hostsText('https://my-mirror.internal'),
    );
    await spegel.uninstall();
    node.advance(1_000);
    release();
    assert.deepEqual(describeDirectory(node.certsDir), {});
  });
});
