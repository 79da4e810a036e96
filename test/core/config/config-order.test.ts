import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ConfigOrder,
  caughtUp,
  newestOf,
  shownByMount,
  toldByWatch,
} from '../../../src/core/config/config-order.ts';

/** `+x`: the watch tells x; `x`: the mount shows x while the watch is away; `=x`: while it is connected. */
const play = (...steps: readonly string[]): ConfigOrder =>
  steps.reduce<ConfigOrder>((order, step) => {
    if (step.startsWith('+')) return toldByWatch(order, step.slice(1));
    return step.startsWith('=') ? shownByMount(order, step.slice(1), true) : shownByMount(order, step, false);
  }, []);

const newest = (...steps: readonly string[]): string | undefined => newestOf(play(...steps));

describe('the order of configurations', () => {
  it('has the mount first, at the start', () => {
    assert.deepEqual(play('A'), ['A']);
  });

  it('keeps what the watch told before a mount that still shows the old one', () => {
    assert.equal(newest('A', '+B', 'A'), 'B');
    assert.deepEqual(play('A', '+B', 'A', 'B'), ['B']);
  });

  it('lets a mount catch up through all that the watch has passed', () => {
    assert.equal(newest('A', '+B', '+C', 'B'), 'C');
    assert.equal(newest('A', '+B', '+C', 'B', 'C'), 'C');
  });

  it('takes what the mount brings while the watch is away', () => {
    assert.equal(newest('A', '+B', 'C'), 'C');
    assert.equal(newest('A', '+B', 'B', 'A'), 'A', 'an edit back to A, after the mount had caught up');
  });

  it('waits for the watch while it is connected', () => {
    assert.equal(newest('A', '+B', '=C'), 'B');
    assert.equal(newest('A', '+B', '=C', '+C'), 'C');
    assert.equal(newest('A', '+B', '=C', 'C'), 'C', 'once it is away');
  });

  it('goes A, B, A as the watch told it, however late the mount follows', () => {
    for (const late of [[], ['A'], ['B'], ['B', 'A']]) assert.equal(newest('A', '+B', '+A', ...late), 'A');
    assert.deepEqual(play('A', '+B', '+A', 'B', 'A'), ['A']);
  });

  it('takes the earliest that fits, where the mount may have left some out', () => {
    assert.equal(newest('A', '+B', '+A', '+B', 'B', 'A'), 'B');
    assert.deepEqual(play('A', '+B', '+A', '+B', 'B', 'A', 'B'), ['B']);
  });

  it('is the newest alone once the mount has had its time', () => {
    const order = play('A', '+B', '+A');
    assert.deepEqual(caughtUp(order, 'A'), ['A']);
    assert.equal(newestOf(shownByMount(caughtUp(order, 'A'), 'B', false)), 'B');
    assert.deepEqual(caughtUp(play('A', '+B'), 'A'), ['A', 'B'], 'not while it shows an older one');
  });

  it('forgets the oldest of very many, never what the mount shows', () => {
    const order = play('A', ...Array.from({ length: 500 }, (_, i) => `+v${i}`));
    assert.equal(order[0], 'A');
    assert.equal(newestOf(order), 'v499');
    assert.equal(order.length, 101);
  });
});
