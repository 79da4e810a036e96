import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { playLateAgent, playRow3, playRow4, playRow5 } from './agent/plays.ts';

// Plays of Spegel's starts, uninstalls and failed steps against the loop, on real directories with a simulated clock:
// `node test/soak.ts COUNT [FIRST-SEED [PLAY]]`, one process for each play. A failure names its seed, to be played again.

const plays: Readonly<Record<string, readonly [what: string, play: (seed: number, dir: string) => Promise<void>]>> = {
  row3: ['a later start of Spegel (row 3)', playRow3],
  row4: ['the uninstall hook (row 4)', playRow4],
  row5: ['a failed step, tried again (row 5)', playRow5],
  late: ['an agent that comes late', playLateAgent],
};
const directories = 64;
const mostFailures = 10;
const [count = '10000', firstSeed = '1', only] = process.argv.slice(2);
const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;

/** Plays one kind `total` times in 64 directories; the number of plays that were not as they should be. */
const playMany = async (name: string, total: number, first: number): Promise<number> => {
  const [what, play] = plays[name] ?? [];
  if (what === undefined || play === undefined)
    throw new Error(`there is no play '${name}': ${Object.keys(plays).join()}`);
  const root = mkdtempSync(join(tmpdir(), 'handspegel-soak-'));
  let next = 0;
  let failed = 0;
  const worker = async (slot: number): Promise<void> => {
    const dir = join(root, `d${slot}`);
    while (next < total && failed < mostFailures) {
      const seed = first + next++;
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir, { recursive: true });
      try {
        await play(seed, dir);
      } catch (error) {
        failed += 1;
        console.error(`${what}, seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(directories, total) }, (_, slot) => worker(slot)));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  console.log(`${what.padEnd(36)} ${next - failed} passed, ${failed} failed, ${seconds()}`);
  return failed;
};

/** One process for each kind, as many at once as there are cores. */
const playAll = async (): Promise<number> => {
  const names = Object.keys(plays);
  let failed = 0;
  const lane = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const child = spawn(process.execPath, ['test/soak.ts', count, firstSeed, name], { stdio: 'inherit' });
      const [code] = await once(child, 'exit');
      if (code !== 0) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return failed;
};

const failed = only === undefined ? await playAll() : await playMany(only, Number(count), Number(firstSeed));
if (only === undefined)
  console.log(failed === 0 ? `all plays passed, ${seconds()}` : `${failed} kinds of plays failed`);
process.exitCode = failed === 0 ? 0 : 1;
