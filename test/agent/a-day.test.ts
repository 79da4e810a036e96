import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { giveBackLimits } from '../../src/core/gate/file-gate.ts';
import { type Verdict, verdicts } from '../../src/core/gate/verdict.ts';
import type { Phase } from '../../src/core/ledger.ts';
import { createSimulatedNode, desiredOf, hostsText, spegelMirrors, unit } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

/** The same faults at every run: a small generator with a seed. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

const legal: Readonly<Record<string, readonly Phase[]>> = {
  bootstrap: ['spegel', 'withdrawn'],
  spegel: ['withdrawn', 'orphaned'],
  withdrawn: ['spegel', 'orphaned'],
  orphaned: ['spegel', 'withdrawn'],
};

/** Bytes of the heap that something still holds. */
const heldBytes = (): number => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
};

const hour = 3_600_000;
const step = 10_000;
const day = 86_400_000;

describe('24 simulated hours of random faults on 5 mirrors', () => {
  it('make no illegal transition, give back no more often than the limit, and leave ledger and memory flat', async (t) => {
    const random = randomOf(20_261_123);
    const others = ['http://10.1.2.9:30020', 'https://m1.internal', 'https://m2.internal'];
    const node = createSimulatedNode({
      gate: 'enforce',
      desired: desiredOf([
        unit('_default', hostsText(...spegelMirrors, others[0] ?? '')),
        unit('great.io', hostsText(...others)),
      ]),
    });
    t.after(() => node.remove());
    const spegel = createSpegel({ family: 'v0.4', certsDir: node.certsDir, nodeIp: '10.1.2.3' });
    node.mirrorsAre('up', 2);
    node.advance(1_000);
    await spegel.start();
    node.advance(3_000);
    const original = spegel.expectedFile('_default');
    const seen: string[] = ['spegel'];
    const sizes: number[] = [];
    const heap: number[] = [];
    const began = node.now;
    while (node.now - began < day) {
      for (const url of [...spegelMirrors, ...others]) {
        if (random() < 0.02)
          node.mirrorIs(url, (verdicts[Math.floor(random() * verdicts.length)] ?? 'up') as Verdict, 0);
      }
      node.mirrorsAre('up', 1);
      node.now += step;
      node.pass();
      const phase = node.ledger().phase?.phase ?? 'bootstrap';
      if (phase !== seen.at(-1)) {
        assert.ok(legal[seen.at(-1) ?? '']?.includes(phase), `${seen.at(-1)} -> ${phase}`);
        seen.push(phase);
      }
      sizes.push(JSON.stringify(node.ledger()).length);
      if (node.now - began > (heap.length + 1) * hour) heap.push(heldBytes());
    }
    assert.ok(seen.length > 4, `something happened: ${seen.join(' ')}`);
    const backs = node.journal.filter(({ event }) => event === 'put-back:spegel-back').map(({ at }) => Date.parse(at));
    assert.ok(backs.length > 0, 'Spegel came back');
    for (const at of backs) {
      const within = backs.filter((other) => other <= at && at - other < giveBackLimits.windowMs);
      assert.ok(within.length <= giveBackLimits.count, `${within.length} times within an hour`);
    }
    const half = sizes.slice(0, sizes.length / 2);
    const rest = sizes.slice(sizes.length / 2);
    assert.ok(Math.max(...rest) < 2 * Math.max(...half), 'the ledger does not grow');
    const [early, late] = [heap.slice(4, 8), heap.slice(-4)].map((some) => Math.max(...some));
    t.diagnostic(`held after 5 to 8 hours ${early} bytes, after the last four ${late}, journal ${node.journal.length}`);
    assert.ok((late ?? 0) - (early ?? 0) < 2 * 1024 * 1024, 'memory is flat, but for the journal of the test');
    for (const url of [...spegelMirrors, ...others]) node.mirrorIs(url, 'up', 2);
    node.advance(2 * giveBackLimits.closedMs + step);
    const { readFileSync } = await import('node:fs');
    assert.equal(readFileSync(`${node.certsDir}/_default/hosts.toml`, 'utf8'), original);
  });
});
