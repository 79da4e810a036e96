import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Verdict } from '../../src/core/gate/verdict.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  spegelMirrors,
  unit,
} from '../support/simulated-node.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';

const local = `http://${nodeIp}:30020`;
const control = 'http://10.1.2.9:30020';
const path = '_default/hosts.toml';
const hour = 3_600_000;

const read = (node: SimulatedNode, file = path): string => readFileSync(join(node.certsDir, file), 'utf8');
const phase = (node: SimulatedNode): string | undefined => node.ledger().phase?.phase;
const names = (node: SimulatedNode, url: string, file = path): boolean =>
  read(node, file)
    .split('\n')
    .some((line) => line.includes(`host.'${url}'`) && !line.startsWith('#'));

describe('a first file', () => {
  for (const [verdict, stays] of Object.entries({
    up: true,
    refused: true,
    erroring: true,
    timeout: false,
    hung: false,
    wrong: false,
  } satisfies Record<Verdict, boolean>)) {
    it(`${stays ? 'names' : 'leaves out'} a control plane whose one sample is ${verdict}`, (t) => {
      const node = createSimulatedNode({ gate: 'enforce' });
      t.after(() => node.remove());
      node.mirrorIs(local, 'refused');
      node.mirrorIs(control, verdict as Verdict);
      node.advance(1_000);
      assert.equal(names(node, local), true);
      assert.equal(names(node, control), stays);
    });
  }

  it('waits for an answer of each mirror, half a second at most, and then leaves out who is silent', (t) => {
    const node = createSimulatedNode({ gate: 'enforce' });
    t.after(() => node.remove());
    const asking = node.pass();
    assert.equal(asking.asking, true);
    assert.equal(asking.applied, false);
    assert.throws(() => read(node), /ENOENT/);
    node.hush(control);
    node.mirrorIs(local, 'refused', 1);
    node.pass();
    assert.throws(() => read(node), /ENOENT/);
    node.now += 500;
    const done = node.pass();
    assert.equal(done.applied, true);
    assert.equal(names(node, local), true);
    assert.equal(names(node, control), false);
    node.mirrorIs(control, 'up', 1);
    node.advance(1_000);
    assert.equal(names(node, control), false, 'one answer does not bring it in');
    node.mirrorIs(control, 'up', 1);
    node.advance(1_000);
    assert.equal(names(node, control), true, 'the second does');
  });

  it('of another registry asks only mirrors that no standing file names', (t) => {
    const node = createSimulatedNode({ gate: 'enforce' });
    t.after(() => node.remove());
    node.mirrorsAre('up');
    node.advance(1_000);
    node.mirrorIs(control, 'hung', 1);
    node.desired = desiredOf([
      unit('_default', hostsText(local, control)),
      unit('great.io', hostsText(control, 'https://m.internal')),
    ]);
    node.advance(1_000);
    assert.equal(names(node, control, 'great.io/hosts.toml'), true);
    assert.equal(names(node, 'https://m.internal', 'great.io/hosts.toml'), true);
  });
});

describe('the gate beside files of ours', () => {
  let node: SimulatedNode;
  beforeEach(() => {
    node = createSimulatedNode({ gate: 'enforce' });
    node.mirrorsAre('up');
    node.advance(1_000);
  });
  afterEach(() => node.remove());

  for (const verdict of ['timeout', 'hung', 'wrong'] as const) {
    it(`takes a mirror out after two samples in a row of ${verdict}, and back after two of up`, () => {
      const before = read(node);
      node.mirrorIs(control, verdict);
      node.advance(1_000);
      assert.equal(read(node), before, 'one sample changes nothing');
      node.mirrorIs(control, verdict);
      node.advance(1_000);
      assert.equal(names(node, control), false);
      assert.equal(names(node, local), true);
      node.mirrorIs(control, 'up');
      node.advance(1_000);
      assert.equal(names(node, control), false);
      node.mirrorIs(control, 'up');
      node.advance(1_000);
      assert.equal(read(node), before, 'the same bytes');
    });
  }

  for (const verdict of ['refused', 'erroring'] as const) {
    it(`leaves a mirror alone that is ${verdict}: containerd asks the next host at once`, () => {
      const before = read(node);
      node.mirrorIs(control, verdict, 20);
      node.advance(1_000);
      assert.equal(read(node), before);
    });
  }

  it('counts costly samples of different kinds together', () => {
    node.mirrorIs(control, 'hung');
    node.mirrorIs(control, 'timeout');
    node.advance(1_000);
    assert.equal(names(node, control), false);
  });

  it('leaves no mirrors when all are out, and the file says so', () => {
    node.mirrorIs(control, 'hung', 2);
    node.mirrorIs(local, 'wrong', 2);
    node.advance(1_000);
    assert.match(read(node), /every mirror of this file is withdrawn/);
    assert.doesNotMatch(read(node), /\[host/);
    assert.equal(phase(node), 'bootstrap');
  });

  it('keeps a server line, with a bare [host] for old versions', () => {
    const text = `server = 'https://up.io'\n\n${hostsText(local)}`;
    node.facts = { ...node.facts, containerdVersion: '1.7.8' };
    node.desired = desiredOf([unit('great.io', text)]);
    node.mirrorIs(local, 'hung', 2);
    node.advance(1_000);
    assert.match(read(node, 'great.io/hosts.toml'), /^server = 'https:\/\/up\.io'\n\n\[host\]\n$/m);
  });

  it('shows what it would do, and does nothing, with observe; neither with off', () => {
    const before = read(node);
    node.settings = { ...node.settings, gate: 'observe' };
    node.mirrorIs(control, 'hung', 2);
    const result = node.advance(1_000);
    assert.equal(read(node), before);
    const told = result.decisions.flatMap(({ files }) => files.flatMap(({ wouldWithdraw }) => wouldWithdraw ?? []));
    assert.deepEqual(told, [control]);
    node.settings = { ...node.settings, gate: 'off' };
    const quiet = node.advance(1_000);
    assert.equal(read(node), before);
    assert.deepEqual(
      quiet.decisions.flatMap(({ files }) => files.flatMap(({ wouldWithdraw }) => wouldWithdraw ?? [])),
      [],
    );
  });

  it('gives everything back at once when it is switched off', () => {
    const before = read(node);
    node.mirrorIs(control, 'hung', 2);
    node.advance(1_000);
    node.settings = { ...node.settings, gate: 'off' };
    node.advance(1_000);
    assert.equal(read(node), before);
  });

  for (const gate of ['observe', 'off'] as const) {
    it(`gives back what a flapping file is closed for, too, with ${gate}`, () => {
      const before = read(node);
      for (let flaps = 0; flaps < 4; flaps++) {
        node.mirrorIs(control, 'hung', 2);
        node.advance(60_000);
        node.mirrorIs(control, 'up', 2);
        node.advance(60_000);
      }
      assert.equal(names(node, control), false, 'it is closed');
      const { closedUntil } = node.ledger().gate.files[path] ?? {};
      assert.equal(node.pass().lookAgainAt, closedUntil, 'it is looked at again when the hour is over');
      node.settings = { ...node.settings, gate };
      node.advance(1_000);
      assert.equal(read(node), before);
    });
  }

  it('does not count what comes back after the state directory was lost: it may never have been in', () => {
    const flap = (lose: boolean): boolean => {
      node.mirrorIs(control, 'hung', 2);
      node.advance(60_000);
      if (lose) {
        node.restart({ loseState: true });
        node.hush(control);
        node.advance(1_000);
      }
      node.mirrorIs(control, 'up', 2);
      node.advance(60_000);
      return names(node, control);
    };
    assert.deepEqual([flap(true), flap(false), flap(false), flap(false), flap(false)], [true, true, true, true, false]);
  });

  it('withdraws nothing for one slow answer after a restart, and leaves out what was out', () => {
    node.mirrorIs(control, 'hung', 2);
    node.advance(1_000);
    const out = read(node);
    node.restart();
    node.mirrorIs(local, 'hung', 1);
    node.advance(1_000);
    assert.equal(read(node), out);
    node.restart({ loseState: true });
    node.mirrorIs(local, 'up', 1);
    node.hush(control);
    node.advance(1_000);
    assert.equal(names(node, control), false, 'the file itself says who is out');
    node.mirrorIs(control, 'up', 2);
    node.advance(1_000);
    assert.equal(names(node, control), true);
  });

  it('gives back to a flapping file three times an hour, then not for an hour, then once for a trial', () => {
    const flap = (): boolean => {
      node.mirrorIs(control, 'hung', 2);
      node.advance(60_000);
      assert.equal(names(node, control), false, 'a withdrawal is never refused');
      node.mirrorIs(control, 'up', 2);
      node.advance(60_000);
      return names(node, control);
    };
    assert.deepEqual([flap(), flap(), flap(), flap(), flap()], [true, true, true, false, false]);
    assert.match(node.journal.map(({ detail }) => detail).join('\n'), /it flaps/);
    // It was closed three minutes ago.
    node.advance(hour - 4 * 60_000);
    assert.equal(names(node, control), false, 'an hour has not gone by');
    node.advance(2 * 60_000);
    assert.equal(names(node, control), true, 'one trial');
    assert.equal(flap(), false, 'which it failed');
    node.advance(hour);
    assert.equal(names(node, control), true);
    node.advance(hour + 60_000);
    assert.deepEqual([flap(), flap()], [true, true], 'an hour that went well makes it as good as new');
  });
});

describe("the gate and Spegel's file", () => {
  let node: SimulatedNode;
  let spegel: Spegel;
  beforeEach(async () => {
    node = createSimulatedNode({ gate: 'enforce' });
    spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp });
    node.mirrorsAre('refused');
    node.advance(1_000);
    await spegel.start();
    for (const url of spegelMirrors) node.mirrorIs(url, 'up', 2);
    node.advance(3_000);
    assert.equal(phase(node), 'spegel');
  });
  afterEach(() => node.remove());

  const hang = (): void => {
    for (const url of spegelMirrors) node.mirrorIs(url, 'hung', 2);
    node.advance(3_000);
  };
  const answer = (): void => {
    for (const url of spegelMirrors) node.mirrorIs(url, 'up', 2);
    node.advance(3_000);
  };

  it('withdraws it, says so, and gives it back byte for byte with mode and owner', () => {
    chmodSync(join(node.certsDir, path), 0o640);
    node.advance(3_000);
    const before = read(node);
    hang();
    assert.equal(phase(node), 'withdrawn');
    for (const url of spegelMirrors) assert.equal(names(node, url), false);
    assert.ok(node.isAtRest());
    answer();
    assert.equal(read(node), before);
    assert.equal(statSync(join(node.certsDir, path)).mode & 0o777, 0o640);
    assert.equal(phase(node), 'spegel');
  });

  it('takes out the one that is costly and leaves the other', () => {
    const [first = '', second = ''] = spegelMirrors;
    node.mirrorIs(second, 'timeout', 2);
    node.advance(3_000);
    assert.equal(names(node, first), true);
    assert.equal(names(node, second), false);
  });

  it('gives mirrors that return at the same time back together: an incident counts once', () => {
    const [first = '', second = ''] = spegelMirrors;
    const before = read(node);
    for (let incident = 0; incident < 3; incident++) {
      hang();
      node.mirrorIs(first, 'up', 2);
      node.mirrorIs(second, 'up', 1);
      node.advance(100);
      node.mirrorIs(second, 'up', 1);
      node.advance(3_000);
      assert.equal(read(node), before, `incident ${incident + 1}`);
    }
    const backs = node.journal.filter(({ event }) => event === 'put-back:spegel-back');
    assert.equal(backs.length, 3);
  });

  it('gives it back after the state directory was lost, with the agent down or running', () => {
    const before = read(node);
    hang();
    node.restart({ loseState: true });
    node.advance(3_000);
    assert.equal(phase(node), 'withdrawn');
    answer();
    assert.equal(read(node), before);
    hang();
    node.loseObjects();
    node.advance(3_000);
    answer();
    assert.equal(read(node), before);
  });

  it('gives it back on release while its mirrors hang', () => {
    const before = read(node);
    hang();
    node.releasing = true;
    node.advance(5_000);
    assert.equal(read(node), before);
  });

  it('becomes an orphan when its mirrors refuse for ten minutes while it is withdrawn', () => {
    hang();
    for (const url of spegelMirrors) node.mirrorIs(url, 'refused', 1);
    node.advance(601_000);
    assert.equal(phase(node), 'orphaned');
    assert.equal(names(node, control), true, 'bootstrap content');
  });

  it('withdraws a new file of Spegel while its mirrors hang, and writes nothing while Spegel is at work', async () => {
    hang();
    const writes: string[] = [];
    node.onWrite = (written) => writes.push(written);
    await spegel.start();
    const mine = read(node);
    node.pass();
    assert.deepEqual(writes, []);
    assert.equal(read(node), mine);
    node.advance(5_000);
    assert.equal(phase(node), 'withdrawn');
    assert.deepEqual(writes, [path]);
  });

  it('is left as it is when somebody removed the withdrawn file: it is put there again', () => {
    hang();
    const withdrawn = read(node);
    unlinkSync(join(node.certsDir, path));
    node.advance(10_000);
    assert.equal(read(node), withdrawn);
  });

  it('leaves it where no template points, and withdraws it there too', () => {
    node.desired = { ...desiredOf([]), spegel: 'adds-mirrors' };
    node.advance(3_000);
    const before = read(node);
    hang();
    for (const url of spegelMirrors) assert.equal(names(node, url), false);
    answer();
    assert.equal(read(node), before);
  });

  it('counts how often it is given back where no template points, too', () => {
    node.desired = { ...desiredOf([]), spegel: 'adds-mirrors' };
    node.advance(3_000);
    const before = read(node);
    const isBackAfterFlap = (): boolean => {
      hang();
      assert.notEqual(read(node), before, 'a withdrawal is never refused');
      answer();
      return read(node) === before;
    };
    assert.deepEqual(
      Array.from({ length: 5 }, () => isBackAfterFlap()),
      [true, true, true, false, false],
    );
    node.advance(hour);
    assert.equal(read(node), before, 'one trial');
    assert.equal(isBackAfterFlap(), false);
  });

  it("does not touch somebody else's file", () => {
    const theirs = `${hostsText(...spegelMirrors)}# mine\n`;
    writeFileSync(join(node.certsDir, '_default/x.toml'), theirs);
    hang();
    assert.equal(read(node, '_default/x.toml'), theirs);
  });
});

describe('the uninstall hook while mirrors flip all the time (row 4)', () => {
  it('never fails, and nothing is written while it works', async (t) => {
    const node = createSimulatedNode({ gate: 'enforce' });
    t.after(() => node.remove());
    let at = 0;
    const flip = (): void => {
      at += 1;
      for (const url of spegelMirrors) node.mirrorIs(url, at % 4 < 2 ? 'hung' : 'up', 1);
    };
    const pause = async (): Promise<void> => {
      flip();
      node.now += 60;
      node.pass();
    };
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp, pause });
    node.mirrorsAre('up');
    node.advance(1_000);
    for (let round = 0; round < 10; round++) {
      await spegel.start();
      for (let i = 0; i < 10; i++) {
        flip();
        node.advance(1_000);
      }
      await spegel.uninstall();
      node.advance(40_000);
      assert.notEqual(phase(node), 'spegel');
    }
  });
});
