import { shownUrl } from '../shown-url.ts';
import type { ContainerdRules, ContainerdVersion } from './containerd-version.ts';
import { modelledVersions, rulesOf, versionNumber } from './containerd-version.ts';
import { splitHostPort } from './host-address.ts';
import type { CertificateReader } from './hosts-certificates.ts';
import { type ImageReference, parseImageReference, refusedBefore17 } from './image-reference.ts';
import { type LookupResult, lookupByRules, type ResolvedHost } from './lookup.ts';
import type { LookupTree } from './lookup-tree.ts';

export type HostRole = 'this node' | 'control plane' | "Spegel's Service" | 'foreign' | 'upstream';

/** What is known of the cluster, to say who a host is. */
export type KnownAddresses = {
  readonly nodeAddresses: readonly string[];
  readonly controlPlane: readonly string[];
  /** Spegel's ports: its pod's on this node, and its Service's on every node. */
  readonly ports: { readonly host: number; readonly node: number };
};

/** Seconds that one request to this host can cost; `never` means that nothing ends it. */
export type Delays = {
  readonly refused: number;
  /** Packets are dropped: no connection. */
  readonly dropped: number;
  /** Connected, and then silent. */
  readonly hung: number | 'never';
};

export type ExplainedHost = {
  readonly url: string;
  readonly role: HostRole;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly httpsFirst: boolean;
  readonly capabilities: readonly string[];
  /** What a pull of this image asks it for, in the order of hosts. */
  readonly asked: readonly ('tag' | 'digest')[];
  /** The `ns` query that goes with each request. */
  readonly ns?: string;
  /** Per request: one for the tag, one for each manifest, the configuration and each layer. */
  readonly delays: Delays;
};

export type Explanation = {
  readonly image: ImageReference;
  readonly version: string;
  readonly candidates: readonly { readonly directory: string; readonly says: string }[];
  readonly outcome: 'pulls' | 'fails' | 'dies';
  /** Why it fails or dies, as containerd says it. */
  readonly error?: string;
  /** CRI of this version refuses the name of the image, and asks nobody; what follows is what `ctr` does, which takes it. */
  readonly refused?: string;
  /** The file was not understood. */
  readonly ignored?: { readonly reason: string; readonly line: number; readonly column: number };
  readonly hosts: readonly ExplainedHost[];
  /** Hosts, directories and files that play no part, and why. */
  readonly skipped: readonly { readonly what: string; readonly why: string }[];
  /** Rules of this version that changed the outcome. */
  readonly rules: readonly { readonly rule: string; readonly says: string }[];
  /** The same question to each modelled version. */
  readonly versions: readonly {
    readonly version: string;
    readonly outcome: string;
    readonly hosts: readonly string[];
  }[];
};

export type ExplainOptions = {
  readonly tree: LookupTree;
  readonly version: ContainerdVersion;
  readonly certificates: CertificateReader;
  readonly known: KnownAddresses;
};

const tlsHandshake = 10;
const responseHeader = 30;

const delaysOf = (host: ResolvedHost, rules: ContainerdRules): Delays => {
  const dial = Math.max(Number(host.dialTimeout) / 1e9, 0);
  // Without a port HTTPS and HTTP are two addresses: each is dialled.
  const twice = host.httpFallback && splitHostPort(host.host) === undefined;
  const silent = rules.responseHeaderTimeout ? responseHeader : 'never';
  if (host.scheme === 'http') return { refused: 0, dropped: dial, hung: silent };
  const handshake = host.httpFallback && silent === 'never' ? 'never' : tlsHandshake;
  const hung = host.httpFallback && silent !== 'never' ? tlsHandshake + silent : handshake;
  return { refused: 0, dropped: twice ? 2 * dial : dial, hung };
};

const portOf = ({ scheme, host, httpFallback }: ResolvedHost): number =>
  Number(splitHostPort(host)?.port ?? '') || (scheme === 'http' || httpFallback ? 80 : 443);

const roleOf = (host: ResolvedHost, isUpstream: boolean, known: KnownAddresses): HostRole => {
  if (isUpstream) return 'upstream';
  const name = splitHostPort(host.host)?.host ?? host.host.replace(/^\[(.*)\]$/, '$1');
  const own = known.nodeAddresses.includes(name);
  if (own && portOf(host) === known.ports.node && known.ports.node !== known.ports.host) return "Spegel's Service";
  if (own) return 'this node';
  return known.controlPlane.includes(name) ? 'control plane' : 'foreign';
};

/** The `ns` query of containerd: whenever the host is not the registry itself. */
const nsOf = (host: string, namespace: string): string | undefined => {
  const own = host === namespace || (namespace === 'docker.io' && host === 'registry-1.docker.io');
  return own ? undefined : namespace;
};

const askedFor = (
  host: ResolvedHost,
  image: ImageReference,
  hosts: readonly ResolvedHost[],
): ExplainedHost['asked'] => {
  const asked: ('tag' | 'digest')[] = [];
  const pulls = host.capabilities.includes('pull');
  if (image.digest === undefined && pulls && host.capabilities.includes('resolve')) asked.push('tag');
  // By digest, containerd asks every host as soon as one of them may pull.
  if (hosts.some(({ capabilities }) => capabilities.includes('pull'))) asked.push('digest');
  return asked;
};

const explainHosts = (
  image: ImageReference,
  result: LookupResult,
  rules: ContainerdRules,
  known: KnownAddresses,
): readonly ExplainedHost[] =>
  result.hosts.map((host, index) => {
    const isUpstream = index === result.hosts.length - 1 && host.config?.url === '';
    const ns = nsOf(host.host, image.namespace);
    return {
      url: shownUrl(host.config?.url || `${host.scheme}://${host.host}`),
      role: roleOf(host, isUpstream, known),
      scheme: host.scheme,
      host: host.host,
      path: host.path,
      httpsFirst: host.httpFallback,
      capabilities: host.capabilities,
      asked: askedFor(host, image, result.hosts),
      ...(ns === undefined ? {} : { ns }),
      delays: delaysOf(host, rules),
    };
  });

const candidateSays = (result: LookupResult): Explanation['candidates'] =>
  result.candidates.map(({ directory, state }) => {
    const hides =
      state === 'chosen' && directory !== '_default' && result.candidates.some((other) => other.state === 'hidden');
    const says = {
      absent: 'absent',
      hidden: 'hidden by the one that wins',
      failed: 'fails',
      chosen: hides ? 'wins, and hides what follows' : 'wins',
    };
    return { directory, says: says[state] };
  });

/** Directories whose names look as if they were meant for this registry, and which containerd never reads for it. */
const strayDirectories = (tree: LookupTree, namespace: string, result: LookupResult): Explanation['skipped'] => {
  const tried = result.candidates.map(({ directory }) => directory);
  const bare = namespace.replace(/:\d+$/, '');
  const near = [bare, `${bare}:443`, `${bare}_443_`, bare.toLowerCase(), `${bare}_`, '_default_', 'default'];
  if (namespace === 'docker.io') near.push('registry-1.docker.io', 'index.docker.io', 'hub.docker.com');
  const there = new Set([...tree.entries.keys()].map((path) => path.split('/', 1)[0] ?? ''));
  const stray = near.filter((name) => there.has(name) && !tried.includes(name));
  return [...new Set(stray)].map((what) => ({
    what: `${what}/`,
    why: `containerd does not look there for ${namespace}`,
  }));
};

const skippedOf = (tree: LookupTree, image: ImageReference, result: LookupResult): Explanation['skipped'] => {
  const skipped = [...strayDirectories(tree, image.namespace, result)];
  for (const { directory, state } of result.candidates) {
    if (state === 'hidden') skipped.push({ what: `${directory}/`, why: `${result.directory}/ stands before it` });
  }
  if (result.directory === undefined) return skipped;
  const inside = (name: string): boolean => tree.entries.has(`${result.directory}/${name}`);
  if (!inside('hosts.toml')) skipped.push({ what: `${result.directory}/hosts.toml`, why: 'there is none' });
  for (const name of ['host.toml', 'hosts.tml', 'hosts.toml.txt']) {
    if (inside(name)) skipped.push({ what: `${result.directory}/${name}`, why: 'the file must be called hosts.toml' });
  }
  if (result.ignored !== undefined) {
    skipped.push({ what: `${result.directory}/hosts.toml`, why: `not understood: ${result.ignored.reason}` });
  }
  return skipped;
};

const signature = (result: LookupResult): string =>
  JSON.stringify([
    result.directory ?? null,
    result.ignored !== undefined,
    result.error ?? null,
    result.panic !== undefined,
    // That 2.2 has one capability more for everybody is no difference to a pull.
    result.hosts.map(({ config: _config, dialTimeout, header, capabilities, ...rest }) => [
      rest,
      String(dialTimeout),
      [...header],
      capabilities.filter((capability) => capability !== 'referrers'),
    ]),
  ]);

type Turn = { readonly rule: string; readonly says: string; readonly rules: Partial<ContainerdRules> };

/** Each rule turned round, if it holds for this version. */
const turns = (rules: ContainerdRules): readonly Turn[] => {
  const all: readonly (Turn & { readonly holds: boolean })[] = [
    {
      holds: !rules.defaultDirectory,
      rule: 'no-default',
      says: '_default is read since 1.6.17',
      rules: { defaultDirectory: true },
    },
    {
      holds: rules.needsHostTable,
      rule: 'needs-host-table',
      says: 'before 1.7.32 a file without a [host] table is ignored',
      rules: { needsHostTable: false },
    },
    {
      holds: !rules.dialTimeout,
      rule: 'no-dial-timeout',
      says: 'dial_timeout is known since 2.0.7',
      rules: { dialTimeout: true },
    },
    {
      holds: rules.dialTimeoutIsTls,
      rule: 'dial-timeout-is-tls',
      says: 'in 2.0.x dial_timeout makes http:// hosts HTTPS first',
      rules: { dialTimeoutIsTls: false },
    },
    {
      holds: rules.httpsFirst !== 'never',
      rule: 'https-first',
      says: 'an http:// host with a TLS setting is asked by HTTPS first',
      rules: { httpsFirst: 'never' },
    },
    {
      holds: rules.strictColons,
      rule: 'strict-colons',
      says: 'since 2.3 a host name has one colon at most',
      rules: { strictColons: false },
    },
    {
      holds: !rules.referrers,
      rule: 'no-referrers',
      says: 'before 2.2 the capability referrers is unknown',
      rules: { referrers: true },
    },
    {
      holds: rules.localhost !== 'https',
      rule: 'localhost',
      says: 'a registry on localhost needs no HTTPS',
      rules: { localhost: 'https' },
    },
    {
      holds: rules.library !== 'go-toml-2.4',
      rule: 'toml-library',
      says: `this version reads TOML with ${rules.library}`,
      rules: { library: 'go-toml-2.4' },
    },
  ];
  return all.filter(({ holds }) => holds);
};

const outcomeOf = (result: LookupResult): Explanation['outcome'] => {
  if (result.panic !== undefined) return 'dies';
  return result.error === undefined ? 'pulls' : 'fails';
};

const summaryOf = (result: LookupResult): string => {
  const outcome = outcomeOf(result);
  if (outcome !== 'pulls') return outcome;
  return result.ignored === undefined ? 'pulls' : 'pulls from the upstream: the file is ignored';
};

/**
 * Why a pull goes where it goes: from an image as written in a Pod to the hosts that containerd asks, for one version
 * and in short for all modelled ones. Returns the reason as text when the image is no reference.
 */
export const explain = (text: string, options: ExplainOptions): Explanation | { readonly error: string } => {
  const parsed = parseImageReference(text);
  if (!parsed.ok) return { error: parsed.error };
  const { image } = parsed;
  const { tree, certificates, known } = options;
  const ask = (rules: ContainerdRules): LookupResult => lookupByRules(tree, image.namespace, rules, certificates);
  const rules = rulesOf(options.version);
  const result = ask(rules);
  const own = signature(result);
  const refusedBy = (its: ContainerdRules): string | undefined =>
    its.newImageNames ? undefined : refusedBefore17(image);
  const refused = refusedBy(rules);
  const error = refused === undefined ? (result.error ?? result.panic?.reason) : `CRI refuses the image: ${refused}`;
  return {
    image,
    version: versionNumber(options.version),
    candidates: candidateSays(result),
    outcome: refused === undefined ? outcomeOf(result) : 'fails',
    ...(refused === undefined ? {} : { refused }),
    ...(error === undefined ? {} : { error }),
    ...(result.ignored === undefined
      ? {}
      : { ignored: { reason: result.ignored.reason, line: result.ignored.line, column: result.ignored.column } }),
    hosts: explainHosts(image, result, rules, known),
    skipped: skippedOf(tree, image, result),
    rules: turns(rules)
      .filter((turn) => signature(ask({ ...rules, ...turn.rules })) !== own)
      .map(({ rule, says }) => ({ rule, says })),
    versions: modelledVersions.map((version) => {
      const other = ask(rulesOf(version));
      const hosts = other.hosts.map(({ scheme, host, path }) => `${scheme}://${host}${path}`);
      if (refusedBy(rulesOf(version)) === undefined)
        return { version: versionNumber(version), outcome: summaryOf(other), hosts };
      return { version: versionNumber(version), outcome: 'CRI refuses the name', hosts: [] };
    }),
  };
};
