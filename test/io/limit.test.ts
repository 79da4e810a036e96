import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createLimits } from '../../src/io/net/limit.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Longer than any test runs, to be called off. */
const longMs = 600_000;

describe('time limits', () => {
  it('that begin together have one timer, and those that are called off at once none', async () => {
    const start = createLimits();
    const before = timers();
    const callOffs = [1, 2, 3].map(() => start(longMs, assert.fail));
    const [first, ...others] = callOffs;
    const other = start(longMs + 1, assert.fail);
    other();
    first?.();
    await setImmediate();
    assert.equal(timers() - before, 1);
    for (const callOff of others) callOff();
    first?.();
    await setImmediate();
    assert.equal(timers() - before, 0);
  });

  it('are told one by one, but those that were called off', async () => {
    const start = createLimits();
    const late: string[] = [];
    await new Promise<void>((resolve) => {
      start(10, () => late.push('first'));
      const callOff = start(10, () => late.push('called off'));
      start(10, () => late.push('second'));
      start(20, resolve);
      callOff();
    });
    assert.deepEqual(late, ['first', 'second']);
  });

  it('that begin later have a time of their own', async () => {
    const start = createLimits();
    const early = start(longMs, assert.fail);
    await setImmediate();
    await new Promise<void>((resolve) => start(10, resolve));
    early();
    // The same length again, once all of that length were called off.
    const again = start(longMs, assert.fail);
    await setImmediate();
    again();
  });
});
