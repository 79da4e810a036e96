import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

const number = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** `min/median/max unit` of the samples of one case. */
export const spread = (values: readonly number[], unit: string): string =>
  `${number(Math.min(...values))}/${number(median(values))}/${number(Math.max(...values))} ${unit}`;

/** One line of the report: the figures, the ratio to what it is measured beside, and the goal. */
export const report = (name: string, figures: string, ratio?: number, goal?: number): void => {
  const against = ratio === undefined ? '' : `  ratio ${number(ratio)}`;
  const wanted =
    goal === undefined || ratio === undefined ? '' : `  (goal ${goal}: ${ratio <= goal ? 'met' : 'missed'})`;
  console.log(`${name.padEnd(52)} ${figures}${against}${wanted}`);
};

/** Milliseconds from spawn to exit. */
export const timeToExit = async (command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  const began = performance.now();
  const child = spawn(command, [...args], { stdio: 'ignore', env });
  await once(child, 'exit');
  return performance.now() - began;
};

/** Milliseconds of CPU that all threads of a process have used so far, from the scheduler's own count. */
export const cpuMs = (pid: number): number => {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  }
  return sum;
};

/** How often all threads of a process have waited for something so far. */
export const wakeUps = (pid: number): number => {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    sum += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  }
  return sum;
};

/** Resident and anonymous memory in MiB. */
export const memory = (pid: number): { readonly rss: number; readonly anon: number } => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { rss: field('VmRSS'), anon: field('RssAnon') };
};

export const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};
