import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playLateAgent, playRow3, playRow4, playRow5 } from './agent/plays.ts';

// Plays of Spegel's starts, uninstalls and failed steps against the loop, on real directories with a simulated clock:
// `node test/soak.ts [COUNT] [FIRST-SEED]`. Each play names its seed, so that a failure can be played again.

const count = Number(process.argv[2] ?? 10_000);
const firstSeed = Number(process.argv[3] ?? 1);
const directories = 64;
const most = 10;

const plays = {
  'a later start (row 3)': playRow3,
  'the uninstall hook (row 4)': playRow4,
  'a failed step, tried again (row 5)': playRow5,
  'an agent that comes late': playLateAgent,
} as const;

const root = mkdtempSync(join(tmpdir(), 'handspegel-soak-'));
const failures: string[] = [];
const began = performance.now();

const playAll = async (name: string, play: (seed: number, dir: string) => Promise<void>): Promise<void> => {
  let next = 0;
  let failed = 0;
  const worker = async (slot: number): Promise<void> => {
    const dir = join(root, `d${slot}`);
    while (next < count && failures.length < most) {
      const seed = firstSeed + next++;
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir, { recursive: true });
      try {
        await play(seed, dir);
      } catch (error) {
        failed += 1;
        failures.push(`${name}, seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(directories, count) }, (_, slot) => worker(slot)));
  console.log(`${name.padEnd(36)} ${next - failed} passed, ${failed} failed`);
};

try {
  for (const [name, play] of Object.entries(plays)) await playAll(name, play);
} finally {
  rmSync(root, { recursive: true, force: true });
}
for (const failure of failures) console.error(failure);
console.log(`${((performance.now() - began) / 1000).toFixed(0)} s in ${Math.min(directories, count)} directories`);
process.exitCode = failures.length > 0 ? 1 : 0;
