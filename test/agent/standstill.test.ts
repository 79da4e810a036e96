import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openPolicy } from '../../src/core/config/mirror-policy.ts';
import { noFacts } from '../../src/core/facts.ts';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import { addSample, type MirrorState, newMirrorState, type Verdict } from '../../src/core/gate/verdict.ts';
import type { Tree } from '../../src/core/tree.ts';
import { createReconciler, type Intent } from '../../src/reconcile.ts';
import { createTools } from '../../src/tools.ts';
import { treeOf } from '../support/imagined-tree.ts';
import { desiredOf, hostsText, nodeIp, unit } from '../support/simulated-node.ts';

const theirs = { 'quay.io/hosts.toml': hostsText('https://mirror.internal') };

/** A loop over a directory that is only thought of; each plan tells which mirrors it wants to hear of. */
const createLoop = () => {
  const world = {
    now: 1_000_000,
    tree: treeOf(theirs) as Tree,
    plans: 0,
    mirrors: [] as readonly Mirror[],
    intent: {
      desired: desiredOf([]),
      facts: { ...noFacts, nodeAddresses: [nodeIp], labels: { zone: 'a' } },
      settings: {
        preserve: true,
        orphanAfterMs: 600_000,
        gate: 'enforce',
        deadlyFiles: 'alarm',
        mirrorPolicy: openPolicy,
      },
      releasing: false,
    } as Intent,
  };
  const states = new Map<string, MirrorState>();
  const objects = new Map<string, Uint8Array>();
  const reconciler = createReconciler(
    {
      now: () => world.now,
      iso: (ms) => new Date(ms).toISOString(),
      readTree: () => world.tree,
      apply: () => ({ result: 'done', changed: [] }),
      prepareKept: () => undefined,
      prepareChanges: () => undefined,
      discard: () => undefined,
      save: (kept) => {
        for (const [sum, bytes] of kept.objects) objects.set(sum, bytes);
      },
      journal: () => undefined,
      probe: (mirrors) => {
        world.plans += 1;
        world.mirrors = mirrors;
      },
      mirrors: () => states,
      owner: { uid: 0, gid: 0 },
      tools: createTools({ agentVersion: '0.0.0', object: (sum) => objects.get(sum) }),
    },
    undefined,
  );
  /** How many of so many passes, half a minute after each other, thought everything through. */
  const plansOf = (passes: number): number => {
    const before = world.plans;
    for (let i = 0; i < passes; i++) {
      world.now += 30_000;
      reconciler.pass(world.intent);
    }
    return world.plans - before;
  };
  const hear = (verdict: Verdict): void => {
    for (const mirror of world.mirrors) {
      const state = states.get(mirror.key) ?? newMirrorState(mirror, world.now);
      const sample = { verdict, at: world.now, latencyMs: Math.random(), detail: verdict };
      states.set(mirror.key, addSample(state, 'shallow', sample));
    }
  };
  const rest = (): void => {
    plansOf(2);
    for (let i = 0; i < 3; i++) hear('refused');
    plansOf(3);
    assert.equal(plansOf(1), 0);
  };
  return { world, reconciler, plansOf, hear, rest };
};

describe('a loop that sees the same as before', () => {
  it('gives the same again without thinking it through, but for every eleventh time', () => {
    const { world, reconciler, plansOf, rest } = createLoop();
    rest();
    assert.deepEqual(reconciler.pass(world.intent), reconciler.pass(world.intent));
    assert.equal(plansOf(110), 10);
  });

  it('does not think again for one more sample of what it knows of its mirrors', () => {
    const { plansOf, hear, rest } = createLoop();
    rest();
    for (let i = 0; i < 5; i++) {
      hear('refused');
      assert.equal(plansOf(1), 0);
    }
  });

  const news: Readonly<Record<string, (loop: ReturnType<typeof createLoop>) => void>> = {
    'a file that appeared': ({ world }) => {
      world.tree = {
        ...world.tree,
        entries: new Map([...world.tree.entries, ...treeOf({ 'x/hosts.toml': '' }).entries]),
      };
    },
    'a file that was read anew': ({ world }) => {
      world.tree = treeOf(theirs);
    },
    'a directory that was touched': ({ world }) => {
      const { entries } = treeOf({ 'quay.io/#2': '' });
      world.tree = { ...world.tree, entries: new Map([...world.tree.entries, ...entries]) };
    },
    'a file that went': ({ world }) => {
      world.tree = treeOf({});
    },
    'a `_backup/`': ({ world }) => {
      world.tree = { ...world.tree, backup: new Map() };
    },
    'another directory in its place': ({ world }) => {
      world.tree = { ...world.tree, rootId: '1:2' };
    },
    'another configuration': ({ world }) => {
      world.intent = { ...world.intent, desired: desiredOf([]) };
    },
    'a fact': ({ world }) => {
      const facts = { ...world.intent.facts, labels: { zone: 'b' } };
      world.intent = { ...world.intent, facts };
    },
    'a setting': ({ world }) => {
      world.intent = { ...world.intent, settings: { ...world.intent.settings, gate: 'observe' } };
    },
    'a release': ({ world }) => {
      world.intent = { ...world.intent, releasing: true };
    },
    'another verdict': ({ hear }) => hear('hung'),
    'an answer': ({ hear }) => hear('up'),
    'a state directory that was lost': ({ reconciler }) => reconciler.setLedger(reconciler.ledger()),
  };
  for (const [what, change] of Object.entries(news)) {
    it(`thinks again for ${what}`, () => {
      const loop = createLoop();
      loop.rest();
      change(loop);
      assert.equal(loop.plansOf(1), 1);
    });
  }

  it('never rests over a plan that is to be carried out', () => {
    const { world, plansOf } = createLoop();
    // What is written here never stands there afterwards.
    world.intent = { ...world.intent, desired: desiredOf([unit('great.io', hostsText('https://m.internal'))]) };
    plansOf(2);
    assert.equal(plansOf(3), 3);
  });
});
