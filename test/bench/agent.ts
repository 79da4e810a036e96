import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { waits } from '../../src/core/observe.ts';
import { createSpegel } from '../support/spegel/spegel.ts';
import { cpuMs, median, memory, report, spread, stop, timeToExit, wakeUps } from './measure.ts';

// Speed and memory of the agent on one node, as ratios in one run: `npm run bench`. Quote the ratios.

const bundle = join(import.meta.dirname, '../../dist/handspegel.cjs');
const dir = mkdtempSync(join(tmpdir(), 'handspegel-bench-'));
const { env } = process;
const node = process.execPath;

const config = join(dir, 'config.yaml');
const configOf = (registries: number): string => {
  const extension = (i: number): string => `  r${i}:
    path: templates/root_dir/etc/containerd/certs.d/r${i}.example.com/hosts.toml
    content: |
      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
`;
  const list = Array.from({ length: registries }, (_, i) => extension(i)).join('');
  return `handspegel: {controlPlane: {addresses: [127.83.0.1, 127.83.0.2]}}\n${registries === 0 ? '' : `extensions:\n${list}`}`;
};

type Place = { readonly certsDir: string; readonly flags: readonly string[] };
let places = 0;
const place = (): Place => {
  places += 1;
  const root = join(dir, `node-${places}`);
  const certsDir = join(root, 'etc/containerd/certs.d');
  mkdirSync(certsDir, { recursive: true });
  const facts = ['--node-ip', '127.83.0.5', '--containerd-version', '2.2.9', '--runtime', 'containerd'];
  return {
    certsDir,
    flags: ['--config', config, '--certs-dir', certsDir, '--state-dir', join(root, 'state'), ...facts],
  };
};

const startAgent = (at: Place, ...more: readonly string[]): ChildProcess =>
  spawn(
    node,
    [
      bundle,
      'run',
      ...at.flags,
      '--listen',
      '127.0.0.1:0',
      '--admin-listen',
      '127.0.0.1:0',
      '--log-level',
      'error',
      ...more,
    ],
    { stdio: 'ignore', env },
  );

const until = async (isSo: () => boolean, everyMs = 0.5): Promise<void> => {
  while (!isSo()) await setTimeout(everyMs);
};

const bare = (): Promise<number> => timeToExit(node, ['-e', '0'], process.env);

/** Start to the first written file, and one-shot `render`, beside `node -e 0`, whose milliseconds it gives. */
const starts = async (): Promise<number> => {
  writeFileSync(config, configOf(0));
  const zero: number[] = [];
  const first: number[] = [];
  const render: number[] = [];
  for (let i = 0; i < 14; i++) {
    const a = await bare();
    const at = place();
    const began = performance.now();
    const agent = startAgent(at);
    await until(() => existsSync(join(at.certsDir, '_default/hosts.toml')));
    const b = performance.now() - began;
    await stop(agent);
    const c = await timeToExit(node, [bundle, 'render', ...at.flags], env);
    // The first two rounds fill the page cache.
    if (i < 2) continue;
    zero.push(a);
    first.push(b);
    render.push(c);
  }
  report('node -e 0, to exit', spread(zero, 'ms'));
  report('start to first written file', spread(first, 'ms'), median(first) / median(zero), 4);
  report('one-shot render', spread(render, 'ms'), median(render) / median(zero), 1.25);
  return median(zero);
};

type RawRepair = { readonly placed: number; readonly done: number };

/** fs.watch, then one file written with fsync and renamed, its directory too: what any program must at least do. */
const rawRepair = async (root: string): Promise<RawRepair> => {
  const target = join(root, 'hosts.toml');
  const repaired = Promise.withResolvers<RawRepair>();
  const watcher = watch(root, (_event, name) => {
    if (name !== 'trigger') return;
    const fd = openSync(join(root, 'tmp'), 'w');
    writeSync(fd, 'x'.repeat(200));
    fsyncSync(fd);
    closeSync(fd);
    renameSync(join(root, 'tmp'), target);
    const placed = performance.now();
    const parent = openSync(root, 'r');
    fsyncSync(parent);
    closeSync(parent);
    repaired.resolve({ placed, done: performance.now() });
  });
  const began = performance.now();
  writeFileSync(join(root, 'trigger'), 'x');
  const { placed, done } = await repaired.promise;
  watcher.close();
  return { placed: placed - began, done: done - began };
};

/**
 * Spegel's last write to registry files back, less the quiet time, beside raw fs.watch + write + fsync. The agent is
 * another process: its file counts from the moment it can be opened, looked for in every turn of this process's loop
 * once the time has nearly come (a timer would add up to a millisecond). By then its bytes are on disk, as is the
 * ledger; its directory is brought there right after. So beside the raw repair also the time to its rename is told.
 */
const repairs = async (): Promise<void> => {
  writeFileSync(config, configOf(1));
  const at = place();
  const agent = startAgent(at);
  const file = join(at.certsDir, 'r0.example.com/hosts.toml');
  await until(() => existsSync(file));
  await setTimeout(1_000);
  const spegel = createSpegel({ family: 'v0.7', certsDir: at.certsDir, nodeIp: '127.83.0.5', bin: false });
  const raw: RawRepair[] = [];
  const ours: number[] = [];
  const scratch = join(dir, 'raw');
  mkdirSync(scratch);
  for (let i = 0; i < 24; i++) {
    raw.push(await rawRepair(scratch));
    await spegel.start();
    const began = performance.now();
    await setTimeout(waits.quiet - 50);
    while (!existsSync(file)) await setImmediate();
    ours.push(performance.now() - began - waits.quiet);
    await setTimeout(700);
  }
  await stop(agent);
  const done = raw.map((one) => one.done);
  const placed = raw.map((one) => one.placed);
  report('raw fs.watch + write + fsync', `${spread(done, 'ms')}, to the rename ${spread(placed, 'ms')}`);
  report('registry file back after Spegel, less the quiet time', spread(ours, 'ms'), median(ours) / median(done), 1.5);
};

const sizes = async (): Promise<void> => {
  for (const registries of [1, 50, 500]) {
    writeFileSync(config, configOf(registries));
    const at = place();
    const began = performance.now();
    const agent = startAgent(at);
    await until(() => existsSync(join(at.certsDir, `r${registries - 1}.example.com/hosts.toml`)));
    const all = performance.now() - began;
    await setTimeout(3_000);
    const pid = agent.pid ?? 0;
    const before = cpuMs(pid);
    const passes = 10;
    for (let i = 0; i < passes; i++) {
      mkdirSync(join(at.certsDir, `touch-${i}`));
      await setTimeout(500);
    }
    const cpu = (cpuMs(pid) - before) / passes;
    const { rss, anon } = memory(pid);
    report(
      `${registries} registries: all written / cpu per change / memory`,
      `${all.toFixed(0)} ms / ${cpu.toFixed(1)} ms / ${rss.toFixed(0)} MiB (anonymous ${anon.toFixed(0)})`,
    );
    await stop(agent);
  }
};

/**
 * k8s-sidecar took 15 ms of CPU a minute where `node -e 0` took 24.9 ms; it probes nothing. This tells a slower machine
 * from a hungrier agent: beside a real one in the same run, docs/scale.md has the ratio.
 */
const sidecarBesideZero = 15 / 24.9;
/** After a start V8 gives memory back for some 20 s, and what it collected is touched anew for another minute. */
const settleMs = 100_000;

/** What no Node.js program can do for less: it wakes as often, and each third time connects to this node's two ports. */
const bareIdle = `
const { connect } = require('node:net');
let beats = 0;
setInterval(() => {
  beats += 1;
  if (beats % 3 !== 0) return;
  for (const port of [30020, 30021]) {
    const socket = connect({ host: '127.83.0.5', port });
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => {});
  }
}, 5_000 / 3);
`;

/** Both ports of the node, answering as Spegel's do: no body, connections kept for good. */
const spegels = async (): Promise<readonly Server[]> => {
  const servers = [30020, 30021].map((port) => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/v2/' ? 200 : 404;
      response.end();
    });
    server.keepAliveTimeout = 0;
    return server.listen(port, '127.83.0.5');
  });
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return servers;
};

const idleMinute = async (name: string, child: ChildProcess, sidecarMs: number, goal?: number): Promise<void> => {
  await setTimeout(settleMs);
  const pid = child.pid ?? 0;
  const before = { cpu: cpuMs(pid), wakes: wakeUps(pid) };
  await setTimeout(60_000);
  const cpu = cpuMs(pid) - before.cpu;
  const figures = `${cpu.toFixed(1)} ms, ${wakeUps(pid) - before.wakes} wake-ups`;
  report(`idle CPU of a minute, ${name}`, figures, cpu / sidecarMs, goal);
  await stop(child);
};

const idle = async (zeroMs: number): Promise<void> => {
  const sidecarMs = sidecarBesideZero * zeroMs;
  writeFileSync(config, configOf(1));
  const start = async (): Promise<ChildProcess> => {
    const at = place();
    const agent = startAgent(at);
    await until(() => existsSync(join(at.certsDir, '_default/hosts.toml')));
    return agent;
  };
  console.log(`idle CPU: ratio to the ${sidecarMs.toFixed(1)} ms that k8s-sidecar would take here; it probes nothing`);
  await Promise.all([
    idleMinute(
      'bare Node.js that wakes and connects as often',
      spawn(node, ['-e', bareIdle], { stdio: 'ignore' }),
      sidecarMs,
    ),
    idleMinute('two refusing ports', await start(), sidecarMs, 1.6),
  ]);
  const servers = await spegels();
  await idleMinute('two ports that answer', await start(), sidecarMs, 1.6);
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
};

try {
  const zeroMs = await starts();
  await repairs();
  await sizes();
  await idle(zeroMs);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
