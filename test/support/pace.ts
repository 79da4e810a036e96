import { lstatSync, readdirSync } from 'node:fs';
import type { Chance } from './seeded.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { Step } from './spegel/steps.ts';

/** Would this step be seen by somebody who looks at the directory? Go tries to unlink directories first. */
const isVisible = ({ op, path }: Step): boolean => {
  try {
    if (op === 'unlink') return !lstatSync(path).isDirectory();
    if (op === 'rmdir') return readdirSync(path).length === 0;
  } catch {
    return false;
  }
  return op === 'mkdir' || op === 'rename' || op === 'open' || op === 'write';
};

export type PaceOptions = {
  readonly node: SimulatedNode;
  readonly chance: Chance;
  /** Called between any two steps of Spegel. */
  readonly meanwhile?: (next: Step) => void;
  /** Spegel dies instead of its n-th step. */
  readonly crashAt?: () => number | undefined;
};

export type Pace = {
  readonly pause: (next: Step) => void;
  /** Call when Spegel's container has ended, well or not. */
  readonly ended: () => void;
  /** Paths that were changed by us after Spegel's first visible step and before its end. */
  readonly intrusions: readonly string[];
  /** Simulated time of the last step that could be seen. */
  readonly lastVisible: () => number;
  readonly steps: () => number;
};

/**
 * Spegel's steps and the agent's looks in one simulated time: 0 to 200 ms between any two steps, up to 5 s between the
 * clear and the first rename of the hook, and an agent that looks after each step, or after some, or after none.
 */
export const paceOf = ({ node, chance, meanwhile, crashAt }: PaceOptions): Pace => {
  const intrusions: string[] = [];
  const attention = chance.pick([1, 1, 2, 5, 1_000_000]);
  let pending = false;
  let atWork = false;
  let renamed = false;
  let backedUp = false;
  let last = node.now;
  let steps = 0;
  node.onWrite = (path) => {
    if (atWork) intrusions.push(path);
  };
  return {
    intrusions,
    lastVisible: () => last,
    steps: () => steps,
    ended: () => {
      // A real Spegel has no pauses: all of it is one step.
      if (pending || steps === 0) last = node.now;
      pending = false;
      atWork = false;
      renamed = false;
      backedUp = false;
      steps = 0;
    },
    pause: (next) => {
      if (pending) {
        atWork = true;
        last = node.now;
      }
      if (next.op === 'mkdir' && next.path.endsWith('/_backup')) backedUp = true;
      const restoring = next.op === 'rename' && !renamed && !backedUp;
      if (next.op === 'rename') renamed = true;
      const ms = restoring && chance.oneIn(2) ? chance.upTo(5_000) : chance.oneIn(3) ? 0 : chance.upTo(200);
      meanwhile?.(next);
      if (chance.oneIn(attention)) node.advance(ms);
      else node.now += ms;
      steps += 1;
      if (crashAt?.() === steps) {
        pending = false;
        throw new Error('killed');
      }
      pending = isVisible(next);
    },
  };
};
