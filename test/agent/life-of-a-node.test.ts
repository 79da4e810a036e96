import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, desiredOf, hostsText, nodeIp, unit } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const bootstrap = hostsText(`http://${nodeIp}:30020`, 'http://10.1.2.9:30020');

describe('the life of a node', () => {
  it('writes the bootstrap file on an empty node at the first look', () => {
    const node = createSimulatedNode();
    const result = node.pass();
    assert.deepEqual(result.problems, []);
    assert.equal(bodyOf(readDirectory(node.certsDir)['_default/hosts.toml']), bootstrap);
    assert.equal(node.ledger().phase?.phase, 'bootstrap');
    node.remove();
  });

  it('leaves Spegel its file, gives registry files back, and renders anew after the uninstall', async () => {
    const great = unit('great-registry.com', hostsText('https://my-mirror.internal'));
    const node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap), great]) });
    writeDirectory(
      node.certsDir,
      { 'quay.io/hosts.toml': "server = 'https://quay.io'\n", 'quay.io/ca.crt': 'PEM' },
      0o640,
    );
    node.advance(1000);
    const spegel = createSpegel({
      family: 'v0.4',
      certsDir: node.certsDir,
      nodeIp,
      bin: false,
      pause: () => void node.advance(20),
    });
    await spegel.start();
    node.advance(1000);
    let seen = readDirectory(node.certsDir);
    assert.equal(seen['_default/hosts.toml'], spegel.expectedFile('_default'));
    assert.equal(seen['quay.io/ca.crt'], 'PEM');
    assert.equal(seen['quay.io/hosts.toml'], "server = 'https://quay.io'\n");
    assert.equal(bodyOf(seen['great-registry.com/hosts.toml']), hostsText('https://my-mirror.internal'));
    assert.equal(node.ledger().phase?.phase, 'spegel');
    await spegel.start();
    node.advance(1000);
    assert.deepEqual(readDirectory(node.certsDir), seen);
    const today = hostsText(`http://${nodeIp}:30020`, 'http://10.1.2.10:30020');
    node.desired = desiredOf([unit('_default', today), great]);
    const run = await spegel.uninstall();
    assert.deepEqual(run.failures, []);
    node.advance(1000);
    seen = readDirectory(node.certsDir);
    assert.equal(bodyOf(seen['_default/hosts.toml']), today);
    assert.equal(seen['quay.io/ca.crt'], 'PEM');
    assert.equal(
      Object.keys(seen).some((path) => path.startsWith('_backup')),
      false,
    );
    assert.equal(node.ledger().phase?.phase, 'bootstrap');
    node.releasing = true;
    assert.equal(node.pass().released, true);
    assert.deepEqual(readDirectory(node.certsDir), {
      'quay.io/ca.crt': 'PEM',
      'quay.io/hosts.toml': "server = 'https://quay.io'\n",
    });
    node.remove();
  });
});
