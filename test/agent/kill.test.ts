import { describe, it } from 'node:test';
import { playKills } from '../e2e/support/kill-play.ts';

describe('an agent that is killed at any moment', () => {
  for (const directory of [1, 2]) {
    it(`leaves whole files and nothing else, five times in directory ${directory}`, async (t) => {
      const { reads } = await playKills(t, 5);
      t.diagnostic(`${reads} reads, all whole`);
    });
  }
});
