import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../../src/cli/command-line.ts';

export type Ran = { readonly code: number; readonly out: string; readonly error: string };

/** Runs the command line in this process, as a program would. */
export const handspegel = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> => {
  let out = '';
  let error = '';
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    error: (text: string) => {
      error += text;
    },
    colour: false,
  };
  const code = await runCommandLine({ args, env, terminal, signal, version: '0.0.0' });
  return { code, out, error };
};

export type Scratch = {
  readonly dir: string;
  readonly certsDir: string;
  readonly stateDir: string;
  /** Flags that point a command at this scratch node. */
  readonly flags: readonly string[];
  readonly config: (text: string) => void;
  readonly remove: () => void;
};

/** A node of its own in a temporary directory. */
export const createScratch = (config = ''): Scratch => {
  const dir = mkdtempSync(join(tmpdir(), 'handspegel-cli-'));
  const certsDir = join(dir, 'etc/containerd/certs.d');
  const stateDir = join(dir, 'state');
  const file = join(dir, 'config.yaml');
  mkdirSync(join(dir, 'etc/containerd'), { recursive: true });
  writeFileSync(file, config);
  const facts = [
    '--node-ip',
    '10.0.0.5',
    '--control-plane',
    '10.0.0.1',
    '--containerd-version',
    '2.2.9',
    '--runtime',
    'containerd',
  ];
  return {
    dir,
    certsDir,
    stateDir,
    flags: ['--config', file, '--certs-dir', certsDir, '--state-dir', stateDir, ...facts],
    config: (text) => writeFileSync(file, text),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
};
