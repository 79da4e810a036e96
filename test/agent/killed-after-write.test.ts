import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createTools } from '../../src/tools.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  unit,
} from '../support/simulated-node.ts';

const { sha256 } = createTools({ agentVersion: '0', object: () => undefined });
const path = '_default/hosts.toml';
const wants = (host: string) =>
  desiredOf([unit('_default', hostsText(`http://${nodeIp}:30020`, `http://${host}:30020`))]);

const lived = (t: TestContext): SimulatedNode => {
  const node = createSimulatedNode({ desired: wants('10.1.2.9') });
  t.after(() => node.remove());
  node.advance(1_000);
  return node;
};

const standing = (node: SimulatedNode): Buffer => readFileSync(join(node.certsDir, path));
const versions = (node: SimulatedNode): readonly string[] =>
  (node.ledger().history[path] ?? []).map((version) => version.sha256);

describe('an agent that is killed when a file stands and is not remembered yet', () => {
  it('goes on from the first file of a node', (t) => {
    const node = createSimulatedNode({ desired: wants('10.1.2.9') });
    t.after(() => node.remove());
    node.killAfterWrite();
    node.advance(1_000);
    assert.equal(node.restarts, 1);
    assert.match(standing(node).toString(), /10\.1\.2\.9/);
    assert.deepEqual(versions(node), [sha256(standing(node))]);
    assert.ok(node.isAtRest());
  });

  it('has the old version and the new one in the history after a change of the configuration', (t) => {
    const node = lived(t);
    const before = sha256(standing(node));
    node.desired = wants('10.1.2.10');
    node.killAfterWrite();
    node.advance(1_000);
    assert.equal(node.restarts, 1);
    assert.match(standing(node).toString(), /10\.1\.2\.10/);
    assert.deepEqual(versions(node), [before, sha256(standing(node))]);
    assert.ok(node.isAtRest());
  });

  it("takes its own files for nobody else's, however often it is killed", (t) => {
    const node = lived(t);
    for (let kill = 1; kill <= 10; kill++) {
      node.desired = wants(`10.1.3.${kill}`);
      node.killAfterWrite();
      node.pass();
      node.desired = wants(`10.1.4.${kill}`);
      node.restart();
      node.advance(1_000);
      assert.match(standing(node).toString(), new RegExp(`10\\.1\\.4\\.${kill}:`));
    }
    assert.deepEqual(node.ledger().fights, {});
  });

  it("has remembered a person's edit before it is put right", (t) => {
    const node = lived(t);
    const ours = standing(node).toString();
    const edited = `${ours}# by hand\n`;
    writeFileSync(join(node.certsDir, path), edited);
    node.killAfterWrite();
    node.advance(5_000);
    assert.equal(node.restarts, 1);
    assert.equal(standing(node).toString(), ours);
    assert.ok(versions(node).includes(sha256(Buffer.from(edited))));
  });
});
