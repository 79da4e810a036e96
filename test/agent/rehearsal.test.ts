import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { rehearsalTimes } from '../../src/rehearsal.ts';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  unit,
} from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const wants = (mirror: string) =>
  desiredOf([
    unit('_default', hostsText(`http://${nodeIp}:30020`)),
    unit('great.io', hostsText(`https://${mirror}.internal`), { files: { 'client.key': 'KEY' } }),
  ]);

const great = 'great.io/hosts.toml';
const stagingOf = (node: SimulatedNode): string => join(dirname(node.certsDir), '.handspegel');

/** What is prepared, as the inodes of what lies in the staging directory. */
const prepared = (node: SimulatedNode): readonly number[] => {
  try {
    return readdirSync(stagingOf(node)).map((name) => statSync(join(stagingOf(node), name)).ino);
  } catch {
    return [];
  }
};

const inodeOf = (node: SimulatedNode, path: string): number => statSync(join(node.certsDir, path)).ino;
const bodyAt = (node: SimulatedNode, path: string): string | undefined => bodyOf(readDirectory(node.certsDir)[path]);

/** Spegel has just written its file, which the agent has seen; 250 ms must pass. */
const spegelHasStarted = async (t: TestContext): Promise<SimulatedNode> => {
  const node = createSimulatedNode({ desired: wants('one') });
  t.after(() => node.remove());
  node.mirrorsAre('up', 2);
  node.advance(1_000);
  await createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp }).start();
  node.pass();
  return node;
};

/** The moment that was waited for has come. */
const timeComes = (node: SimulatedNode, late = 0) => {
  node.now += rehearsalTimes.lead + late;
  return node.pass();
};

describe('while a pass waits for silence', () => {
  it('what it will write is brought to disk beside certs.d, and only renamed when the time has come', async (t) => {
    const node = await spegelHasStarted(t);
    const began = node.now;
    node.rehearse();
    assert.equal(node.now - began, 250 - rehearsalTimes.lead);
    const [made] = prepared(node);
    assert.equal(prepared(node).length, 1);
    assert.equal(statSync(stagingOf(node)).mode & 0o777, 0o700);
    assert.ok(!(great in readDirectory(node.certsDir)));
    timeComes(node);
    assert.equal(inodeOf(node, 'great.io'), made);
    assert.equal(bodyAt(node, great), hostsText('https://one.internal'));
    assert.equal(readFileSync(join(node.certsDir, 'great.io/client.key'), 'utf8'), 'KEY');
    assert.deepEqual(prepared(node), []);
    assert.ok(node.isAtRest());
  });

  it('a pass that a busy machine lets come late still goes by it', async (t) => {
    const node = await spegelHasStarted(t);
    node.rehearse();
    const [made] = prepared(node);
    timeComes(node, 40);
    assert.equal(inodeOf(node, 'great.io'), made);
  });

  const surprises: Readonly<Record<string, (node: SimulatedNode) => void>> = {
    "somebody's file appears": (node) => writeDirectory(node.certsDir, { 'quay.io/hosts.toml': 'theirs' }),
    "Spegel's file is touched": (node) => chmodSync(join(node.certsDir, '_default/hosts.toml'), 0o640),
    'an entry goes out of _backup/': (node) => rmSync(join(node.certsDir, '_backup/great.io'), { recursive: true }),
  };
  for (const [what, surprise] of Object.entries(surprises)) {
    it(`${what}: all of it is thrown away, and the wait begins anew`, async (t) => {
      const node = await spegelHasStarted(t);
      node.rehearse();
      assert.equal(prepared(node).length, 1);
      surprise(node);
      node.pass();
      assert.deepEqual(prepared(node), []);
      timeComes(node);
      assert.ok(!(great in readDirectory(node.certsDir)));
      node.advance(4_000);
      assert.equal(bodyAt(node, great), hostsText('https://one.internal'));
      assert.ok(node.isAtRest());
    });
  }

  it('a new configuration counts at once, whatever was prepared', async (t) => {
    const node = await spegelHasStarted(t);
    node.rehearse();
    const [made] = prepared(node);
    node.desired = wants('two');
    timeComes(node);
    assert.equal(bodyAt(node, great), hostsText('https://two.internal'));
    assert.notEqual(inodeOf(node, 'great.io'), made);
    assert.deepEqual(prepared(node), []);
  });

  it('what cannot be prepared is no problem: the pass does all of it', async (t) => {
    const node = await spegelHasStarted(t);
    writeFileSync(stagingOf(node), 'in the way');
    node.rehearse();
    rmSync(stagingOf(node));
    const { problems } = timeComes(node);
    assert.deepEqual(problems, []);
    assert.equal(bodyAt(node, great), hostsText('https://one.internal'));
  });

  it('what was prepared and is gone is made anew', async (t) => {
    const node = await spegelHasStarted(t);
    node.rehearse();
    rmSync(stagingOf(node), { recursive: true });
    timeComes(node);
    node.advance(100);
    assert.equal(bodyAt(node, great), hostsText('https://one.internal'));
  });

  it('a directory that changes all the time wears no disk: less and less is prepared in vain', async (t) => {
    const node = await spegelHasStarted(t);
    let times = 0;
    for (let change = 0; change < 300; change += 1) {
      const next = node.now + 200;
      node.rehearse();
      if (prepared(node).length > 0) times += 1;
      node.now = next;
      writeFileSync(join(node.certsDir, 'busy'), String(change));
      node.pass();
    }
    assert.ok(times > 0 && times <= 6, `${times} times in a minute`);
    node.advance(5_000);
    assert.equal(bodyAt(node, great), hostsText('https://one.internal'));
  });

  it('a release prepares nothing of ours', async (t) => {
    const node = await spegelHasStarted(t);
    node.releasing = true;
    node.rehearse();
    assert.deepEqual(prepared(node), []);
  });

  it('an agent that is killed then leaves what the next one removes at its start', async (t) => {
    const node = await spegelHasStarted(t);
    node.rehearse();
    assert.equal(prepared(node).length, 1);
    node.restart();
    assert.deepEqual(prepared(node), []);
    node.advance(5_000);
    assert.equal(bodyAt(node, great), hostsText('https://one.internal'));
  });
});
