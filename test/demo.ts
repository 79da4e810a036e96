import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bodyOf, readDirectory, writeDirectory } from './support/directory.ts';
import { createSpegelRegistry } from './support/spegel/registry.ts';
import { createSpegel } from './support/spegel/spegel.ts';

// Plays the life of a node against the Spegel stand-in: the real agent, a scratch directory, real files.

const dir = mkdtempSync(join(tmpdir(), 'handspegel-demo-'));
const etc = join(dir, 'etc/containerd');
const certsDir = join(etc, 'certs.d');
const stateDir = join(dir, 'var/lib/handspegel');
const config = join(dir, 'config.yaml');
const nodeIp = '127.0.0.1';
const started = Date.now();
let failed = false;

const say = (what: string): void => console.log(`${((Date.now() - started) / 1000).toFixed(2).padStart(6)} s  ${what}`);

/** Waits until the directory is as it should be: looks whenever a file changes. */
const until = async (what: string, isSo: (files: Record<string, string>) => boolean): Promise<void> => {
  const deadline = AbortSignal.timeout(10_000);
  while (!isSo(readDirectory(certsDir))) {
    if (deadline.aborted) {
      failed = true;
      say(`NOT SO  ${what}`);
      return;
    }
    await setTimeout(10);
  }
  say(`ok      ${what}`);
};

/** The configuration of the day: the control plane moves while Spegel is there. */
const configOf = (controlPlane: string): string =>
  `handspegel:
  controlPlane:
    addresses: [${controlPlane}]
cluster:
  addon:
    spegel:
      helm_values: {}
extensions:
  great-registry:
    path: templates/root_dir/etc/containerd/certs.d/great-registry.com/hosts.toml
    content: |
      [host.'https://my-mirror.internal']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
`;
writeFileSync(config, configOf('192.0.2.1'));
const theirs = {
  'quay.io/hosts.toml': "server = 'https://quay.io'\n",
  'quay.io/ca.crt': 'somebody else put this here\n',
};
mkdirSync(etc, { recursive: true });
writeDirectory(certsDir, theirs);

const node = [
  '--config',
  config,
  '--certs-dir',
  certsDir,
  '--state-dir',
  stateDir,
  '--node-ip',
  nodeIp,
  '--node-name',
  'demo',
  '--runtime',
  'containerd',
  '--containerd-version',
  '2.2.9',
];
const handspegel = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ['src/main.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });

const end = async (child: ChildProcess): Promise<{ code: number | null; output: string }> => {
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'exit');
  return { code, output };
};

const agent = handspegel(
  'run',
  ...node,
  '--listen',
  '127.0.0.1:0',
  '--admin-listen',
  '127.0.0.1:0',
  '--log-level',
  'warn',
);
const agentEnd = end(agent);
try {
  say(`the agent starts on ${certsDir}`);
  await until(
    'bootstrap: _default names this node and the control plane',
    (files) =>
      bodyOf(files['_default/hosts.toml'])?.includes(`http://${nodeIp}:30020`) === true &&
      files['_default/hosts.toml']?.includes('http://192.0.2.1:30020') === true,
  );
  await until('the registry file of the extension is there', (files) => 'great-registry.com/hosts.toml' in files);

  const registry = await createSpegelRegistry({
    family: 'v0.4',
    addresses: [
      { host: nodeIp, port: 30020 },
      { host: nodeIp, port: 30021 },
    ],
  });
  const spegel = createSpegel({ family: 'v0.4', certsDir, nodeIp, bin: false });
  for (const time of ['first', 'second']) {
    await spegel.start();
    say(`Spegel starts for the ${time} time: it moves everything away and writes its own file`);
    await until(
      "hand-off: _default is Spegel's, byte for byte",
      (files) => files['_default/hosts.toml'] === spegel.expectedFile('_default'),
    );
    await until(
      'the registry files are back: ours and quay.io with its certificate',
      (files) => 'great-registry.com/hosts.toml' in files && files['quay.io/ca.crt'] === theirs['quay.io/ca.crt'],
    );
  }
  writeFileSync(config, configOf('192.0.2.2'));
  say('the control plane moves to 192.0.2.2');
  const run = await spegel.uninstall();
  say('Spegel is uninstalled: its hook puts back what was there on its first day');
  failed ||= run.failures.length > 0;
  await until(
    '_default is rendered anew, with the control plane of today',
    (files) =>
      bodyOf(files['_default/hosts.toml'])?.includes('http://192.0.2.2:30020') === true &&
      files['_default/hosts.toml']?.includes('192.0.2.1') === false,
  );
  await registry.close();

  console.log('\nThe files now:');
  for (const [path, text] of Object.entries(readDirectory(certsDir))) console.log(`\n--- ${path}\n${text.trimEnd()}`);
  console.log('');

  const status = await end(handspegel('status', ...node));
  console.log(status.output);
  failed ||= status.code !== 0;

  const release = await end(handspegel('release', ...node));
  say(`handspegel release: ${release.output.split('\n')[0]}`);
  failed ||= release.code !== 0;
  await until(
    'what was there before is there again, and nothing else',
    (files) =>
      JSON.stringify(files) === JSON.stringify(theirs) ||
      (Object.keys(files).length === 2 && Object.entries(theirs).every(([path, text]) => files[path] === text)),
  );
  await until(
    'the state directory holds one file: released',
    () => Object.keys(readDirectory(stateDir)).join() === 'released',
  );
} finally {
  agent.kill('SIGTERM');
  const { code, output } = await agentEnd;
  say(`the agent stops with exit code ${code}`);
  failed ||= code !== 0;
  if (failed && output !== '') console.log(output);
  rmSync(dir, { recursive: true, force: true });
}
console.log(failed ? '\nThe demo FAILED.' : '\nEach step was as it should be.');
process.exitCode = failed ? 1 : 0;
