import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { scratch } from '../e2e/support/agent-image.ts';
import { type ApiServer, startApiServer } from '../e2e/support/api-server.ts';
import { atEnd, type Scope } from '../e2e/support/cleanup.ts';
import { kubeconfigOf } from '../e2e/support/kubeconfig.ts';
import { until } from '../e2e/support/until.ts';
import { median, report, spread, stop } from './measure.ts';

// From the answer to a PATCH of the ConfigMap to the file on disk: the built bundle, as the image runs it, beside a bare
// watch over node:https that writes the same file. By turns in one run, with a real API server (test/e2e/prepare.sh).

const turns = 20;
/** k8s-sidecar 2.10.1 on Python 3.11 beside such a bare watch, both measured alone: 1.6 and 0.6 ms. */
const sidecarBesideBare = 1.6 / 0.6;
const project = join(import.meta.dirname, '../..');
const node = process.execPath;
/** What the agent sets for itself once it is ready. */
const agentFlags = ['--optimize-for-size', '--no-opt', '--no-maglev'];
const imageEnv = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' };
const ends: (() => unknown)[] = [];
const scope: Scope = { after: (act: unknown) => void ends.push(act as () => unknown) };
const dir = scratch(scope, 'reaction');
const name = 'registry.example.com';
const maps = '/api/v1/namespaces/default/configmaps';

const hostsOf = (mirror: string): string => `[host.'https://${mirror}']
  capabilities = ['pull', 'resolve']
  dial_timeout = '200ms'
`;
/** The agent gets a configuration; the bare watch the file as it is to be. */
const configOf = (mirror: string): string => `extensions:
  one:
    path: templates/root_dir/etc/containerd/certs.d/${name}/hosts.toml
    content: |
${hostsOf(mirror).replace(/^/gm, '      ')}
`;

const bareWatch = `import { request } from 'node:https';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
const [url, directory] = process.argv.slice(2);
const headers = { authorization: 'Bearer test-admin' };
const path = url + '${maps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=3600&fieldSelector=metadata.name%3Dbare';
request(path, { headers, rejectUnauthorized: false }, (response) => {
  let rest = '';
  response.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop();
    for (const line of lines) {
      const { type, object } = JSON.parse(line);
      if (type === 'BOOKMARK') continue;
      const fd = openSync(directory + '/.tmp', 'w', 0o644);
      writeSync(fd, object.data['config.yaml']);
      fsyncSync(fd);
      closeSync(fd);
      renameSync(directory + '/.tmp', directory + '/hosts.toml');
      const parent = openSync(directory, 'r');
      fsyncSync(parent);
      closeSync(parent);
    }
  });
}).end();
`;

type Candidate = {
  readonly configMap: string;
  readonly file: string;
  readonly textOf: (mirror: string) => string;
  readonly fromResponse: number[];
  readonly fromStart: number[];
};

const put = async (api: ApiServer, { configMap, textOf }: Candidate, mirror: string): Promise<void> => {
  const data = { 'config.yaml': textOf(mirror) };
  const merge = { type: 'application/merge-patch+json' };
  if ((await api.ask('PATCH', `${maps}/${configMap}`, { data }, merge)).status === 200) return;
  const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMap }, data };
  if ((await api.ask('POST', maps, made)).status !== 201) throw new Error(`no ConfigMap ${configMap}`);
};

const holds = ({ file }: Candidate, mirror: string): boolean => readFileSync(file, 'utf8').includes(hostsOf(mirror));

/** Resolves when the file has been seen whole, by inotify. */
const seen = (candidate: Candidate, mirror: string): Promise<number> =>
  new Promise((resolve) => {
    const watcher = watch(join(candidate.file, '..'), (_event, changed) => {
      if (changed !== 'hosts.toml' || !holds(candidate, mirror)) return;
      resolve(performance.now());
      watcher.close();
    });
  });

const change = async (api: ApiServer, candidate: Candidate, mirror: string): Promise<void> => {
  const complete = seen(candidate, mirror);
  const began = performance.now();
  await put(api, candidate, mirror);
  const answered = performance.now();
  const at = await complete;
  candidate.fromResponse.push(at - answered);
  candidate.fromStart.push(at - began);
};

const startBare = (url: string): Candidate => {
  const directory = join(dir, 'bare');
  mkdirSync(directory);
  const script = join(dir, 'bare.mjs');
  writeFileSync(script, bareWatch);
  const child = spawn(node, [...agentFlags, script, url, directory], {
    stdio: 'inherit',
    env: { ...process.env, ...imageEnv },
  });
  atEnd(scope, () => stop(child));
  const file = join(directory, 'hosts.toml');
  return { configMap: 'bare', file, textOf: hostsOf, fromResponse: [], fromStart: [] };
};

const startAgent = (url: string): Candidate => {
  const certsDir = join(dir, 'etc/containerd/certs.d');
  mkdirSync(certsDir, { recursive: true });
  const mount = join(dir, 'mount');
  mkdirSync(mount);
  // As on a node where kubelet has not synced the mount yet.
  writeFileSync(join(mount, 'config.yaml'), configOf('mounted.example.com'));
  const flags = [
    ['--config', mount],
    ['--certs-dir', certsDir],
    ['--state-dir', join(dir, 'state')],
    ['--node-name', 'bench'],
    ['--node-ip', '127.83.9.5'],
    ['--control-plane', '127.83.9.1'],
    ['--containerd-version', '2.2.9'],
    ['--runtime', 'containerd'],
    ['--listen', '127.0.0.1:0'],
    ['--admin-listen', '127.0.0.1:0'],
    ['--log-level', 'warn'],
    ['--configmap', 'agent'],
    ['--namespace', 'default'],
  ].flat();
  const words = [join(project, 'dist/handspegel.cjs'), 'run', ...flags, '--kubernetes'];
  const env = { ...process.env, ...imageEnv, KUBECONFIG: kubeconfigOf(dir, url) };
  const child = spawn(node, words, { stdio: ['ignore', 'ignore', 'inherit'], env });
  atEnd(scope, () => stop(child));
  const file = join(certsDir, name, 'hosts.toml');
  return { configMap: 'agent', file, textOf: configOf, fromResponse: [], fromStart: [] };
};

try {
  const api = await startApiServer(scope);
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'bench' } };
  await api.ask('POST', '/api/v1/nodes', node);
  const bare = startBare(api.url);
  const agent = startAgent(api.url);
  for (const one of [bare, agent]) {
    await put(api, one, 'first.example.com');
    await until(`${one.configMap} is there`, () => holds(one, 'first.example.com'), { limitMs: 60_000 });
  }
  await setTimeout(10_000);
  for (let turn = 0; turn < turns; turn++) {
    for (const one of [bare, agent]) {
      await change(api, one, `m${turn}.example.com`);
      await setTimeout(800 + 400 * Math.random());
    }
  }
  report('bare watch: PATCH to file, from its start', spread(bare.fromStart, 'ms'));
  report('agent: PATCH to file, from its start', spread(agent.fromStart, 'ms'));
  report('bare watch: from the answer to the PATCH', spread(bare.fromResponse, 'ms'));
  const ratio = median(agent.fromResponse) / median(bare.fromResponse);
  report('agent: from the answer to the PATCH', spread(agent.fromResponse, 'ms'), ratio);
  report("  beside k8s-sidecar's recorded 2.7 bare watches", '', ratio / sidecarBesideBare, 0.4);
} finally {
  for (const end of ends.toReversed()) await end();
}
