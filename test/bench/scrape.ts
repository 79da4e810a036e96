import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cpuMs, median, report, spread, stop } from './measure.ts';

// What a scrape of an agent with 200 registries and as many mirrors costs it, beside what it uses anyway.

const registries = 200;
const goalMs = 10;
const rounds = 20;
const scrapesInARound = 10;
/** Prometheus has asked a few times: code that runs at each scrape is compiled. */
const warmUp = 50;

const bundle = join(import.meta.dirname, '../../dist/handspegel.cjs');
const dir = mkdtempSync(join(tmpdir(), 'handspegel-scrape-'));
const certsDir = join(dir, 'etc/containerd/certs.d');
const config = join(dir, 'config.yaml');

/** Each registry has a mirror of its own beside this node, and all of them refuse. */
const extension = (i: number): string => `  r${i}:
    path: templates/root_dir/etc/containerd/certs.d/r${i}.example.com/hosts.toml
    content: |
      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull', 'resolve']
      [host.'http://127.83.9.${i + 1}:5000']
      capabilities = ['pull', 'resolve']
`;

const start = (): ChildProcess => {
  mkdirSync(certsDir, { recursive: true });
  writeFileSync(config, `extensions:\n${Array.from({ length: registries }, (_, i) => extension(i)).join('')}`);
  const words = {
    config,
    'certs-dir': certsDir,
    'state-dir': join(dir, 'state'),
    'node-ip': '127.83.9.250',
    runtime: 'containerd',
    'containerd-version': '2.2.9',
    'log-level': 'info',
    listen: '127.0.0.1:0',
    'admin-listen': '127.0.0.1:0',
  };
  const flags = Object.entries(words).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(process.execPath, [bundle, 'run', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
};

/** Where it serves metrics: the first listener that has them. */
const metricsUrl = async (agent: ChildProcess): Promise<string> => {
  let output = '';
  agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  for (;;) {
    for (const [, base = ''] of output.matchAll(/listening on (http:\/\/[\d.]+:\d+)/g)) {
      const response = await fetch(`${base}/metrics`);
      await response.arrayBuffer();
      if (response.ok) return `${base}/metrics`;
    }
    await setTimeout(50);
  }
};

const agent = start();
try {
  const url = await metricsUrl(agent);
  while (!existsSync(join(certsDir, `r${registries - 1}.example.com/hosts.toml`))) await setTimeout(50);
  await setTimeout(5_000);
  const pid = agent.pid ?? 0;
  const scrape = async (): Promise<number> => {
    const began = performance.now();
    const response = await fetch(url);
    const text = await response.text();
    if (!text.includes(`registry="r${registries - 1}.example.com"`)) throw new Error('a registry is missing');
    return performance.now() - began;
  };
  const first = await scrape();
  for (let i = 0; i < warmUp; i++) await scrape();
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // The same time without scrapes: probes of 200 mirrors go on.
    const [idleFrom, idleCpu] = [performance.now(), cpuMs(pid)];
    await setTimeout(500);
    const idle = (cpuMs(pid) - idleCpu) / (performance.now() - idleFrom);
    const [from, before] = [performance.now(), cpuMs(pid)];
    for (let i = 0; i < scrapesInARound; i++) wall.push(await scrape());
    cpu.push((cpuMs(pid) - before - idle * (performance.now() - from)) / scrapesInARound);
  }
  const met = median(cpu) < goalMs ? 'met' : 'missed';
  report('the first scrape', `${first.toFixed(1)} ms`);
  report(`a scrape with ${registries} registries: CPU`, `${spread(cpu, 'ms')}  (goal under ${goalMs} ms: ${met})`);
  report(`a scrape with ${registries} registries: wall`, spread(wall, 'ms'));
} finally {
  await stop(agent);
  rmSync(dir, { recursive: true, force: true });
}
