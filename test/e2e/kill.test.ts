import { describe, it } from 'node:test';
import { playKills, playKillsInWait } from './support/kill-play.ts';

/** All directories together; `npm test` plays a few of these, a person may ask for more. */
const kills = Number(process.env['HANDSPEGEL_KILLS'] ?? 200);
const directories = 4;

describe('an agent that is killed at any moment', { concurrency: directories }, () => {
  for (let directory = 1; directory <= directories; directory++) {
    it(`leaves whole files and nothing else, again and again, in directory ${directory}`, async (t) => {
      const { reads } = await playKills(t, Math.ceil(kills / directories));
      t.diagnostic(`${reads} reads, all whole`);
    });
  }

  it('leaves nothing of what it had prepared while it waited for Spegel', (t) =>
    playKillsInWait(t, Math.ceil(kills / 10)));
});
