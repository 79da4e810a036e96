// Runs the agent on a scratch directory until it is ready and has been scraped, so that the compile cache of the image
// holds what a start needs. Fails when the agent does not get there or does not end well: a bad bundle makes no image.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const [bundle, cache] = process.argv.slice(2);
const dir = mkdtempSync('/tmp/warm-up-');
const places = ['--certs-dir', `${dir}/containerd/certs.d`, '--state-dir', `${dir}/state`];
const facts = ['--node-ip', '127.0.0.1', '--containerd-version', '2.2.9', '--runtime', 'containerd'];
const listen = ['--listen', '127.0.0.1:39847', '--admin-listen', '127.0.0.1:39848'];
const words = ['--optimize-for-size', bundle, 'run', ...places, ...facts, ...listen];
const env = { ...process.env, NODE_COMPILE_CACHE: cache };
const agent = spawn(process.execPath, words, { env, stdio: ['ignore', 'inherit', 'inherit'] });
const ended = once(agent, 'exit');

const ask = async (path) => {
  const response = await fetch(`http://127.0.0.1:39847${path}`);
  await response.text();
  return response.status;
};
const ready = async () => {
  for (let tries = 0; tries < 600 && agent.exitCode === null; tries++) {
    // Not listening yet is what this waits for.
    if ((await ask('/readyz').catch(() => 0)) === 200) return true;
    await setTimeout(100);
  }
  return false;
};

const well = await ready();
if (well) await ask('/metrics');
agent.kill('SIGTERM');
const [code] = await ended;
if (!well || code !== 0) throw new Error(`the agent ${well ? `ended with ${code}` : 'was not ready within 60 s'}`);
