import { type Family, traitsOf } from './families.ts';
import type { RegistryUrl } from './urls.ts';

export interface BasicAuth {
  readonly username: string;
  readonly password: string;
}

/** Everything that one hosts.toml of Spegel depends on. */
export interface HostsFile {
  readonly registry: RegistryUrl;
  readonly targets: readonly RegistryUrl[];
  readonly resolveTags: boolean;
  readonly basicAuth?: BasicAuth | undefined;
}

const capabilities = (resolveTags: boolean): string => (resolveTags ? "['pull', 'resolve']" : "['pull']");

function serverOf(registry: RegistryUrl): string {
  if (registry.wildcard) return '';
  return registry.text === 'https://docker.io' ? 'https://registry-1.docker.io' : registry.text;
}

/** The value of the header that makes the mirror accept a request; nothing when there are no credentials. */
export function authorization(auth: BasicAuth | undefined): string {
  if (auth === undefined || (auth.username === '' && auth.password === '')) return '';
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}

/** v0.0.23 and older: go-toml's Marshal of a struct: top-level keys, then one table, hosts in byte order, line end kept. */
function libraryText(file: HostsFile): string {
  const hosts = [...new Set(file.targets.map((target) => target.text))].sort();
  const tables = hosts.map((host) => `[host.'${host}']\ncapabilities = ${capabilities(file.resolveTags)}\n`);
  return `server = '${serverOf(file.registry)}'\n\n[host]\n${tables.join('\n')}`;
}

/**
 * The text of one hosts.toml, byte for byte, without what `prependExisting` adds.
 * Source: templateHosts in pkg/oci/containerd.go (v0.0.24 to v0.7.4) and pkg/oci/containerd/mirror.go (main).
 */
export function hostsFile(family: Family, file: HostsFile): string {
  const { dialTimeout, basicAuth, library } = traitsOf(family);
  if (library) return libraryText(file);
  const header = basicAuth ? authorization(file.basicAuth) : '';
  const server = serverOf(file.registry);
  const tables = file.targets.map(({ text }) =>
    [
      '',
      `[host.'${text}']`,
      `capabilities = ${capabilities(file.resolveTags)}`,
      ...(dialTimeout ? ["dial_timeout = '200ms'"] : []),
      ...(header === '' ? [] : [`[host.'${text}'.header]`, `Authorization = '${header}'`]),
      '',
    ].join('\n'),
  );
  return `${server === '' ? '' : `server = '${server}'`}\n${tables.join('')}`.trim();
}

/** The text after `prependExisting` found these tables in `_backup`. */
export const withExisting = (text: string, existing: string): string =>
  existing === '' ? text : `${text}\n\n${existing}`;
