import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bodyOf, describeDirectory, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, desiredOf, hostsText, nodeIp, unit } from '../support/simulated-node.ts';
import type { Family } from '../support/spegel/families.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const families: readonly Family[] = ['v0.2', 'v0.4', 'main'];
const bootstrap = hostsText(`http://${nodeIp}:30020`, 'http://10.1.2.9:30020');
const great = hostsText('https://my-mirror.internal');
const documents = ['04-no-default-file', '05-no-mirrors', '06-specific-mirror', '07-go-template'];

const read = (name: string): string => readFileSync(new URL(`../document/${name}.yaml`, import.meta.url), 'utf8');

describe('when Spegel starts', () => {
  for (const family of families) {
    it(`leaves Spegel ${family} its _default, byte for byte, and gives registry files back within a second`, async () => {
      const node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap), unit('great.io', great)]) });
      node.advance(1_000);
      const spegel = createSpegel({ family, certsDir: node.certsDir, nodeIp });
      await spegel.start();
      const backup = describeDirectory(`${node.certsDir}/_backup`);
      node.advance(1_000);
      const seen = readDirectory(node.certsDir);
      assert.equal(seen['_default/hosts.toml'], spegel.expectedFile('_default'));
      assert.equal(bodyOf(seen['great.io/hosts.toml']), great);
      assert.deepEqual(describeDirectory(`${node.certsDir}/_backup`), backup);
      assert.equal(node.ledger().phase?.phase, 'spegel');
      assert.ok(node.isAtRest());
      node.remove();
    });

    it(`is not disturbed by 50 starts of Spegel ${family} in a minute`, async () => {
      const held = unit('held.io', great);
      const node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap), held]) });
      node.mirrorsAre('up', 2);
      node.advance(1_000);
      const spegel = createSpegel({ family, certsDir: node.certsDir, nodeIp });
      for (let start = 0; start < 50; start += 1) {
        await spegel.start();
        node.advance(1_200);
        assert.equal(readDirectory(node.certsDir)['_default/hosts.toml'], spegel.expectedFile('_default'));
        assert.equal(bodyOf(readDirectory(node.certsDir)['held.io/hosts.toml']), great);
      }
      assert.equal(node.ledger().phase?.phase, 'spegel');
      node.remove();
    });
  }

  it('is not disturbed by an agent that is just writing many files', async () => {
    const registries = Array.from({ length: 5 }, (_, at) => unit(`r${at}.io`, great));
    const node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap), ...registries]) });
    node.mirrorsAre('up', 2);
    node.advance(1_000);
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    await spegel.start();
    const written: string[] = [];
    node.onWrite = (path) => {
      // The hook begins to clear while the second file is on its way.
      if (written.push(path) === 2) rmSync(join(node.certsDir, '_default'), { recursive: true });
    };
    node.advance(1_000);
    assert.deepEqual(written, ['r0.io', 'r1.io']);
    assert.deepEqual(
      Object.keys(readDirectory(node.certsDir)).filter((path) => !path.startsWith('_backup')),
      ['r0.io/hosts.toml'],
    );
    assert.deepEqual((await spegel.uninstall()).failures, []);
    node.advance(1_000);
    for (const { registry } of registries)
      assert.equal(bodyOf(readDirectory(node.certsDir)[`${registry}/hosts.toml`]), great);
    node.remove();
  });

  for (const name of documents) {
    it(`leaves Spegel its file also with the document's ${name}`, async () => {
      const node = createSimulatedNode();
      node.configure(read(name));
      node.advance(1_000);
      const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
      await spegel.start();
      const before = describeDirectory(`${node.certsDir}/_backup`);
      node.advance(1_000);
      assert.equal(readDirectory(node.certsDir)['_default/hosts.toml'], spegel.expectedFile('_default'));
      assert.deepEqual(describeDirectory(`${node.certsDir}/_backup`), before);
      assert.equal(node.ledger().phase?.phase, 'spegel');
      node.remove();
    });
  }

  it('holds an extension for a registry that Spegel lists, start after start, without a conflict', async () => {
    const node = createSimulatedNode();
    node.configure(`
cluster: { addon: { spegel: { helm_values: { spegel: { mirroredRegistries: ['https://docker.io', 'https://ghcr.io'] } } } } }
extensions:
  docker:
    path: templates/root_dir/etc/containerd/certs.d/docker.io/hosts.toml
    content: |
      [host.'https://my-mirror.internal']
      capabilities = ['pull', 'resolve']
`);
    node.advance(1_000);
    assert.deepEqual(Object.keys(readDirectory(node.certsDir)), ['docker.io/hosts.toml', 'ghcr.io/hosts.toml']);
    node.mirrorsAre('up', 2);
    const values = { spegel: { mirroredRegistries: ['https://docker.io', 'https://ghcr.io'] } };
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp, values });
    for (let start = 0; start < 8; start += 1) {
      await spegel.start();
      const result = node.advance(1_000);
      const seen = readDirectory(node.certsDir);
      assert.match(bodyOf(seen['docker.io/hosts.toml']) ?? '', /^\[host\.'https:\/\/my-mirror\.internal'\]/);
      assert.equal(seen['ghcr.io/hosts.toml'], spegel.expectedFile('ghcr.io'));
      const file = result.decisions.flatMap((one) => one.files).find((one) => one.path === 'docker.io/hosts.toml');
      assert.match(file?.detail ?? '', /replaces Spegel there/);
    }
    assert.equal(node.ledger().phase?.phase, 'spegel');
    assert.deepEqual((await spegel.uninstall()).failures, []);
    node.advance(1_000);
    assert.match(bodyOf(readDirectory(node.certsDir)['docker.io/hosts.toml']) ?? '', /my-mirror/);
    assert.equal('_default/hosts.toml' in readDirectory(node.certsDir), false);
    node.remove();
  });

  it('writes nothing while Spegel writes one file after the other, however long it takes between them', async () => {
    const registries = ['https://docker.io', 'https://ghcr.io', 'https://quay.io'];
    const node = createSimulatedNode();
    node.configure(`
cluster: { addon: { spegel: { helm_values: { spegel: { mirroredRegistries: ${JSON.stringify(registries)} } } } } }
`);
    node.mirrorsAre('up', 2);
    writeDirectory(node.certsDir, { 'somebody.io/hosts.toml': '# theirs' });
    node.advance(1_000);
    let atWork = false;
    const intrusions: string[] = [];
    node.onWrite = (path) => {
      if (atWork) intrusions.push(path);
    };
    const values = { spegel: { mirroredRegistries: registries } };
    const pause = (): void => {
      node.advance(200);
    };
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp, values, pause });
    for (let start = 0; start < 3; start += 1) {
      atWork = true;
      await spegel.start();
      atWork = false;
      node.advance(1_000);
      assert.equal(readDirectory(node.certsDir)['somebody.io/hosts.toml'], '# theirs');
    }
    assert.deepEqual(intrusions, []);
    node.remove();
  });
});
