import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { median, memory, report, spread, stop, timeToExit } from './measure.ts';

// Memory after 300 scrapes and start to ready as the image runs the agent, beside a bare Node.js HTTP server that is
// treated alike: the same variables on both sides, and from its start the flags that the agent sets once it is ready.

const project = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'handspegel-memory-'));
const node = process.execPath;
const bareFlags = ['--optimize-for-size', '--no-opt', '--no-maglev'];
const imageEnv = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' };
const bareServer = join(dir, 'bare.mjs');
writeFileSync(
  bareServer,
  `import { createServer } from 'node:http';
import { watch } from 'node:fs';
watch(process.argv[2], () => {});
createServer((_, response) => response.end('ok\\n')).listen(Number(process.argv[3]), '127.0.0.1');
`,
);

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

let places = 0;
const start = (name: 'bare' | 'agent', port: number, as: 'image' | 'plain'): ChildProcess => {
  places += 1;
  const root = join(dir, `node-${places}`);
  const certsDir = join(root, 'etc/containerd/certs.d');
  mkdirSync(certsDir, { recursive: true });
  const agent = [
    join(project, 'dist/handspegel.cjs'),
    'run',
    '--certs-dir',
    certsDir,
    '--state-dir',
    join(root, 'state'),
    '--node-ip',
    '127.83.7.5',
    '--containerd-version',
    '2.2.9',
    '--runtime',
    'containerd',
    '--log-level',
    'error',
    '--listen',
    `127.0.0.1:${port}`,
    '--admin-listen',
    '127.0.0.1:0',
  ];
  const words = name === 'bare' ? [bareServer, certsDir, String(port)] : agent;
  return spawn(node, [...(name === 'bare' && as === 'image' ? bareFlags : []), ...words], {
    stdio: 'ignore',
    env: { ...process.env, ...(as === 'image' ? imageEnv : {}) },
  });
};

const answers = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Not listening yet.
    return false;
  }
};
const whenAnswers = async (url: string): Promise<void> => {
  while (!(await answers(url))) await setTimeout(1);
};

const afterScrapes = async (name: 'bare' | 'agent', as: 'image' | 'plain') => {
  const port = await freePort();
  const child = start(name, port, as);
  await whenAnswers(`http://127.0.0.1:${port}/readyz`);
  for (let i = 0; i < 300; i++) await answers(`http://127.0.0.1:${port}/metrics`);
  await setTimeout(10_000);
  const used = memory(child.pid ?? 0);
  await stop(child);
  return used;
};

const compareMemory = async (as: 'image' | 'plain', goal?: number): Promise<void> => {
  const [bare, agent] = await Promise.all([
    Promise.all([1, 2, 3].map(() => afterScrapes('bare', as))),
    Promise.all([1, 2, 3].map(() => afterScrapes('agent', as))),
  ]);
  const rss = (all: readonly { rss: number }[]): number => median(all.map((one) => one.rss));
  const anon = (all: readonly { anon: number }[]): string => median(all.map((one) => one.anon)).toFixed(1);
  const how = as === 'image' ? 'as in the image' : 'without its variables';
  report(`300 scrapes ${how}: bare server`, `${rss(bare).toFixed(1)} MiB (anonymous ${anon(bare)})`);
  report(
    `300 scrapes ${how}: agent`,
    `${rss(agent).toFixed(1)} MiB (anonymous ${anon(agent)})`,
    rss(agent) / rss(bare),
    goal,
  );
};

const compareStarts = async (): Promise<void> => {
  const zero: number[] = [];
  const ready: number[] = [];
  for (let i = 0; i < 12; i++) {
    const none = await timeToExit(node, ['-e', '0'], process.env);
    const port = await freePort();
    const began = performance.now();
    const agent = start('agent', port, 'image');
    await whenAnswers(`http://127.0.0.1:${port}/readyz`);
    const took = performance.now() - began;
    await stop(agent);
    // The first two rounds fill the page cache.
    if (i < 2) continue;
    zero.push(none);
    ready.push(took);
  }
  report('node -e 0, to exit', spread(zero, 'ms'));
  report('start to ready, as in the image', spread(ready, 'ms'), median(ready) / median(zero), 5);
};

try {
  await compareStarts();
  await compareMemory('plain');
  await compareMemory('image', 1.2);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
