import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { FileDecision } from '../../src/core/decision.ts';
import type { PassResult } from '../../src/reconcile.ts';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  unit,
} from '../support/simulated-node.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';
import { resultFor, type VectorFile } from '../vectors/containerd-compare.ts';

const golden = new URL('../core/containerd/cases/containerd.golden.json', import.meta.url);
const vectors = JSON.parse(readFileSync(golden, 'utf8')) as VectorFile;
const versions = Object.keys(vectors.source.versions);

/** Every case of the vectors of which some containerd died, with those that did. */
const panics = vectors.cases.flatMap((one) => {
  const died = versions.filter((version) => resultFor(one, version).some(({ panic }) => panic !== undefined));
  const text = one.files?.['registry.example.com/hosts.toml'];
  return died.length > 0 && typeof text === 'string' ? [{ name: one.name, text, died }] : [];
});

const bootstrap = hostsText(`http://${nodeIp}:30020`, 'http://10.1.2.9:30020');
const deadly = "[host.'http://a']\ndial_timeout = 00:00:05\n";
const other = "[host.'http://b']\ndial_timeout = 00:00:05\n";
const quay = 'quay.io/hosts.toml';

const decisionOf = (result: PassResult, path = quay): FileDecision | undefined =>
  result.decisions.flatMap(({ files }) => files).find((file) => file.path === path);
const problemOf = (result: PassResult, path = quay) =>
  result.decisions
    .flatMap(({ problems }) => problems)
    .find(({ code, path: its }) => code === 'deadly-file' && its === path);

describe("somebody's file that would kill containerd", () => {
  let node: SimulatedNode;
  let spegel: Spegel;

  beforeEach(() => {
    node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap)]) });
    node.settings = { ...node.settings, deadlyFiles: 'quarantine' };
    node.mirrorsAre('up', 2);
    spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp, bin: false });
  });
  afterEach(() => node.remove());

  const plant = (files: Readonly<Record<string, string>>, mode = 0o644): void =>
    writeDirectory(node.certsDir, files, mode);
  const files = (): Record<string, string> => readDirectory(node.certsDir);
  const told = (path = quay): number =>
    node.journal.filter((record) => record.event === 'deadly' && record.path === path).length;
  const isHarmless = (text: string): void => {
    for (const [path, bytes] of Object.entries(files()))
      assert.ok(bytes !== text || path.startsWith('_backup/') || path.endsWith('.deadly'), path);
  };

  it('is every panicking case of the vectors', () => assert.ok(panics.length >= 14, `${panics.length}`));

  for (const { name, text, died } of panics) {
    it(`${name}: is said once, goes, and stays harmless`, async () => {
      for (const version of [...died, undefined]) {
        node.remove();
        node = createSimulatedNode({ desired: desiredOf([unit('_default', bootstrap)]) });
        node.mirrorsAre('up', 2);
        spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp, bin: false });
        const { containerdVersion: _, ...facts } = node.facts;
        node.facts = version === undefined ? facts : { ...facts, containerdVersion: version };
        plant({ [quay]: text }, 0o640);

        const alarmed = node.advance(1_000);
        assert.deepEqual(
          [decisionOf(alarmed)?.action, decisionOf(alarmed)?.reason],
          ['leave', 'would-kill-containerd'],
          version,
        );
        assert.match(decisionOf(alarmed)?.deadly ?? '', /containerd dies/);
        assert.match(problemOf(alarmed)?.hint ?? '', /quarantine/);
        assert.equal(files()[quay], text, 'an alarm only');

        node.settings = { ...node.settings, deadlyFiles: 'quarantine' };
        const gone = node.advance(300);
        assert.equal(files()[quay], undefined);
        assert.match(decisionOf(gone)?.deadly ?? '', /containerd dies/, 'still said');
        assert.match(problemOf(gone)?.hint ?? '', /corrected file/);
        assert.equal(bodyOf(files()['_default/hosts.toml']), bootstrap);

        await spegel.start();
        node.advance(1_000);
        node.restart();
        node.advance(3_000);
        await spegel.start();
        node.advance(1_000);
        isHarmless(text);
        await spegel.uninstall();
        node.advance(1_000);
        isHarmless(text);
        assert.equal(told(), 1, version);

        node.releasing = true;
        assert.equal(node.advance(1_000).released, true);
        assert.deepEqual(files(), { 'quay.io/hosts.toml.deadly': text });
        assert.equal(lstatSync(join(node.certsDir, 'quay.io/hosts.toml.deadly')).mode & 0o777, 0o640);
      }
    });
  }

  it('is none for a containerd that lives with it', () => {
    for (const { name, text, died } of panics) {
      for (const version of versions.filter((one) => !died.includes(one))) {
        node.facts = { ...node.facts, containerdVersion: version };
        plant({ [quay]: text });
        node.advance(3_000);
        assert.equal(files()[quay], text, `${name} ${version}`);
        rmSync(join(node.certsDir, 'quay.io'), { recursive: true });
        node.advance(3_000);
      }
    }
    assert.equal(told(), 0);
  });

  it('is said anew for other bytes, once each', () => {
    for (const text of [deadly, other, deadly]) {
      plant({ [quay]: text });
      node.advance(1_000);
    }
    assert.equal(told(), 2);
  });

  it('shows no credential of it', () => {
    node.facts = { ...node.facts, containerdVersion: '1.6.20' };
    plant({ [quay]: "[host]\n'http://user:geheim@a.io' = 'pull'\n'http://b.io' = 'pull'\n" });
    const said = JSON.stringify([node.advance(100), node.advance(1_000), node.journal]);
    assert.match(said, /would kill/);
    assert.ok(!said.includes('geheim'), said);
  });

  it('takes its empty directory along, since that would hide _default; certificates stay', () => {
    plant({ [quay]: deadly, 'ghcr.io/hosts.toml': deadly, 'ghcr.io/ca.crt': 'CA' });
    node.advance(1_000);
    assert.deepEqual(Object.keys(files()), ['_default/hosts.toml', 'ghcr.io/ca.crt']);
    assert.equal(node.isAtRest(), true);
  });

  it('that lay in a _backup/ from before the agent goes again when the hook restores it', async () => {
    plant({ [quay]: deadly });
    await spegel.start();
    node.advance(3_000);
    isHarmless(deadly);
    await spegel.uninstall();
    assert.equal(files()[quay], deadly, 'while Spegel is at work nothing is written');
    node.advance(1_000);
    isHarmless(deadly);
    assert.equal(decisionOf(node.pass())?.action, 'refuse');
  });

  it('is disarmed in _backup/ on release, so that the hook restores nothing that kills', async () => {
    plant({ [quay]: deadly });
    await spegel.start();
    node.advance(3_000);
    node.releasing = true;
    assert.equal(node.advance(1_000).released, true);
    assert.equal(files()['_backup/quay.io/hosts.toml'], undefined);
    await spegel.uninstall();
    assert.deepEqual(files(), { 'quay.io/hosts.toml.deadly': deadly });
  });

  it('is set aside by a release that sees it first, and what lay aside before is not lost', () => {
    plant({ [quay]: deadly, 'quay.io/hosts.toml.deadly': 'of last year' });
    node.releasing = true;
    assert.equal(node.advance(1_000).released, true);
    assert.deepEqual(files(), {
      'quay.io/hosts.toml.deadly': 'of last year',
      'quay.io/hosts.toml.deadly.2': deadly,
    });
  });

  it('goes also after the state was lost', async () => {
    plant({ [quay]: deadly });
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    node.restart({ loseState: true });
    node.advance(3_000);
    plant({ [quay]: deadly });
    node.advance(3_000);
    isHarmless(deadly);
    node.restart({ loseState: true });
    await spegel.uninstall();
    node.advance(40_000);
    isHarmless(deadly);
  });

  it('stays as long as its bytes cannot be kept', () => {
    node.failToSave(true);
    plant({ [quay]: deadly });
    const result = node.advance(1_000);
    assert.equal(files()[quay], deadly);
    assert.ok(result.problems.some(({ code }) => code === 'state-not-saved'));
    node.failToSave(false);
    node.advance(3_000);
    assert.equal(files()[quay], undefined);
  });

  it('comes back when this containerd does not die of it any more', () => {
    plant({ [quay]: deadly }, 0o600);
    node.advance(1_000);
    assert.equal(files()[quay], undefined);
    node.facts = { ...node.facts, containerdVersion: '2.4.2' };
    node.advance(1_000);
    assert.equal(files()[quay], deadly);
    assert.equal(lstatSync(join(node.certsDir, quay)).mode & 0o777, 0o600);
    assert.equal(problemOf(node.pass()), undefined);
  });

  it('is forgotten when a person puts a good one there, and when that goes', () => {
    plant({ [quay]: deadly });
    node.advance(1_000);
    plant({ [quay]: "server = 'https://quay.io'\n" });
    node.advance(1_000);
    assert.equal(problemOf(node.pass()), undefined);
    rmSync(join(node.certsDir, 'quay.io'), { recursive: true });
    node.advance(3_000);
    assert.equal(problemOf(node.pass()), undefined);
    node.releasing = true;
    node.advance(1_000);
    assert.deepEqual(files(), {});
  });

  it('is replaced by ours where a template points, and is said', () => {
    node.desired = desiredOf([unit('_default', bootstrap), unit('quay.io', hostsText('https://m.internal'))]);
    plant({ [quay]: deadly });
    const result = node.advance(1_000);
    assert.equal(bodyOf(files()[quay]), hostsText('https://m.internal'));
    assert.equal(told(), 1);
    assert.equal(problemOf(result), undefined);
    node.desired = desiredOf([unit('_default', bootstrap)]);
    assert.match(problemOf(node.advance(1_000))?.message ?? '', /not put back/);
    isHarmless(deadly);
  });

  it('goes from the place of a template that is held back, by a quarrel or an error', () => {
    const mirrors = unit('quay.io', hostsText('https://m.internal'));
    node.desired = desiredOf([mirrors]);
    node.advance(1_000);
    for (let time = 0; time < 8; time += 1) {
      plant({ [quay]: time % 2 === 0 ? deadly : other });
      node.advance(1_000);
      isHarmless(deadly);
      isHarmless(other);
    }
    const problem = { code: 'template-error', severity: 'error', message: 'broken', hint: 'mend it' } as const;
    node.desired = desiredOf([{ ...unit('ghcr.io', ''), files: [], problems: [problem] }]);
    plant({ 'ghcr.io/hosts.toml': deadly });
    const result = node.advance(1_000);
    assert.equal(files()['ghcr.io/hosts.toml'], undefined);
    assert.ok(problemOf(result, 'ghcr.io/hosts.toml'));
  });

  it('of another tool is never touched', () => {
    const text = `# Code generated by k3s. DO NOT EDIT.\n${deadly}`;
    plant({ [quay]: text });
    const result = node.advance(1_000);
    assert.equal(files()[quay], text);
    assert.match(problemOf(result)?.message ?? '', /another tool/);
    node.releasing = true;
    node.advance(1_000);
    assert.deepEqual(files(), { [quay]: text });
  });

  it('is a link that leads to one: the link goes, what it leads to stays', () => {
    const shared = join(dirname(node.certsDir), 'shared');
    writeDirectory(shared, { 'hosts.toml': deadly });
    mkdirSync(join(node.certsDir, 'quay.io'), { recursive: true });
    symlinkSync(join(shared, 'hosts.toml'), join(node.certsDir, quay));
    symlinkSync(shared, join(node.certsDir, 'ghcr.io'));
    symlinkSync(shared, join(node.certsDir, 'gcr.io'));
    node.desired = desiredOf([unit('_default', bootstrap), unit('gcr.io', hostsText('https://m.internal'))]);
    const result = node.advance(1_000);
    assert.deepEqual(Object.keys(files()), ['_default/hosts.toml', 'gcr.io/hosts.toml']);
    assert.ok(problemOf(result));
    assert.ok(problemOf(result, 'ghcr.io'));
    node.restart();
    node.advance(1_000);
    assert.equal(node.isAtRest(), true);
    node.releasing = true;
    node.advance(1_000);
    assert.deepEqual(files(), {
      'gcr.io.deadly': `-> ${shared}`,
      'ghcr.io.deadly': `-> ${shared}`,
      'quay.io/hosts.toml.deadly': `-> ${join(shared, 'hosts.toml')}`,
    });
    assert.deepEqual(readDirectory(shared), { 'hosts.toml': deadly });
  });

  it("is Spegel's own: mended where a template points, else gone, and never given back", async () => {
    const append = (): void => {
      const path = join(node.certsDir, '_default/hosts.toml');
      plant({ '_default/hosts.toml': `${readFileSync(path, 'utf8')}\n\n${deadly.trimEnd()}` });
    };
    node.desired = desiredOf([]);
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    const good = files()['_default/hosts.toml'];
    append();
    const text = files()['_default/hosts.toml'] ?? '';
    node.advance(1_000);
    assert.equal(files()['_default/hosts.toml'], undefined);
    await spegel.start();
    node.advance(1_000);
    assert.equal(files()['_default/hosts.toml'], good, "Spegel's next start writes it well");

    append();
    node.desired = desiredOf([unit('_default', bootstrap)]);
    node.advance(1_000);
    assert.match(files()['_default/hosts.toml'] ?? '', /standin=mended/);
    node.desired = desiredOf([]);
    node.advance(3_000);
    isHarmless(text);
    node.releasing = true;
    node.advance(1_000);
    isHarmless(text);
    assert.equal(files()['_default/hosts.toml.deadly'], text);
  });

  it('is named when it cannot be moved, and goes as soon as it can', () => {
    plant({ [quay]: deadly });
    node.onWrite = () => {
      throw new Error('EPERM: operation not permitted');
    };
    const result = node.advance(1_000);
    assert.equal(files()[quay], deadly);
    assert.ok(result.problems.some(({ code }) => code === 'write-failed'));
    assert.ok(problemOf(result));
    node.onWrite = () => undefined;
    node.advance(3_000);
    assert.equal(files()[quay], undefined);
  });
});
