import assert from 'node:assert/strict';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DesiredUnit } from '../../src/core/desired.ts';
import { bodyOf, describeDirectory, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, desiredOf, nodeIp, type SimulatedNode, unit } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const registry = 'great.io';
const text = "[host.'https://m.internal']\nca = 'ca.crt'\nclient = [['client.cert', 'client.key']]\n";
const set = (day: number): DesiredUnit =>
  unit(registry, `${text}# day ${day}\n`, {
    files: { 'ca.crt': `CA ${day}`, 'client.cert': `CERT ${day}`, 'client.key': `KEY ${day}` },
    source: 'extension:great',
  });
const wantedOf = (day: number): Record<string, string | undefined> => ({
  'great.io/ca.crt': `CA ${day}`,
  'great.io/client.cert': `CERT ${day}`,
  'great.io/client.key': `KEY ${day}`,
  'great.io/hosts.toml': `${text}# day ${day}\n`,
});

describe('a registry with certificates', () => {
  let node: SimulatedNode;
  let order: string[];

  beforeEach(() => {
    node = createSimulatedNode({ desired: desiredOf([set(1)]) });
    order = [];
    node.onWrite = (path) => order.push(path);
    node.advance(1_000);
  });
  afterEach(() => node.remove());

  const seen = (): Record<string, string | undefined> =>
    Object.fromEntries(Object.entries(readDirectory(node.certsDir)).map(([path, one]) => [path, bodyOf(one)]));

  it('appears as a whole', () => {
    assert.deepEqual(seen(), wantedOf(1));
    assert.deepEqual(order, [registry]);
  });

  it('is changed certificates first, and taken away certificates last', () => {
    order.length = 0;
    node.desired = desiredOf([set(2)]);
    node.advance(1_000);
    assert.deepEqual(seen(), wantedOf(2));
    assert.equal(order.at(-1), 'great.io/hosts.toml');
    order.length = 0;
    node.desired = desiredOf([]);
    node.advance(1_000);
    assert.deepEqual(describeDirectory(node.certsDir), {});
    assert.equal(order[0], 'great.io/hosts.toml');
  });

  it('keeps the whole old set when one of its files is broken, and puts that set right', () => {
    const problem = { code: 'template-error', severity: 'error', message: 'line 1: no', hint: '' } as const;
    node.desired = desiredOf([{ ...set(2), problems: [problem] }]);
    const result = node.advance(1_000);
    assert.deepEqual(seen(), wantedOf(1));
    assert.equal(result.decisions[0]?.problems[0], problem);
    rmSync(`${node.certsDir}/great.io/ca.crt`);
    writeDirectory(node.certsDir, { 'great.io/client.key': 'not ours' });
    node.restart();
    node.advance(1_000);
    assert.deepEqual(seen(), wantedOf(1));
  });

  it('keeps the old set when a write fails in the middle, and finishes it later', () => {
    let left = 2;
    node.onWrite = () => {
      left -= 1;
      if (left === 0) throw new Error('EIO');
    };
    node.desired = desiredOf([set(2)]);
    assert.equal(node.pass().problems[0]?.code, 'write-failed');
    assert.equal(seen()['great.io/hosts.toml'], wantedOf(1)['great.io/hosts.toml']);
    node.restart();
    node.onWrite = () => undefined;
    node.advance(3_000);
    assert.deepEqual(seen(), wantedOf(2));
    node.releasing = true;
    node.advance(1_000);
    assert.deepEqual(describeDirectory(node.certsDir), {}, "no half-written certificate passes for somebody's");
  });

  it("is killed between a certificate and its hosts.toml, and nothing of ours is taken for somebody's", () => {
    let left = 2;
    node.onWrite = () => {
      left -= 1;
      if (left === 0) throw new Error('killed');
    };
    node.desired = desiredOf([set(2)]);
    // The ledger as it was stored before anything was changed; what was done after is forgotten.
    node.failToSave(false);
    const before = node.ledger();
    node.pass();
    assert.notEqual(node.ledger(), before);
    node.onWrite = () => undefined;
    node.restart();
    node.advance(3_000);
    node.desired = desiredOf([]);
    node.advance(1_000);
    assert.deepEqual(describeDirectory(node.certsDir), {});
  });

  it('comes back as a whole after Spegel cleared it', async () => {
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    for (let start = 0; start < 3; start += 1) {
      await spegel.start();
      order.length = 0;
      node.advance(1_000);
      assert.deepEqual(order, [registry]);
      for (const [path, wanted] of Object.entries(wantedOf(1))) assert.equal(seen()[path], wanted);
    }
    await spegel.uninstall();
    node.advance(1_000);
    assert.deepEqual(seen(), wantedOf(1));
    node.releasing = true;
    node.advance(1_000);
    assert.deepEqual(describeDirectory(node.certsDir), {});
  });

  it('knows its certificates again without the ledger, by the marker of the hosts.toml', () => {
    node.restart({ loseState: true });
    node.advance(1_000);
    assert.deepEqual(node.ledger().originals, {});
    node.desired = desiredOf([]);
    node.advance(1_000);
    assert.deepEqual(describeDirectory(node.certsDir), {});
  });
});

describe("an extension that names somebody else's certificate", () => {
  const golden = new URL('../core/containerd/cases/containerd.golden.json', import.meta.url);
  const { fixtures } = JSON.parse(readFileSync(golden, 'utf8')) as { fixtures: Readonly<Record<string, string>> };
  const ca = fixtures['ca.crt'] ?? '';
  const content = "[host.'https://m.internal']\nca = 'theirs.crt'\n";
  const path = 'great.io/hosts.toml';
  const document = `extensions: { x: { path: 'templates/root_dir/etc/containerd/certs.d/${path}', content: ${JSON.stringify(content)} } }`;
  let node: SimulatedNode;

  beforeEach(() => {
    node = createSimulatedNode();
    node.mirrorsAre('up', 2);
    node.configure(document);
  });
  afterEach(() => node.remove());

  const body = (): string | undefined => bodyOf(readDirectory(node.certsDir)[path]);
  const codes = (): readonly string[] =>
    node.pass().decisions.flatMap(({ problems }) => problems.map(({ code, severity }) => `${severity} ${code}`));

  it('is not written as long as that is missing, and is as soon as it stands', () => {
    const result = node.advance(1_000);
    const decision = result.decisions.flatMap(({ files }) => files).find((file) => file.path === path);
    assert.deepEqual([decision?.action, decision?.reason], ['refuse', 'broken-template']);
    assert.match(decision?.detail ?? '', /theirs\.crt is missing/);
    assert.deepEqual(codes(), ['error rendered-breaks-pulls']);
    writeDirectory(node.certsDir, { 'great.io/theirs.crt': 'no certificate' });
    node.advance(1_000);
    assert.equal(body(), undefined);
    writeDirectory(node.certsDir, { 'great.io/theirs.crt': ca });
    node.advance(1_000);
    assert.equal(body(), content);
    assert.deepEqual(codes(), []);
  });

  it('is written where it stands behind a link, and comes back with it after each start of Spegel', async () => {
    writeDirectory(node.certsDir, { 'great.io/real.pem': ca });
    symlinkSync('real.pem', join(node.certsDir, 'great.io/theirs.crt'));
    node.advance(1_000);
    assert.equal(body(), content);
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    for (let start = 0; start < 3; start += 1) {
      await spegel.start();
      node.advance(1_000);
      assert.equal(body(), content);
      assert.equal(readDirectory(node.certsDir)['great.io/theirs.crt'], '-> real.pem');
    }
  });

  it('may not lean on a certificate of ours that is about to leave', () => {
    const own = document.replace(
      'extensions: {',
      `extensions: { ca: { path: 'templates/root_dir/etc/containerd/certs.d/great.io/theirs.crt', content: ${JSON.stringify(ca)} },`,
    );
    node.configure(own);
    node.advance(1_000);
    assert.equal(body(), content);
    node.configure(document);
    node.advance(1_000);
    assert.equal(body(), content);
    assert.equal(readDirectory(node.certsDir)['great.io/theirs.crt'], ca, 'the whole old set stays');
    assert.deepEqual(codes(), ['error rendered-breaks-pulls']);
  });
});
