// Makes the code beside the bundle, what V8 compiles of it: for `run` on the way to a first file, to readiness, to a
// scrape and to the status page; for all other commands what a `render` takes, since they would wait for the rest.
// Good for one build of Node.js: `node warm-up.mjs DIRECTORY`. Fails when the agent does not get there or does not end
// well: a bad bundle makes no image.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const [directory] = process.argv.slice(2);
const launcher = join(directory, 'handspegel.cjs');
const bundle = join(directory, 'handspegel.bundle.cjs');
const dir = mkdtempSync(join(tmpdir(), 'warm-up-'));

/** Starts a command as it starts without code, and records it. */
const start = (command, ...words) => {
  const code = join(directory, `handspegel.${command}.code`);
  rmSync(code, { force: true });
  const env = { ...process.env, HANDSPEGEL_RECORD: `${bundle} ${code}` };
  const flags = ['--require', join(import.meta.dirname, 'record.cjs'), ...process.execArgv];
  return spawn(process.execPath, [...flags, launcher, command, ...words], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
};

const [port, adminPort] = [await freePort(), await freePort()];
const config = ['--config', join(import.meta.dirname, 'warm-up.yaml')];
const places = ['--certs-dir', `${dir}/containerd/certs.d`, '--state-dir', `${dir}/state`];
const facts = ['--node-ip', '127.0.0.1', '--containerd-version', '2.2.9', '--runtime', 'containerd'];
const listen = ['--listen', `127.0.0.1:${port}`, '--admin-listen', `127.0.0.1:${adminPort}`, '--log-level', 'warn'];

const ask = async (port, path) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.text();
  return response.status;
};
const answers = async (agent, port, path) => {
  for (let tries = 0; tries < 600 && agent.exitCode === null; tries++) {
    // Not listening yet is what this waits for.
    if ((await ask(port, path).catch(() => 0)) === 200) return true;
    await setTimeout(100);
  }
  return false;
};

try {
  const [rendered] = await once(start('render', ...config, ...places, ...facts), 'exit');
  if (rendered !== 0) throw new Error(`render ended with ${rendered}`);
  const agent = start('run', ...config, ...places, ...facts, ...listen);
  const ended = once(agent, 'exit');
  const well = (await answers(agent, port, '/readyz')) && (await answers(agent, adminPort, '/'));
  if (well) await ask(port, '/metrics');
  agent.kill('SIGTERM');
  const [ending] = await ended;
  if (!well || ending !== 0)
    throw new Error(`the agent ${well ? `ended with ${ending}` : 'was not ready within 60 s'}`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
