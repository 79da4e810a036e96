import { describe, it } from 'node:test';
import { playKills, playKillsInWait } from '../e2e/support/kill-play.ts';

describe('an agent that is killed at any moment', () => {
  for (const directory of [1, 2]) {
    it(`leaves whole files and nothing else, five times in directory ${directory}`, async (t) => {
      const { reads } = await playKills(t, 5);
      t.diagnostic(`${reads} reads, all whole`);
    });
  }

  it('leaves nothing of what it had prepared while it waited for Spegel', (t) => playKillsInWait(t, 5));
});
