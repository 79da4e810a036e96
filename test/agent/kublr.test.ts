import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { FileDecision } from '../../src/core/decision.ts';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, hostsText, nodeIp, type SimulatedNode } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const path = '_default/hosts.toml';
const master = '10.1.2.9';
/** As the document tells it: the current node, then the master nodes, port 30020. */
const kublrs = hostsText(`http://${nodeIp}:30020`, `http://${master}:30020`);

describe("a node that Kublr's own agent has set up", () => {
  let node: SimulatedNode;

  beforeEach(() => {
    node = createSimulatedNode({ gate: 'enforce' });
    node.mirrorsAre('up', 2);
  });
  afterEach(() => node.remove());

  const file = (): string | undefined => readDirectory(node.certsDir)[path];
  const write = (text: string): void => writeDirectory(node.certsDir, { [path]: text });
  const settle = (ms = 1_000): FileDecision | undefined =>
    node
      .advance(ms)
      .decisions.flatMap(({ files }) => files)
      .find((one) => one.path === path);

  it('is taken over: the same mirrors below our marker, in one rename', () => {
    write(kublrs);
    const texts = new Set<string | undefined>();
    node.onWrite = () => texts.add(file());
    assert.equal(settle()?.writer, 'ours');
    assert.deepEqual([...texts], [kublrs], 'until the rename the old file stands');
    assert.equal(bodyOf(file()), kublrs);
    assert.equal(node.ledger().phase?.phase, 'bootstrap');
    const told = node.journal.find((record) => record.path === path);
    assert.match(`${told?.event} ${told?.detail}`, /^write:bootstrap /);
    assert.ok(node.isAtRest());
  });

  it("has Kublr's file again after a release, byte for byte", () => {
    write(kublrs);
    settle();
    node.releasing = true;
    assert.equal(node.advance(1_000).released, true);
    assert.equal(file(), kublrs);
  });

  it("gets today's addresses when Spegel's hook restores Kublr's file of last month", async () => {
    write(hostsText(`http://${nodeIp}:30020`, 'http://10.9.9.9:30020'));
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    await spegel.start();
    settle(3_000);
    assert.equal(node.ledger().phase?.phase, 'spegel');
    await spegel.uninstall();
    settle(3_000);
    assert.equal(bodyOf(file()), kublrs);
    assert.equal(node.ledger().phase?.phase, 'bootstrap');
  });

  it('says who it is when its agent goes on writing: put right, then a conflict that names the remedy', () => {
    settle();
    let last: FileDecision | undefined;
    for (let time = 0; time < 6; time += 1) {
      write(kublrs);
      last = settle(30_000);
    }
    assert.equal(last?.action, 'conflict');
    assert.match(last?.detail ?? '', /^Kublr's agent writes it again and again: .*content: ''/);
    assert.equal(file(), kublrs, 'its mirrors are the same meanwhile');
  });

  it('is not what a person wrote: another port or address is kept as theirs, with every other file', () => {
    const theirs = hostsText(`http://${nodeIp}:5000`);
    write(theirs);
    node.configure(
      "extensions: {off: {path: templates/root_dir/etc/containerd/certs.d/_default/hosts.toml, content: ''}}",
    );
    const decision = settle();
    assert.deepEqual([decision?.writer, decision?.action], ['foreign', 'leave']);
    write(kublrs);
    const kublr = settle();
    assert.deepEqual([kublr?.writer, kublr?.action], ['kublr', 'leave'], 'not generated here: theirs to keep');
    assert.equal(file(), kublrs);
  });
});
