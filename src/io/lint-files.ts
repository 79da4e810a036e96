import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { textOf } from '../core/error-text.ts';
import { isGone } from './disk/files.ts';

/** What was found at the paths given, ready to be checked. */
export type LintTarget =
  | { readonly kind: 'yaml'; readonly path: string; readonly text: string }
  | {
      readonly kind: 'hosts';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly beside: ReadonlyMap<string, Uint8Array>;
    }
  | { readonly kind: 'tree'; readonly path: string }
  | { readonly kind: 'nothing'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly why: string };

const mostDepth = 12;
const largestBeside = 4 * 1024 * 1024;
const isYaml = (name: string): boolean => /\.ya?ml$/i.test(name);
/** In a directory, only files that speak of our subject are looked at: it may hold a whole chart. */
const isOurs = (text: string): boolean =>
  /kublrAgentConfig|templates\/root_dir\/etc\/containerd\/certs\.d|^\s*(?:handspegel|addon):/m.test(text);
const isHosts = (name: string): boolean => /^hosts?\.(?:toml|tml|conf)$/i.test(name);
const isSkipped = (name: string): boolean => name === 'node_modules' || (name.startsWith('.') && name !== '.');

const namesBeside = (directory: string, own: string): ReadonlyMap<string, Uint8Array> =>
  new Map(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== own)
      .filter(({ name }) => statSync(join(directory, name)).size <= largestBeside)
      .map(({ name }) => [name, readFileSync(join(directory, name))]),
  );

const hostsTarget = (path: string): LintTarget => ({
  kind: 'hosts',
  path,
  bytes: readFileSync(path),
  beside: namesBeside(dirname(path), basename(path)),
});

const isCertificate = (name: string): boolean => /\.(?:crt|cert|key|pem)$/i.test(name);

/** A directory that is called as containerd's are, or whose directories hold what belongs there and nothing else. */
const isTree = (path: string, entries: readonly Dirent[]): boolean => {
  if (/^(?:certs|hosts)\.d$/.test(basename(path))) return true;
  const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => readdirSync(join(path, name)));
  return (
    inside.some((names) => names.some(isHosts)) &&
    inside.every((names) => names.every((name) => isHosts(name) || isCertificate(name)))
  );
};

const walk = (path: string, depth: number): readonly LintTarget[] => {
  const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const yaml = entries
    .filter((entry) => entry.isFile() && isYaml(entry.name))
    .map(({ name }) => join(path, name))
    .map((file) => ({ kind: 'yaml' as const, path: file, text: readFileSync(file, 'utf8') }))
    .filter(({ text }) => isOurs(text));
  if (isTree(path, entries)) return [...yaml, { kind: 'tree', path }];
  const hosts = entries
    .filter((entry) => entry.isFile() && isHosts(entry.name))
    .map(({ name }) => hostsTarget(join(path, name)));
  const deeper = entries
    .filter((entry) => entry.isDirectory() && !isSkipped(entry.name) && depth < mostDepth)
    .flatMap(({ name }) => walk(join(path, name), depth + 1));
  return [...yaml, ...hosts, ...deeper];
};

/** What there is to check at one path. `undefined`: nothing stands there. */
export const lintTargets = (path: string): readonly LintTarget[] | undefined => {
  try {
    if (statSync(path).isDirectory()) {
      const found = walk(path, 0);
      return found.length === 0 ? [{ kind: 'nothing', path }] : found;
    }
    if (/\.(?:toml|tml|conf)$/i.test(path)) return [hostsTarget(path)];
    return [{ kind: 'yaml', path, text: readFileSync(path, 'utf8') }];
  } catch (error) {
    return isGone(error) ? undefined : [{ kind: 'unreadable', path, why: textOf(error) }];
  }
};
