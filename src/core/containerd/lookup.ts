import type { ContainerdRules, ContainerdVersion } from './containerd-version.ts';
import { rulesOf } from './containerd-version.ts';
import { goQuote } from './go-quote.ts';
import { isLocalhost, splitHostPort } from './host-address.ts';
import { cleanPath } from './host-url.ts';
import type { HostConfig, HostsReading } from './hosts.ts';
import { allCapabilities, readHosts } from './hosts.ts';
import type { CertificateReader } from './hosts-certificates.ts';
import { noFields } from './hosts-fields.ts';
import type { LookupFiles, LookupTree, SystemError } from './lookup-tree.ts';
import { openTree } from './lookup-tree.ts';

/** One host as containerd would ask it, in the terms of its transport. */
export type ResolvedHost = {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly capabilities: readonly string[];
  readonly header: ReadonlyMap<string, readonly string[]>;
  /** Nanoseconds. */
  readonly dialTimeout: bigint;
  readonly skipVerify: boolean;
  readonly clientCertificates: number;
  /** Certificates added to the system's; `undefined`: the system's pool is used as it is. */
  readonly extraAuthorities: number | undefined;
  /** HTTPS first, then HTTP. */
  readonly httpFallback: boolean;
  /** What it was made from; `undefined` for an entry that no file names. */
  readonly config: HostConfig | undefined;
};

export type Candidate = {
  /** Relative to the root. */
  readonly directory: string;
  readonly state: 'absent' | 'chosen' | 'hidden' | 'failed';
};

export type LookupResult = {
  readonly candidates: readonly Candidate[];
  /** The directory chosen, relative to the root (`.` for the root itself). */
  readonly directory: string | undefined;
  /** `hosts.toml` there was not understood. */
  readonly ignored: Extract<HostsReading, { kind: 'ignored' }> | undefined;
  /** Every pull fails with this text. */
  readonly error: string | undefined;
  /** containerd dies. */
  readonly panic: Extract<HostsReading, { kind: 'panic' }> | undefined;
  /** In the order asked; empty with an error or a panic. */
  readonly hosts: readonly ResolvedHost[];
  /** False when containerd gives the hosts another order at each call. */
  readonly stable: boolean;
};

/** `hostDirectory`: the last colon becomes `_…_`. */
const underscoreName = (namespace: string): string => {
  const colon = namespace.lastIndexOf(':');
  return colon > 0 ? `${namespace.slice(0, colon)}_${namespace.slice(colon + 1)}_` : namespace;
};

/** The directory names that containerd tries for a namespace on Unix, in order. */
export const candidateDirectories = (namespace: string, rules: ContainerdRules): readonly string[] => {
  const underscored = underscoreName(namespace);
  const names = underscored === namespace ? [namespace] : [underscored, namespace];
  return rules.defaultDirectory ? [...names, '_default'] : names;
};

class PullError extends Error {
  override name = 'PullError';
}

const defaultDialTimeout = 30_000_000_000n;

const quotedError = (action: string, path: string, error: SystemError): string =>
  `${error === 'is a directory' ? 'read' : action} ${path}: ${error}`;

const emptyConfig = (rules: ContainerdRules): HostConfig => ({
  url: '',
  target: { scheme: '', host: '', path: '' },
  capabilities: allCapabilities(rules),
  ca: undefined,
  client: undefined,
  skipVerify: undefined,
  header: new Map(),
  dialTimeout: undefined,
  fields: noFields,
});

/** `loadCertFiles`: Docker's layout, used when there is no `hosts.toml` or it was not understood. */
const loadCertificateFiles = (files: LookupFiles, directory: string, rules: ContainerdRules): HostConfig => {
  const listed = files.list(directory);
  if (!listed.ok && listed.error !== 'no such file or directory') {
    throw new PullError(`open ${directory}: ${listed.error}`);
  }
  const ca: string[] = [];
  const client: [string, string][] = [];
  for (const { name, directory: isDirectory } of listed.ok ? listed.value : []) {
    if (isDirectory) continue;
    if (name.endsWith('.crt')) ca.push(`${directory}/${name}`);
    if (!name.endsWith('.cert')) continue;
    const key = `${directory}/${name.slice(0, -'.cert'.length)}.key`;
    const found = files.stat(key);
    if (!found.ok && found.error !== 'no such file or directory') throw new PullError(`stat ${key}: ${found.error}`);
    client.push([`${directory}/${name}`, found.ok ? key : '']);
  }
  return {
    ...emptyConfig(rules),
    ca: ca.length > 0 ? ca : undefined,
    client: client.length > 0 ? client : undefined,
  };
};

/** The entry for the registry itself, where the last entry of the list has no host. */
const withUpstream = (config: HostConfig, namespace: string, rules: ContainerdRules): HostConfig => {
  const all = { ...config, capabilities: allCapabilities(rules) };
  const to = (scheme: string, host: string): HostConfig => ({ ...all, target: { scheme, host, path: '/v2' } });
  if (namespace === 'docker.io') return to('https', 'registry-1.docker.io');
  if (rules.localhost === 'https' || !isLocalhost(namespace)) return to('https', namespace);
  if (rules.localhost === 'http') return { ...to('http', namespace), skipVerify: true };
  const port = splitHostPort(namespace)?.port ?? '';
  const scheme = port === '' || port === '443' ? 'https' : 'http';
  return port === '80' ? to(scheme, namespace) : { ...to(scheme, namespace), skipVerify: true };
};

const readFile = (files: LookupFiles, path: string, what: string): Uint8Array => {
  const found = files.read(path);
  if (!found.ok)
    throw new PullError(`unable to read ${what} ${goQuote(path)}: ${quotedError('open', path, found.error)}`);
  return found.value;
};

type Loaded = { readonly extraAuthorities: number | undefined; readonly clientCertificates: number };

const loadCertificates = (config: HostConfig, files: LookupFiles, reader: CertificateReader): Loaded => {
  const authorities = new Set<string>();
  for (const path of config.ca ?? []) {
    const found = reader.authorities(readFile(files, path, 'CA cert'));
    if (found.length === 0) throw new PullError(`unable to load CA cert ${goQuote(path)}`);
    for (const authority of found) authorities.add(authority);
  }
  for (const [certificatePath, keyPath] of config.client ?? []) {
    const certificate = readFile(files, certificatePath, 'CERT file');
    const key = keyPath === '' ? certificate : readFile(files, keyPath, 'CERT file');
    const error = reader.keyPairError(certificate, key);
    if (error !== undefined) throw new PullError(`failed to load X509 key pair: ${error}`);
  }
  return {
    extraAuthorities: config.ca === undefined ? undefined : authorities.size,
    clientCertificates: config.client?.length ?? 0,
  };
};

/** Whether `http://` is tried as HTTPS first: a TLS setting is there and the port does not say HTTP. */
export const triesHttpsFirst = (
  config: {
    readonly target: Pick<HostConfig['target'], 'scheme' | 'host'>;
    readonly ca?: unknown;
    readonly client?: unknown;
    readonly skipVerify?: unknown;
    readonly dialTimeout?: unknown;
  },
  rules: ContainerdRules,
): boolean => {
  const tls =
    config.ca !== undefined ||
    config.client !== undefined ||
    config.skipVerify !== undefined ||
    (rules.dialTimeoutIsTls && config.dialTimeout !== undefined);
  if (config.target.scheme !== 'http' || !tls || rules.httpsFirst === 'never') return false;
  const port = splitHostPort(config.target.host)?.port ?? '';
  return port === '' ? rules.httpsFirst === 'always' : port !== '80';
};

const resolveHost = (config: HostConfig, loaded: Loaded, rules: ContainerdRules): ResolvedHost => {
  const httpFallback = triesHttpsFirst(config, rules);
  return {
    scheme: httpFallback ? 'https' : config.target.scheme,
    host: config.target.host,
    path: config.target.path,
    capabilities: config.capabilities,
    header: config.header,
    dialTimeout: config.dialTimeout ?? defaultDialTimeout,
    skipVerify: config.skipVerify ?? false,
    ...loaded,
    httpFallback,
    config,
  };
};

type Reading = {
  readonly configs: readonly HostConfig[];
  readonly ignored?: LookupResult['ignored'];
  readonly panic?: LookupResult['panic'];
  readonly stable: boolean;
};

const readDirectory = (files: LookupFiles, directory: string, rules: ContainerdRules): Reading => {
  const path = cleanPath(`${directory}/hosts.toml`);
  const file = files.read(path);
  if (!file.ok && file.error !== 'no such file or directory')
    throw new PullError(quotedError('open', path, file.error));
  const bytes = file.ok ? file.value : new Uint8Array();
  if (bytes.length === 0) return { configs: [loadCertificateFiles(files, directory, rules)], stable: true };
  const reading = readHosts(bytes, directory, rules);
  switch (reading.kind) {
    case 'read':
      return { configs: [...reading.hosts, reading.top], stable: reading.stable };
    case 'ignored':
      return { configs: [loadCertificateFiles(files, directory, rules)], ignored: reading, stable: true };
    case 'panic':
      return { configs: [], panic: reading, stable: true };
    default:
      return reading satisfies never;
  }
};

const nothing = {
  directory: undefined,
  ignored: undefined,
  error: undefined,
  panic: undefined,
  hosts: [],
  stable: true,
};

const chooseDirectory = (
  files: LookupFiles,
  root: string,
  names: readonly string[],
): Pick<LookupResult, 'candidates' | 'directory' | 'error'> => {
  const candidates: Candidate[] = [];
  let directory: string | undefined;
  let error: string | undefined;
  for (const name of names) {
    const path = cleanPath(`${root}/${name}`);
    const found = files.stat(path);
    const relative = path === root ? '.' : path.slice(root.length + 1);
    const decided = directory !== undefined || error !== undefined;
    if (found.ok) {
      candidates.push({ directory: relative, state: decided ? 'hidden' : 'chosen' });
      directory ??= error === undefined ? relative : undefined;
    } else if (found.error === 'no such file or directory') {
      candidates.push({ directory: relative, state: 'absent' });
    } else {
      candidates.push({ directory: relative, state: decided ? 'hidden' : 'failed' });
      if (!decided) error = `stat ${path}: ${found.error}`;
    }
  }
  return { candidates, directory, error };
};

/**
 * What containerd does with a pull from `namespace` when `tree` is its one `config_path` directory: `ConfigureHosts`
 * with `HostDirFromRoot`, for the given version. Never throws.
 */
export const lookup = (
  tree: LookupTree,
  namespace: string,
  version: ContainerdVersion,
  certificates: CertificateReader,
): LookupResult => lookupByRules(tree, namespace, rulesOf(version), certificates);

/** The same by rules, to see which of them made a difference. */
export const lookupByRules = (
  tree: LookupTree,
  namespace: string,
  rules: ContainerdRules,
  certificates: CertificateReader,
): LookupResult => {
  const files = openTree(tree);
  const chosen = chooseDirectory(files, tree.root, candidateDirectories(namespace, rules));
  if (chosen.error !== undefined) return { ...nothing, ...chosen };
  const result: LookupResult = { ...nothing, ...chosen };
  let reading: Reading = { configs: [emptyConfig(rules)], stable: true };
  try {
    if (chosen.directory !== undefined)
      reading = readDirectory(files, cleanPath(`${tree.root}/${chosen.directory}`), rules);
    const { ignored, panic, stable } = reading;
    if (panic !== undefined) return { ...result, panic };
    const configs = reading.configs.map((config, index) =>
      index === reading.configs.length - 1 && config.target.host === ''
        ? withUpstream(config, namespace, rules)
        : config,
    );
    const hosts = configs.map((config) => resolveHost(config, loadCertificates(config, files, certificates), rules));
    return { ...result, ignored, hosts, stable };
  } catch (error) {
    if (!(error instanceof PullError)) throw error;
    return { ...result, ignored: reading.ignored, error: error.message };
  }
};
