import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bodyOf, describeDirectory, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, nodeIp, type SimulatedNode } from '../support/simulated-node.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';

const path = '_default/hosts.toml';
const read = (name: string): string => readFileSync(new URL(`../document/${name}.yaml`, import.meta.url), 'utf8');
const prefix = 'templates/root_dir/etc/containerd/certs.d';
const extension = (key: string, registry: string, content: string): string =>
  `  ${key}: { path: '${prefix}/${registry}/hosts.toml', content: ${JSON.stringify(content)} }\n`;
const mirrorText = "[host.'https://m.internal']\ncapabilities = ['pull', 'resolve']\n";
const enabled = (value: boolean, rest = ''): string => `cluster: { addon: { spegel: { enabled: ${value} } } }\n${rest}`;
const mirrorAdd = (value: boolean): string =>
  `cluster: { addon: { spegel: { helm_values: { spegel: { containerdMirrorAdd: ${value} } } } } }\n`;

describe('a node where Spegel is switched off, on, or never there', () => {
  let node: SimulatedNode;
  let spegel: Spegel;

  beforeEach(() => {
    node = createSimulatedNode();
    node.mirrorsAre('up', 2);
    spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
  });
  afterEach(() => node.remove());

  const file = (): string | undefined => readDirectory(node.certsDir)[path];

  it('has an empty _default and the registry files of extensions when Spegel is disabled', () => {
    node.configure(`${read('01-disable-spegel')}    extensions:\n    ${extension('a', 'great.io', mirrorText)}`);
    node.advance(1_000);
    assert.equal(file(), '');
    assert.equal(bodyOf(readDirectory(node.certsDir)['great.io/hosts.toml']), mirrorText);
    assert.equal(node.ledger().phase?.phase, 'disabled');
    assert.ok(node.isAtRest());
  });

  it('has an empty _default with another runtime than containerd', () => {
    node.configure('');
    node.facts = { ...node.facts, runtime: 'cri-o' };
    node.advance(1_000);
    assert.equal(file(), '');
    assert.match(node.ledger().phase?.reason ?? '', /cri-o/);
  });

  it('empties the file of a Spegel that still writes it, says that it still runs, and gives it back later', async () => {
    node.configure(enabled(false));
    node.advance(1_000);
    for (let start = 0; start < 10; start += 1) {
      await spegel.start();
      node.advance(1_000);
      assert.equal(file(), '');
      assert.match(node.ledger().phase?.reason ?? '', /Spegel still runs here/);
    }
    assert.equal(node.ledger().phase?.phase, 'disabled');
    node.configure(enabled(true));
    node.advance(1_000);
    assert.equal(file(), spegel.expectedFile('_default'));
  });

  it('has an empty _default once Spegel is switched off and uninstalled, whichever came first', async () => {
    for (const first of ['configuration', 'uninstall'] as const) {
      node.configure(enabled(true));
      node.advance(1_000);
      await spegel.start();
      node.advance(1_000);
      assert.equal(file(), spegel.expectedFile('_default'));
      if (first === 'configuration') {
        node.configure(enabled(false));
        node.advance(1_000);
        assert.equal(file(), '', 'while Spegel still runs');
        await spegel.uninstall();
      } else {
        await spegel.uninstall();
        node.mirrorsAre('refused', 2);
        node.advance(1_000);
        assert.match(bodyOf(file()) ?? '', /30020/, 'bootstrap mirrors until the configuration arrives');
        node.configure(enabled(false));
      }
      node.mirrorsAre('refused', 2);
      node.advance(3_000);
      assert.deepEqual(readDirectory(node.certsDir), { [path]: '' }, first);
      assert.equal(node.ledger().phase?.phase, 'disabled');
      assert.ok(node.isAtRest(), first);
      node.mirrorsAre('up', 2);
    }
  });

  it("gives Spegel's bytes back however often it is switched off and on, over restarts and a lost state directory", async () => {
    node.configure(mirrorAdd(true));
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    const before = describeDirectory(node.certsDir);
    const ways: readonly (() => void)[] = [
      () => undefined,
      () => node.restart(),
      () => node.loseObjects(),
      () => writeDirectory(node.certsDir, { [path]: '# by hand\n' }),
    ];
    for (const way of ways) {
      for (const [off, on] of [
        [enabled(false), enabled(true)],
        [mirrorAdd(false), mirrorAdd(true)],
      ] as const) {
        node.configure(off);
        node.advance(2_000);
        assert.notEqual(file(), spegel.expectedFile('_default'));
        way();
        node.advance(2_000);
        node.configure(on);
        node.advance(2_000);
        node.advance(2_000);
        assert.deepEqual(describeDirectory(node.certsDir), before, `${off} ${ways.indexOf(way)}`);
        assert.equal(node.ledger().phase?.phase, 'spegel');
      }
    }
  });

  it("gives Spegel's bytes back out of the file alone when the ledger is lost while they are held", async () => {
    node.configure(mirrorAdd(true));
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    node.configure(mirrorAdd(false));
    node.advance(1_000);
    assert.match(file() ?? '', /standin=held/);
    node.restart({ loseState: true });
    node.configure(mirrorAdd(true));
    node.advance(3_000);
    assert.equal(file(), spegel.expectedFile('_default'));
  });

  it('waits no half minute for an empty file of ours whose state was lost', async () => {
    node.configure(enabled(false));
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    assert.equal(file(), '');
    node.restart({ loseState: true });
    node.configure(enabled(true));
    node.advance(3_000);
    assert.match(bodyOf(file()) ?? '', /30020/);
    assert.equal(node.journal.filter(({ event }) => event === 'alarm').length, 0);
  });

  it("gives Spegel's bytes back on release while it is switched off, as long as Spegel answers", async () => {
    for (const off of [enabled(false), mirrorAdd(false)]) {
      node.configure(mirrorAdd(true));
      node.releasing = false;
      node.advance(2_000);
      await spegel.start();
      node.advance(1_000);
      node.configure(off);
      node.advance(1_000);
      node.releasing = true;
      assert.equal(node.advance(1_000).released, true);
      assert.equal(file(), spegel.expectedFile('_default'));
      node.restart({ loseState: true });
    }
  });

  it('calls the file of a Spegel that has gone an orphan after 10 minutes, and brings its bytes back when it answers', async () => {
    node.configure(mirrorAdd(true));
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    node.configure(mirrorAdd(false));
    node.advance(1_000);
    node.mirrorsAre('refused', 2);
    node.advance(9 * 60_000);
    assert.equal(node.ledger().phase?.phase, 'held');
    node.advance(2 * 60_000);
    assert.equal(node.ledger().phase?.phase, 'orphaned');
    assert.match(file() ?? '', /standin=orphaned/);
    node.mirrorsAre('up', 1);
    node.advance(1_000);
    assert.equal(node.ledger().phase?.phase, 'orphaned', 'one answer is not enough');
    node.mirrorsAre('up', 1);
    node.advance(1_000);
    assert.equal(node.ledger().phase?.phase, 'held');
    node.configure(mirrorAdd(true));
    node.advance(2_000);
    assert.equal(file(), spegel.expectedFile('_default'));
  });

  it("does not bring an orphan's file back on release, and leaves _backup/ without anything of ours", async () => {
    node.configure(mirrorAdd(true));
    writeDirectory(node.certsDir, { 'quay.io/hosts.toml': '# theirs\n' });
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    node.configure(mirrorAdd(false));
    node.advance(1_000);
    node.mirrorsAre('refused', 2);
    node.advance(11 * 60_000);
    node.releasing = true;
    assert.equal(node.advance(1_000).released, true);
    assert.deepEqual(readDirectory(node.certsDir), {
      '_backup/quay.io/hosts.toml': '# theirs\n',
      'quay.io/hosts.toml': '# theirs\n',
    });
  });

  it("also takes Spegel's file for an orphan when the node was down during the uninstall", async () => {
    node.configure(mirrorAdd(true));
    node.advance(1_000);
    await spegel.start();
    node.advance(1_000);
    node.mirrorsAre('refused', 2);
    node.restart();
    node.advance(11 * 60_000);
    assert.equal(node.ledger().phase?.phase, 'orphaned');
    assert.match(bodyOf(file()) ?? '', /10\.1\.2\.9:30020/);
    await spegel.start();
    node.advance(1_000);
    assert.equal(file(), spegel.expectedFile('_default'), 'Spegel has written: it is no orphan');
  });

  it("does not generate a file whose content is empty: ours goes, somebody's stays", () => {
    node.configure('');
    node.advance(1_000);
    assert.notEqual(file(), undefined);
    node.configure(read('04-no-default-file'));
    node.advance(1_000);
    assert.deepEqual(describeDirectory(node.certsDir), {});
    writeDirectory(node.certsDir, { [path]: '# theirs\n' });
    node.advance(1_000);
    assert.equal(file(), '# theirs\n');
  });

  it('lets the later key win, also where one of the two is empty', () => {
    for (const [first, second, wanted] of [
      [mirrorText, '', undefined],
      ['', mirrorText, mirrorText],
    ] as const) {
      node.configure(`extensions:\n${extension('b', '_default', second)}${extension('a', '_default', first)}`);
      node.advance(1_000);
      assert.equal(bodyOf(file()), wanted);
    }
  });

  it('puts the marker line before comments that are a whole file, and no mirror', () => {
    node.configure(read('05-no-mirrors'));
    node.advance(1_000);
    assert.match(file() ?? '', /^# handspegel \S+ source=\S+ sha256=[0-9a-f]{64}\n# no mirrors$/);
  });

  it('keeps the last good file when a template breaks, over a restart, and says so', () => {
    const good = `extensions:\n${extension('a', 'great.io', mirrorText)}${extension('b', 'other.io', mirrorText)}`;
    node.configure(good);
    node.advance(1_000);
    const before = describeDirectory(node.certsDir);
    const broken = ['{{ .nothing.here | fail }}', 'not = [toml', "[host.'http://a'\n"];
    for (const content of broken) {
      const changed = mirrorText.replace('m.internal', `n${broken.indexOf(content)}.internal`);
      node.configure(`extensions:\n${extension('a', 'great.io', content)}${extension('b', 'other.io', changed)}`);
      const result = node.advance(1_000);
      node.restart();
      node.advance(1_000);
      const seen = describeDirectory(node.certsDir);
      assert.equal(seen['great.io/hosts.toml'], before['great.io/hosts.toml']);
      assert.equal(bodyOf(readDirectory(node.certsDir)['other.io/hosts.toml']), changed, 'the others are applied');
      const problems = result.decisions.flatMap((decision) => decision.problems);
      assert.equal(
        problems.some((problem) => problem.severity === 'error'),
        true,
      );
    }
    writeDirectory(node.certsDir, { 'great.io/hosts.toml': '# vandal\n' });
    node.advance(1_000);
    assert.equal(
      bodyOf(readDirectory(node.certsDir)['great.io/hosts.toml']),
      mirrorText,
      'the last good one is put back',
    );
  });
});
