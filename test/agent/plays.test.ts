import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { diskDirectory, scratchDirectory } from '../support/directory.ts';
import { playLateAgent, playRow3, playRow4, playRow5 } from './plays.ts';

/** More with PLAYS=200, other ones with SEED=1000. */
const count = Number(process.env['PLAYS'] ?? 10);
const seed = Number(process.env['SEED'] ?? 1);

const play = async (one: (seed: number, dir: string) => Promise<void>, dir: string, times = count): Promise<void> => {
  for (let at = seed; at < seed + times; at += 1) await one(at, dir);
  rmSync(dir, { recursive: true, force: true });
};

describe('any number of plays with pauses, restarts of the agent and changes of configuration', {
  concurrency: true,
}, () => {
  it("keeps Spegel's file, ours and somebody's at every later start of Spegel", () =>
    play(playRow3, scratchDirectory()));
  it("never makes Spegel's uninstall hook fail, and renders today's addresses after it", () =>
    play(playRow4, scratchDirectory()));
  it('loses nothing of somebody when a step of Spegel fails and is tried again', () =>
    play(playRow5, scratchDirectory(), 2 * count));
  it('does no harm when it comes in the middle and knows nothing', () =>
    play(playLateAgent, scratchDirectory(), 2 * count));
  it('does the same on a file system that uses inode numbers again', async () => {
    await play(playRow3, diskDirectory(), Math.ceil(count / 3));
    await play(playRow4, diskDirectory(), Math.ceil(count / 3));
  });
});
