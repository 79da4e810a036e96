import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { FileDecision } from '../../src/core/decision.ts';
import { restoreVersion } from '../../src/core/restore.ts';
import { sha256 } from '../../src/io/disk/hash.ts';
import type { PassResult } from '../../src/reconcile.ts';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, desiredOf, nodeIp, type SimulatedNode, unit } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const path = 'quay.io/hosts.toml';
const good = "[host.'https://mirror.example.com']\ncapabilities = ['pull', 'resolve']\n";
const evil = "[host.'https://evil.example']\ncapabilities = ['pull', 'resolve']\n";
const inCluster = "cidrs: [10.0.0.0/8], hosts: ['*.example.com']";

const configuration = (content: string, policy = inCluster, more = ''): string => `
handspegel: {policy: {mirrors: {${policy}}}}
extensions:
  quay:
    path: templates/root_dir/etc/containerd/certs.d/${path}
    content: |
${content.replaceAll(/^(?=.)/gm, '      ')}${more}
`;

const decisionOn = (result: PassResult, file = path): FileDecision | undefined =>
  result.decisions.flatMap(({ files }) => files).find((one) => one.path === file);

const codesOf = (result: PassResult): readonly string[] =>
  result.decisions.flatMap(({ problems }) => problems.map(({ code, severity }) => `${severity} ${code}`));

describe('policy.mirrors on a node', () => {
  let node: SimulatedNode;

  beforeEach(() => {
    node = createSimulatedNode();
  });
  afterEach(() => node.remove());

  const body = (file = path): string | undefined => bodyOf(readDirectory(node.certsDir)[file]);

  it('refuses a file that breaks it: the last good one stays, and comes back when somebody removes it', () => {
    node.configure(configuration(good));
    node.advance(1_000);
    assert.equal(body(), good);
    node.configure(configuration(`${good}\n${evil}`));
    const result = node.advance(1_000);
    assert.equal(body(), good, 'not even the host that is allowed');
    assert.deepEqual(codesOf(result), ['error mirror-not-allowed']);
    rmSync(join(node.certsDir, path));
    assert.equal(decisionOn(node.advance(1_000))?.reason, 'up-to-date');
    assert.equal(body(), good);
    assert.ok(body('_default/hosts.toml')?.includes(nodeIp), 'other files are not held up');
  });

  it('refuses it on a node that knows no good one, and says why', () => {
    node.configure(configuration(evil));
    const decision = decisionOn(node.advance(1_000));
    assert.deepEqual([decision?.action, decision?.reason], ['refuse', 'breaks-policy']);
    assert.match(decision?.detail ?? '', /evil\.example/);
    assert.equal(body(), undefined);
  });

  it('is made narrower: what stands stays and is said, but it is never written again', () => {
    node.configure(configuration(evil, ''));
    node.advance(1_000);
    node.configure(configuration(evil));
    const result = node.advance(1_000);
    assert.equal(body(), evil);
    assert.deepEqual(codesOf(result), ['error mirror-not-allowed']);
    rmSync(join(node.certsDir, path));
    node.advance(130_000);
    assert.equal(body(), undefined);
    node.configure(configuration(good));
    node.advance(1_000);
    assert.equal(body(), good);
  });

  it('counts for the built-in file', () => {
    node.configure('handspegel: {policy: {mirrors: {schemes: [https]}}}');
    const decision = decisionOn(node.advance(1_000), '_default/hosts.toml');
    assert.equal(decision?.reason, 'breaks-policy');
    node.configure('handspegel: {policy: {mirrors: {cidrs: [10.1.0.0/16]}}}');
    node.advance(1_000);
    assert.ok(body('_default/hosts.toml')?.includes('http://10.1.2.9:30020'));
  });

  it("never refuses Spegel's file or somebody's, and reports both", async () => {
    writeDirectory(node.certsDir, { 'docker.io/hosts.toml': evil });
    node.mirrorsAre('up', 2);
    node.configure("handspegel: {policy: {mirrors: {hosts: ['*.example.com']}}}");
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    await spegel.start();
    const result = node.advance(2_000);
    assert.equal(readDirectory(node.certsDir)['_default/hosts.toml'], spegel.expectedFile('_default'));
    assert.equal(readDirectory(node.certsDir)['docker.io/hosts.toml'], evil);
    const told = result.decisions.flatMap(({ problems }) => problems);
    assert.deepEqual(
      told
        .filter(({ code }) => code === 'mirror-not-allowed-elsewhere')
        .map(({ message }) => message.split(' names')[0]),
      ["Spegel's file _default/hosts.toml", "somebody's file docker.io/hosts.toml"],
    );
  });

  it("keeps Spegel's hosts out of a merged file when one of them is not allowed", async () => {
    const merged = `    handoff: merge\n    path: templates/root_dir/etc/containerd/certs.d/_default/hosts.toml\n    content: |\n      [host.'https://mirror.example.com']\n      capabilities = ['pull', 'resolve']\n`;
    node.mirrorsAre('up', 2);
    const configure = (policy: string): void =>
      node.configure(`handspegel: {policy: {mirrors: {${policy}}}}\nextensions:\n  merged:\n${merged}`);
    configure("hosts: ['*.example.com']");
    node.advance(1_000);
    await createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp }).start();
    const decision = decisionOn(node.advance(2_000), '_default/hosts.toml');
    assert.equal(decision?.standIn, 'merged');
    assert.match(decision?.detail ?? '', /alone: policy\.mirrors/);
    assert.doesNotMatch(body('_default/hosts.toml') ?? '', /30020/);
    configure(inCluster);
    node.advance(1_000);
    assert.match(body('_default/hosts.toml') ?? '', /mirror\.example\.com[\s\S]*30020[\s\S]*30021/);
  });

  it("keeps somebody's hosts from behind ours (prependExisting) when one of them is not allowed", () => {
    const values = '{ spegel: { prependExisting: true, mirroredRegistries: [https://quay.io] } }';
    writeDirectory(node.certsDir, { [path]: evil });
    const configure = (policy: string): void =>
      node.configure(
        `cluster: { addon: { spegel: { helm_values: ${values} } } }\nhandspegel: {policy: {mirrors: {${policy}}}}`,
      );
    configure('cidrs: [10.0.0.0/8]');
    node.advance(1_000);
    assert.match(body() ?? '', /10\.1\.2\.3/);
    assert.doesNotMatch(body() ?? '', /evil/);
    configure('');
    node.advance(1_000);
    assert.match(body() ?? '', /10\.1\.2\.3[\s\S]*evil/);
  });

  it('is not got round by restoring an older version', () => {
    node.configure(configuration(evil, ''));
    node.advance(1_000);
    node.configure(configuration(good, ''));
    node.advance(1_000);
    const [version] = node.ledger().history[path] ?? [];
    assert.ok(version !== undefined);
    const restore = (): string | undefined => {
      const wish = { path, version, bytes: new TextEncoder().encode(evil), desired };
      const restored = restoreVersion(node.ledger(), wish, { sha256, store: () => sha256(wish.bytes) });
      assert.ok('ledger' in restored);
      node.setLedger(restored.ledger);
      node.advance(1_000);
      return body();
    };
    const desired = desiredOf([unit('quay.io', good)]);
    assert.equal(restore(), evil, 'without a policy it is');
    node.configure(configuration(good));
    assert.equal(restore(), good);
  });
});
