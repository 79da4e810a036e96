import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { giveBackLimits } from '../../src/core/gate/file-gate.ts';
import { isCostly, verdicts } from '../../src/core/gate/verdict.ts';
import {
  createSimulatedNode,
  desiredOf,
  hostsText,
  nodeIp,
  type SimulatedNode,
  spegelMirrors,
  unit,
} from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

// What holds of the files of a whole node after any history of samples, restarts and lost state directories.

const control = 'http://10.1.2.9:30020';
const far = 'https://m.internal';
const mirrors = [...spegelMirrors, control, far];
const paths = ['_default/hosts.toml', 'great.io/hosts.toml'];

const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ url: fc.constantFrom(...mirrors), verdict: fc.constantFrom(...verdicts) }) },
  { weight: 2, arbitrary: fc.constant('restart' as const) },
  { weight: 1, arbitrary: fc.constant('lose' as const) },
);
const pauses = fc.constantFrom(1_000, 5_000, 60_000, 1_200_000);
const history = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 3 }), pauses), { maxLength: 25 });
const runs = { numRuns: 40 };

const read = (node: SimulatedNode, path: string): string => readFileSync(join(node.certsDir, path), 'utf8');
const named = (text: string): readonly string[] =>
  [...text.matchAll(/^\[host\.'([^']+)'\]/gm)].map(([, url = '']) => url);

/** A node with one file of Spegel's and one of ours, or with both of ours. */
const start = async (writer: 'us' | 'spegel'): Promise<SimulatedNode> => {
  const desired = desiredOf([unit('_default', hostsText(...mirrors)), unit('great.io', hostsText(far, control))]);
  const node = createSimulatedNode({ gate: 'enforce', desired });
  for (const url of mirrors) node.mirrorIs(url, 'up', 2);
  node.advance(5_000);
  if (writer === 'spegel') {
    await createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp }).start();
    node.advance(5_000);
  }
  return node;
};

/** Plays it; `after` is told the mirrors of which two costly samples came in a row and no good one since. */
const play = (
  node: SimulatedNode,
  steps: readonly (readonly [
    { url: string; verdict: (typeof verdicts)[number] } | 'restart' | 'lose',
    number,
    number,
  ])[],
  after: (bad: ReadonlySet<string>) => void,
): void => {
  const bad = new Set<string>();
  for (const [what, samples, pause] of steps) {
    if (what === 'restart') node.restart();
    else if (what === 'lose') node.restart({ loseState: true });
    else {
      node.mirrorIs(what.url, what.verdict, samples);
      if (isCostly(what.verdict) && samples >= 2) bad.add(what.url);
      else if (!isCostly(what.verdict)) bad.delete(what.url);
    }
    node.advance(pause);
    after(bad);
  }
};

describe('laws of the gate, on a whole node', () => {
  for (const writer of ['us', 'spegel'] as const) {
    it(`never leaves a costly mirror in a file by ${writer}, so none whose only mirrors are costly`, async () => {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const node = await start(writer);
          try {
            play(node, steps, (bad) => {
              for (const path of paths) {
                const left = named(read(node, path)).filter((url) => bad.has(url));
                assert.deepEqual(left, [], `${path} names a costly mirror`);
              }
            });
          } finally {
            node.remove();
          }
        }),
        runs,
      );
    });

    it(`settles, and gives the same bytes back: files by ${writer}`, async () => {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const node = await start(writer);
          try {
            const before = paths.map((path) => read(node, path));
            play(node, steps, () => undefined);
            for (const url of mirrors) node.mirrorIs(url, 'up', 2);
            node.advance(2 * giveBackLimits.closedMs);
            const bodies = (texts: readonly string[]): readonly string[] =>
              texts.map((text) => text.replace(/^# handspegel .*\n/, ''));
            assert.deepEqual(bodies(paths.map((path) => read(node, path))), bodies(before));
            assert.ok(node.isAtRest(), 'looking again changes nothing');
          } finally {
            node.remove();
          }
        }),
        runs,
      );
    });
  }

  const flap = fc.oneof(
    { weight: 6, arbitrary: fc.record({ url: fc.constantFrom(...mirrors), verdict: fc.constantFrom('hung', 'up') }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  );
  const flaps = fc.array(fc.tuple(flap, fc.integer({ min: 1, max: 3 }), pauses), { minLength: 10, maxLength: 40 });

  for (const writer of ['us', 'spegel', 'spegel, where no template points'] as const) {
    it(`never gives a file back more often than its limit, whatever restarts: by ${writer}`, async () => {
      await fc.assert(
        fc.asyncProperty(flaps, async (steps) => {
          const node = await start(writer === 'us' ? 'us' : 'spegel');
          try {
            if (writer === 'spegel, where no template points') {
              node.desired = desiredOf([unit('great.io', hostsText(far, control))]);
              node.advance(5_000);
            }
            const before = new Map(paths.map((path) => [path, named(read(node, path))]));
            const backs = new Map(paths.map((path): [string, number[]] => [path, []]));
            const written = new Map<string, number>();
            node.onWrite = (path) => written.set(path, node.now);
            play(node, steps, () => {
              for (const path of paths) {
                const now = named(read(node, path));
                if (now.some((url) => before.get(path)?.includes(url) === false))
                  backs.get(path)?.push(written.get(path) ?? 0);
                before.set(path, now);
              }
            });
            for (const [path, times] of backs) {
              for (const at of times) {
                const within = times.filter((other) => other <= at && at - other < giveBackLimits.windowMs);
                assert.ok(within.length <= giveBackLimits.count, `${path}: ${within.length} within an hour`);
              }
            }
          } finally {
            node.remove();
          }
        }),
        runs,
      );
    });
  }
});
