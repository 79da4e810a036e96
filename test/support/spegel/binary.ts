import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Family, traitsOf } from './families.ts';
import type { BasicAuth } from './files.ts';
import { parseMirrored } from './urls.ts';
import type { ConfigurationArguments } from './values.ts';

/** Where every version of Spegel looks for its credentials; there is no flag for it. */
const secretDirectory = '/etc/secrets/basic-auth';

/**
 * The command line of the init container.
 * Source: charts/spegel/templates/daemonset.yaml, ConfigurationCmd in main.go.
 */
export function configurationCommand(family: Family, args: ConfigurationArguments): readonly string[] {
  const old = traitsOf(family).names.registries === 'registries';
  return [
    'configuration',
    '--log-level=INFO',
    `--containerd-registry-config-path=${args.certsDir}`,
    ...(args.mirroredRegistries.length === 0 ? [] : [old ? '--registries' : '--mirrored-registries']),
    ...args.mirroredRegistries,
    old ? '--mirror-registries' : '--mirror-targets',
    ...args.mirrorTargets,
    `--resolve-tags=${args.resolveTags}`,
    `--${old ? 'append-mirrors' : 'prepend-existing'}=${args.prependExisting}`,
  ];
}

/** The command line of the uninstall hook, with a free port for its readiness probe. */
export const cleanupCommand = (certsDir: string): readonly string[] => [
  'cleanup',
  `--containerd-registry-config-path=${certsDir}`,
  '--addr=127.0.0.1:0',
];

const readSecret = (name: string): string => {
  try {
    return readFileSync(join(secretDirectory, name), 'utf8');
  } catch {
    return '';
  }
};

function needSecret(auth: BasicAuth | undefined): void {
  const there = { username: readSecret('username'), password: readSecret('password') };
  if (there.username === (auth?.username ?? '') && there.password === (auth?.password ?? '')) return;
  throw new Error(`a real Spegel reads its credentials from ${secretDirectory}: put the wanted ones there, or none`);
}

function ended(child: ChildProcess, what: string, log: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${what} ended with ${code ?? signal}: ${log.at(-1) ?? 'no output'}`));
    });
  });
}

/** Runs a real init container; fails as it does, with the last line of its log. */
export async function runConfiguration(
  bin: string,
  family: Family,
  args: ConfigurationArguments,
  auth: BasicAuth | undefined,
): Promise<void> {
  needSecret(auth);
  const child = spawn(bin, configurationCommand(family, args), { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  await ended(child, `${bin} configuration`, log);
}

/** Runs a real uninstall hook until it reports that it is done, then stops it as the kubelet does. */
export async function runCleanup(bin: string, certsDir: string): Promise<void> {
  const child = spawn(bin, cleanupCommand(certsDir), { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    if (line.includes('waiting to be shutdown')) child.kill('SIGTERM');
  });
  await ended(child, `${bin} cleanup`, log);
}

const known = new Map<string, Family>();

/** Which family a binary belongs to, by its flags and by what it makes of two trials in an empty directory. */
export function detectFamily(bin: string): Family {
  const found = known.get(bin) ?? detect(bin);
  known.set(bin, found);
  return found;
}

function detect(bin: string): Family {
  const help = (...command: readonly string[]): string => {
    const { stdout, error } = spawnSync(bin, [...command, '--help'], { encoding: 'utf8' });
    if (error !== undefined) throw new Error(`SPEGEL_BIN: cannot run ${bin}`, { cause: error });
    return stdout;
  };
  if (help('configuration').includes('--mirror-registries')) {
    return trial(bin, 'v0.0.30', 'https://a.io').includes('[host]\n') ? 'v0.0.23' : 'v0.0.30';
  }
  const registry = help('registry');
  if (registry.includes('--http-bootstrap-url')) return 'main';
  if (registry.includes('--registry-filters')) {
    if (trial(bin, 'v0.5', '*') === '') return 'v0.4';
    return trial(bin, 'v0.7', '_default').includes('[fd00::1]') ? 'v0.7' : 'v0.5';
  }
  return trial(bin, 'v0.2').includes('dial_timeout') ? 'v0.3' : 'v0.2';
}

/** What the binary writes for one registry, or nothing when it refuses. */
function trial(bin: string, family: Family, ...mirroredRegistries: readonly string[]): string {
  const certsDir = mkdtempSync(join(tmpdir(), 'spegel-trial-'));
  try {
    const args = {
      certsDir,
      mirroredRegistries,
      mirrorTargets: ['http://fd00::1:30020'],
      resolveTags: true,
      prependExisting: false,
    };
    if (spawnSync(bin, configurationCommand(family, args)).status !== 0) return '';
    const [registry] = parseMirrored(family, mirroredRegistries);
    return readFileSync(join(certsDir, registry?.host ?? '_default', 'hosts.toml'), 'utf8');
  } finally {
    rmSync(certsDir, { recursive: true });
  }
}
