import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  unit,
} from '../support/simulated-node.ts';
import type { Family } from '../support/spegel/families.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const families: readonly Family[] = ['v0.2', 'v0.4', 'main'];
const textOf = (controlPlane: string): string => hostsText(`http://${nodeIp}:30020`, `http://${controlPlane}:30020`);

describe('when Spegel is uninstalled', () => {
  let node: SimulatedNode;

  beforeEach(() => {
    node = createSimulatedNode({ desired: desiredOf([unit('_default', textOf('10.1.2.9'))]) });
    node.mirrorsAre('up', 2);
    node.advance(1_000);
  });
  afterEach(() => node.remove());

  const body = (path = '_default/hosts.toml'): string | undefined => bodyOf(readDirectory(node.certsDir)[path]);

  for (const family of families) {
    it(`renders today's addresses over the old file that ${family} restores, again and again, without a conflict`, async () => {
      const spegel = createSpegel({ family, certsDir: node.certsDir, nodeIp });
      for (let day = 10; day < 25; day += 1) {
        await spegel.start();
        node.advance(1_000);
        assert.equal(readDirectory(node.certsDir)['_default/hosts.toml'], spegel.expectedFile('_default'));
        node.desired = desiredOf([unit('_default', textOf(`10.1.2.${day}`))]);
        node.advance(1_000);
        assert.deepEqual((await spegel.uninstall()).failures, []);
        node.advance(1_000);
        assert.equal(body(), textOf(`10.1.2.${day}`));
        assert.equal(node.ledger().phase?.phase, 'bootstrap');
        assert.equal('_backup/' in readDirectory(node.certsDir), false);
      }
      assert.deepEqual(node.ledger().fights, {});
    });
  }

  it('renders anew what an agent without memory finds there', async () => {
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    await spegel.start();
    node.advance(1_000);
    await spegel.uninstall();
    node.restart({ loseState: true });
    node.desired = desiredOf([unit('_default', textOf('10.1.2.77'))]);
    node.pass();
    assert.equal(body(), textOf('10.1.2.77'));
    assert.deepEqual(node.ledger().originals, {});
  });

  it('never takes a stand-in that comes back out of _backup/ for one of today', async () => {
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    await spegel.start();
    node.advance(1_000);
    node.desired = desiredOf([unit('_default', textOf('10.1.2.9'), { policy: 'hold' })], 'no-mirrors');
    node.advance(1_000);
    const standIn = readDirectory(node.certsDir)['_default/hosts.toml'] ?? '';
    assert.match(standIn, /standin=held/);
    // An old stand-in was moved into _backup/ by a new first start, and its hook brings it back.
    writeDirectory(node.certsDir, { '_backup/_default/hosts.toml': standIn });
    node.advance(3_000);
    await spegel.uninstall();
    node.desired = desiredOf([unit('_default', textOf('10.1.2.9'))]);
    node.advance(1_000);
    assert.equal(body(), textOf('10.1.2.9'));
    assert.equal(node.ledger().phase?.phase, 'bootstrap');
    assert.ok(node.isAtRest());
  });

  it('leaves alone what Spegel wrote where no template points, and says so', async () => {
    node.desired = desiredOf([]);
    node.advance(1_000);
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    await spegel.start();
    node.advance(1_000);
    node.mirrorsAre('refused', 2);
    const result = node.advance(20 * 60_000);
    assert.equal(readDirectory(node.certsDir)['_default/hosts.toml'], spegel.expectedFile('_default'));
    const file = result.decisions.flatMap((decision) => decision.files)[0];
    assert.equal(file?.reason, 'spegel-owns-it');
  });

  it('writes again after 30 s when Spegel never comes to an end, with one alarm', async () => {
    const spegel = createSpegel({
      family: 'v0.4',
      certsDir: node.certsDir,
      nodeIp,
      bin: false,
      attempts: 1,
      pause: ({ op }) => {
        node.advance(10);
        if (op === 'open') throw new Error('killed');
      },
    });
    await assert.rejects(spegel.start(), /killed/);
    node.advance(29_000);
    assert.equal(body(), undefined);
    node.advance(2_000);
    assert.equal(body(), textOf('10.1.2.9'));
    assert.equal(node.journal.filter((record) => record.event === 'alarm').length, 1);
    node.advance(600_000);
    assert.equal(node.journal.filter((record) => record.event === 'alarm').length, 1);
  });
});
