import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../core/error-text.ts';
import { codeOf, isGone } from './disk/files.ts';
import { sha256 } from './disk/hash.ts';

/** What lies at `--config` now, in the shape in which a configuration is chosen. */
export type ConfigSource =
  | { readonly kind: 'text'; readonly text: string; readonly file: string; readonly sha256: string }
  | { readonly kind: 'missing'; readonly file: string }
  | { readonly kind: 'error'; readonly file: string; readonly message: string };

const mapKey = 'config.yaml';
/** Four times what a ConfigMap can hold. */
const longest = 4 * 1024 * 1024;
/** kubelet swaps a mount, and a person a file, within microseconds: a look that falls between is taken again. */
const mostLooks = 5;

/** What is there cannot be used as it is; the text says why. */
class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** Where a ConfigMap mount points at the moment; empty for a plain directory. */
const dataOf = (path: string): string => {
  try {
    return readlinkSync(join(path, '..data'));
  } catch (error) {
    if (isGone(error) || codeOf(error) === 'EINVAL') return '';
    throw error;
  }
};

/** `config.yaml`, or the only YAML file; kubelet's own names begin with two dots. */
const chooseFile = (directory: string): string => {
  const names = readdirSync(directory).filter((name) => !name.startsWith('..') && /\.ya?ml$/.test(name));
  if (names.length > 1 && !names.includes(mapKey)) {
    const listed = names.toSorted().join(', ');
    throw new Unusable(`${directory} has no ${mapKey} and more than one YAML file to choose from: ${listed}`);
  }
  return join(directory, names.includes(mapKey) ? mapKey : (names[0] ?? mapKey));
};

/** `undefined`: it changed while it was read. */
const readWhole = (file: string): Uint8Array | undefined => {
  // O_NONBLOCK: opening a pipe would otherwise wait for somebody to write to it.
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) throw new Unusable(`${file} is not a file`);
    if (before.size > BigInt(longest)) throw new Unusable(`${file} is larger than ${longest} bytes`);
    const bytes = readFileSync(fd);
    const after = fstatSync(fd, { bigint: true });
    const still = after.mtimeNs === before.mtimeNs && after.size === before.size && BigInt(bytes.length) === after.size;
    if (!still) return undefined;
    return bytes;
  } finally {
    closeSync(fd);
  }
};

const decode = (file: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new Unusable(`${file} is not UTF-8`, { cause: error });
    throw error;
  }
};

/** `undefined`: the mount was swapped, or the file written, during the look. */
const lookOnce = (path: string): ConfigSource | undefined => {
  // Looked at first: a failing readlink costs more than all the rest.
  const isDirectory = statSync(path).isDirectory();
  const before = isDirectory ? dataOf(path) : '';
  const file = isDirectory ? chooseFile(path) : path;
  const bytes = readWhole(file);
  if (bytes === undefined || (isDirectory && dataOf(path) !== before)) return undefined;
  return { kind: 'text', text: decode(file, bytes), file, sha256: sha256(bytes) };
};

/**
 * Reads a configuration file, or a directory as a ConfigMap mount has it: the key `config.yaml`, else the only YAML
 * file. All of one moment, also while the mount is swapped. Never throws: what is missing or cannot be used is said.
 */
export const readConfigSource = (path: string): ConfigSource => {
  let gone = false;
  for (let look = 1; look <= mostLooks; look += 1) {
    try {
      const found = lookOnce(path);
      if (found !== undefined) return found;
      gone = false;
    } catch (error) {
      gone = isGone(error);
      const message = error instanceof Unusable ? error.message : `cannot read the configuration: ${textOf(error)}`;
      if (!gone) return { kind: 'error', file: path, message };
    }
  }
  if (gone) return { kind: 'missing', file: path };
  return { kind: 'error', file: path, message: `${path} changes all the time while it is read` };
};

type Stamp = { readonly text: string; readonly changedMs: number };

const stampOf = (path: string): Stamp => {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return { text: 'missing', changedMs: 0 };
  const text = `${stats.dev} ${stats.ino} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.size}`;
  const changedMs = Number(stats.ctimeMs);
  if (!stats.isDirectory()) return { text, changedMs };
  const inside = stampOf(join(path, mapKey));
  return { text: `${text} ${inside.text}`, changedMs: Math.max(changedMs, inside.changedMs) };
};

const stampIfThere = (path: string): Stamp => {
  try {
    return stampOf(path);
  } catch (error) {
    // EACCES, ELOOP, EIO: reading it will say so.
    return { text: codeOf(error), changedMs: 0 };
  }
};

/** Changes when the file, or what a mount points at, may have changed; reads no content and never throws. */
export const configStamp = (path: string | undefined): string => (path === undefined ? '' : stampIfThere(path).text);

/** File systems stamp times in ticks of up to 2 s: what was read so soon after its last change may change unseen. */
const settleMs = 2_000;

/** `readConfigSource` for whoever looks again and again: a file that has not been touched since is not read again. */
export const createConfigReader = (path: string, wall: () => number = Date.now): (() => ConfigSource) => {
  let known: { readonly stamp: string; readonly source: ConfigSource } | undefined;
  return () => {
    const { text: stamp, changedMs } = stampIfThere(path);
    if (known?.stamp === stamp) return known.source;
    const age = wall() - changedMs;
    const source = readConfigSource(path);
    // A file of another name than a ConfigMap's has no part in the stamp of its directory.
    const isStamped = source.kind === 'text' && (source.file === path || source.file === join(path, mapKey));
    known = isStamped && age >= settleMs ? { stamp, source } : undefined;
    return source;
  };
};
