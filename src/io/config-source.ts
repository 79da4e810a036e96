import { hash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What lies at `--config`; shape of core's `Mounted`. */
export type ConfigSource =
  | { readonly kind: 'text'; readonly text: string; readonly file: string; readonly sha256: string }
  | { readonly kind: 'missing'; readonly file: string }
  | { readonly kind: 'error'; readonly file: string; readonly message: string };

const key = 'config.yaml';
const longest = 4 * 1024 * 1024;
/** kubelet swaps the mount in two steps: a look that falls between them is taken again. */
const mostLooks = 5;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Where the mount points at the moment; `undefined` for a plain directory. */
const dataOf = (directory: string): string | undefined => {
  try {
    return readlinkSync(join(directory, '..data'));
  } catch (error) {
    // ENOTDIR: the path is a plain file.
    if (['ENOENT', 'EINVAL', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
};

/** `config.yaml`, or the only YAML file. */
const chooseKey = (directory: string): string | undefined => {
  const names = readdirSync(directory).filter((name) => !name.startsWith('..') && /\.ya?ml$/.test(name));
  if (names.includes(key)) return key;
  if (names.length > 1) {
    throw new Error(`there is no ${key}, and more than one YAML file to choose from: ${names.sort().join(', ')}`);
  }
  return names[0];
};

const readOnce = (path: string): ConfigSource => {
  const stats = statSync(path);
  const name = stats.isDirectory() ? chooseKey(path) : undefined;
  if (stats.isDirectory() && name === undefined) return { kind: 'missing', file: join(path, key) };
  const file = name === undefined ? path : join(path, name);
  const { size } = statSync(file);
  if (size > longest) throw new Error(`it is larger than ${longest} bytes`);
  const bytes = readFileSync(file);
  return { kind: 'text', text: bytes.toString('utf8'), file, sha256: hash('sha256', bytes, 'hex') };
};

/**
 * Reads a configuration file, or the key `config.yaml` of a directory as a ConfigMap mount has it. Never throws: what is
 * missing or cannot be read is said.
 */
export const readConfigSource = (path: string): ConfigSource => {
  for (let look = 1; ; look++) {
    try {
      const before = dataOf(path);
      const source = readOnce(path);
      if (before === dataOf(path) || look === mostLooks) return source;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT' && look < mostLooks) continue;
      if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', file: path };
      const message = error instanceof Error ? error.message : String(error);
      return { kind: 'error', file: path, message: `cannot read the configuration: ${message}` };
    }
  }
};
