import type { TestContext } from 'node:test';

/** What things live for: a test, or the run of a bench script. */
export type Scope = Pick<TestContext, 'after'>;

const waiting = new WeakMap<Scope, (() => unknown)[]>();

/**
 * Runs at the end of the test, the last one first: a process is ended before the directory that it writes to is removed.
 * One that fails keeps none of the others from running.
 */
export const atEnd = (t: Scope, act: () => unknown): void => {
  const known = waiting.get(t);
  if (known !== undefined) {
    known.push(act);
    return;
  }
  const acts = [act];
  waiting.set(t, acts);
  t.after(async () => {
    const failures: unknown[] = [];
    for (const one of acts.toReversed()) {
      try {
        await one();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  });
};
