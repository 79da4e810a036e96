import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import { addSample, type MirrorState, newMirrorState, type Verdict, verdicts } from '../../src/core/gate/verdict.ts';
import { emptyLedger } from '../../src/core/ledger.ts';
import { type PassInput, planPass, sameInput } from '../../src/core/pass.ts';
import { readTree } from '../../src/io/read-tree.ts';
import { createTools } from '../../src/tools.ts';
import {
  type ArbitraryNode,
  arbitraryNode,
  plant,
  type Registry,
  registries,
  spegelText,
} from '../support/arbitrary-node.ts';
import { describeDirectory, readDirectory } from '../support/directory.ts';
import { createSimulatedNode, type SimulatedNode } from '../support/simulated-node.ts';

const seed = Number(process.env['SEED'] ?? 7);
const numRuns = Number(process.env['RUNS'] ?? 50);

const withNode = (given: ArbitraryNode, check: (node: SimulatedNode) => void): void => {
  const node = createSimulatedNode({ desired: given.desired });
  try {
    node.mirrorsAre(given.mirrors, 2);
    plant(node.certsDir, given);
    check(node);
  } finally {
    node.remove();
  }
};

/** Long enough for an episode that never comes to an end. */
const untilSettled = 45_000;

/** Whose file is it, and does its bytes' owner say that it stays through a release? */
const isTheirs = (kind: string): boolean => ['foreign', 'tool', 'link'].includes(kind);

/** What a release must leave of what was found, as far as it was not ours or Spegel's. */
const theirsOf = (given: ArbitraryNode, all: Record<string, string>): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [path, what] of Object.entries(all)) {
    const [tree, local] = path.startsWith('_backup/')
      ? [given.backup, path.slice('_backup/'.length)]
      : [given.live, path];
    const registry = local.split('/', 1)[0] as Registry;
    const standing = local.endsWith('/hosts.toml') ? tree?.files[registry] : undefined;
    if (!path.endsWith('/') && (standing === undefined || isTheirs(standing.kind))) kept[path] = what;
  }
  return kept;
};

const sampled = (mirror: Mirror, verdict: Verdict, samples: number): MirrorState => {
  let state = newMirrorState(mirror, 0);
  for (let at = 0; at < samples; at += 1) {
    state = addSample(state, 'shallow', { verdict, at, latencyMs: at, detail: verdict });
  }
  return state;
};

const tools = createTools({ agentVersion: '0.0.0', object: () => undefined });

/** Of a loop that sees this node for the first time. */
const firstInput = ({ desired }: ArbitraryNode, node: SimulatedNode): PassInput => ({
  tree: readTree(node.certsDir),
  watch: undefined,
  own: new Map(),
  desired,
  facts: node.facts,
  ledger: emptyLedger,
  mirrors: new Map(),
  settings: node.settings,
  now: node.now,
  owner: { uid: 0, gid: 0 },
  tools,
});

describe('a pass', () => {
  it('plans the same for the same input', () => {
    fc.assert(
      fc.property(arbitraryNode, (given) => {
        withNode(given, (node) => {
          const input = firstInput(given, node);
          const [first, second] = [planPass(input), planPass(input)];
          assert.deepEqual(first.plan, second.plan);
          assert.deepEqual(first.kept, second.kept);
          assert.deepEqual(first.observation, second.observation);
        });
      }),
      { seed, numRuns },
    );
  });

  it('plans the same when a mirror says for the third time what it has said twice', () => {
    fc.assert(
      fc.property(arbitraryNode, fc.constantFrom(...verdicts), (given, verdict) => {
        withNode(given, (node) => {
          const before = firstInput(given, node);
          const first: PassInput = { ...before, settings: { ...before.settings, gate: 'enforce' } };
          const { probe } = planPass(first);
          const asked = (samples: number): PassInput => ({
            ...first,
            tree: readTree(node.certsDir, first.tree),
            mirrors: new Map(probe.map((mirror) => [mirror.key, sampled(mirror, verdict, samples)])),
          });
          const [once, twice, often] = [asked(1), asked(2), asked(5)];
          assert.ok(sameInput(twice, often));
          assert.equal(sameInput(once, twice), probe.length === 0 || verdict === 'refused', 'refusals are not counted');
          const plans = [planPass(twice), planPass(often)];
          assert.deepEqual(plans[0]?.plan, plans[1]?.plan);
          assert.deepEqual(plans[0]?.kept, plans[1]?.kept);
          assert.deepEqual(plans[0]?.lookAgainAt, plans[1]?.lookAgainAt);
        });
      }),
      { seed, numRuns },
    );
  });

  it('comes to rest from anything that may be found: the second look changes nothing', () => {
    fc.assert(
      fc.property(arbitraryNode, (given) => {
        withNode(given, (node) => {
          node.advance(untilSettled);
          const seen = describeDirectory(node.certsDir);
          assert.ok(node.isAtRest(), JSON.stringify(seen, null, 1));
          node.restart();
          node.mirrorsAre(given.mirrors, 2);
          node.advance(untilSettled);
          assert.deepEqual(describeDirectory(node.certsDir), seen, 'after a restart too');
        });
      }),
      { seed, numRuns },
    );
  });

  it("never changes what is in _backup/, and never loses somebody's bytes", () => {
    fc.assert(
      fc.property(arbitraryNode, (given) => {
        withNode(given, (node) => {
          const before = describeDirectory(node.certsDir);
          node.advance(untilSettled);
          const after = describeDirectory(node.certsDir);
          for (const [path, what] of Object.entries(before))
            if (path.startsWith('_backup')) assert.equal(after[path], what);
          for (const [path, what] of Object.entries(theirsOf(given, before))) {
            if (after[path] === what) continue;
            assert.equal(node.ledger().originals[path]?.state, 'replaced', `${path} is kept`);
          }
        });
      }),
      { seed, numRuns },
    );
  });

  it("releases everything: nothing of ours is left, and what was somebody's is as it was", () => {
    fc.assert(
      fc.property(arbitraryNode, (given) => {
        withNode(given, (node) => {
          const before = describeDirectory(node.certsDir);
          node.advance(untilSettled);
          node.releasing = true;
          const result = node.advance(5_000);
          assert.equal(result.released, true, result.waitingFor ?? JSON.stringify(result.problems));
          const after = describeDirectory(node.certsDir);
          for (const [path, text] of Object.entries(readDirectory(node.certsDir)))
            assert.doesNotMatch(text, /^# handspegel/, path);
          const theirs = theirsOf(given, before);
          for (const [path, what] of Object.entries(theirs)) assert.equal(after[path], what, path);
          for (const path of Object.keys(after)) {
            if (path.endsWith('/') || path in theirs) continue;
            const registry = path.replace(/^_backup\//, '').split('/', 1)[0] as Registry;
            const text = readDirectory(node.certsDir)[path];
            // Where ours lay in _backup/, somebody's file takes its place: Spegel's hook will bring it back.
            if (path.startsWith('_backup/') && after[path.slice('_backup/'.length)] === after[path]) continue;
            assert.ok(
              text === '' || (registries.includes(registry) && text === spegelText(registry)),
              `${path}: ${text}`,
            );
          }
          assert.deepEqual(node.advance(5_000).changed, [], 'a second release does nothing');
        });
      }),
      { seed, numRuns },
    );
  });

  it("loses none of Spegel's bytes with the ledger, but where 0 bytes stood in for them", () => {
    const steps = fc.array(fc.constantFrom('hold', 'merge', 'yield', 'restart', 'lose the ledger'), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(arbitraryNode, steps, (given, acts) => {
        const live = {
          ...given.live,
          files: { ...given.live.files, 'great.io': { kind: 'spegel', mode: 0o640, detail: 2 } as const },
        };
        const backup = given.backup ?? { files: {}, certificates: [], emptyDirectories: [], links: [] };
        withNode({ ...given, live, backup, mirrors: 'up' }, (node) => {
          const wish = (policy: 'hold' | 'merge' | 'yield'): void => {
            const units = new Map(given.desired.units);
            const great = units.get('great.io');
            const text = new TextEncoder().encode("[host.'https://m.internal']\n");
            const files = [{ name: 'hosts.toml', bytes: text, mode: 0o644, source: 'extension:test' }];
            units.set('great.io', {
              ...great,
              registry: 'great.io',
              policy,
              policyReason: '',
              files,
              prependExisting: false,
              problems: [],
            });
            node.desired = { ...given.desired, units };
          };
          const before = describeDirectory(node.certsDir)['great.io/hosts.toml'];
          wish('yield');
          for (const act of acts) {
            if (act === 'restart') node.restart();
            else if (act === 'lose the ledger') node.restart({ loseState: true });
            else wish(act);
            node.advance(3_000);
          }
          wish('yield');
          node.advance(untilSettled);
          assert.equal(describeDirectory(node.certsDir)['great.io/hosts.toml'], before);
        });
      }),
      { seed, numRuns },
    );
  });
});
