import { hostFromUrl } from '../config/context-address.ts';
import { modelledVersions, parseContainerdVersion, rulesOf } from '../containerd/containerd-version.ts';
import { splitHostPort } from '../containerd/host-address.ts';
import { hostUrlIdentity, parseHostUrl } from '../containerd/host-url.ts';
import type { HostEntry } from '../containerd/hosts-file.ts';
import { triesHttpsFirst } from '../containerd/lookup.ts';
import type { Facts } from '../facts.ts';
import type { Tools } from '../tools.ts';
import type { Mirror, MirrorRole } from './mirror.ts';

/** What tells mirrors apart and says who they are. */
export type MirrorContext = {
  readonly facts: Facts;
  /** Spegel's ports on this node. */
  readonly ports: { readonly host: number; readonly node: number };
  readonly tools: Pick<Tools, 'parse' | 'sha256'>;
};

export type MirrorPlace = {
  readonly registry: string;
  /** Bytes of a file beside the hosts.toml. */
  readonly beside: (name: string) => Uint8Array | undefined;
  /** It is Spegel's file: all of its mirrors are asked often. */
  readonly spegel: boolean;
};

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const isPlain = ({ ca, client, skipVerify, header }: HostEntry): boolean =>
  ca === undefined && client === undefined && skipVerify === undefined && header === undefined;

/**
 * The same text for what is one mirror to a probe: the URL that containerd would ask, and a hash of the TLS settings and
 * headers that go with it, as far as there are any. `ca` and `client` are files of a registry's own.
 */
export const mirrorKey = (entry: HostEntry, registry: string, tools: Pick<Tools, 'sha256'>): string => {
  const identity = hostUrlIdentity(entry.url, entry.overridePath ?? false);
  if (isPlain(entry)) return identity;
  const { ca, client, skipVerify, header } = entry;
  const own = ca === undefined && client === undefined ? '' : registry;
  const settings = JSON.stringify([own, ca ?? '', client ?? '', skipVerify ?? '', header ?? '']);
  return `${identity} ${tools.sha256(encoder.encode(settings)).slice(0, 16)}`;
};

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** The ports that Kublr's document names are watched whether a file names them or not. */
const documentPorts = { host: 30020, node: 30021 } as const;

/** Where Spegel answers on this node. */
const spegelPorts = ({ ports }: MirrorContext): ReadonlySet<number> =>
  new Set([documentPorts.host, documentPorts.node, ports.host, ports.node]);

/** Whose a port of this node is. With one port for all it is the Service's, and still the one that stands for this node. */
const ownRole = (port: number, { ports }: MirrorContext): 'local' | 'service' => {
  if (port === ports.node && port !== ports.host) return 'service';
  const isDocuments = port === documentPorts.node && (port !== ports.host || ports.host === ports.node);
  return isDocuments ? 'service' : 'local';
};

const isOnePod = (role: MirrorRole, port: number, { ports }: MirrorContext): boolean =>
  role === 'local' && port !== ports.node;

/** Who answers at this address and port. */
const mirrorRole = (address: string, port: number, context: MirrorContext): MirrorRole => {
  const { facts } = context;
  const own = facts.nodeAddresses.map(hostFromUrl).includes(hostFromUrl(address)) || isLoopback(hostFromUrl(address));
  if (own) return ownRole(port, context);
  return facts.controlPlane.map(hostFromUrl).includes(hostFromUrl(address)) ? 'control-plane' : 'foreign';
};

const textOf = (place: MirrorPlace, name: string): string | undefined => {
  const bytes = name.startsWith('/') ? undefined : place.beside(name);
  return bytes === undefined ? undefined : decoder.decode(bytes);
};

const clientOf = (entry: HostEntry, place: MirrorPlace): Mirror['client'] => {
  const [first] = [entry.client ?? []].flat();
  if (first === undefined) return undefined;
  const [certificate, key] = typeof first === 'string' ? [first, first] : first;
  const [cert, secret] = [textOf(place, certificate), textOf(place, key || certificate)];
  return cert === undefined || secret === undefined ? undefined : { cert, key: secret };
};

const headersOf = (entry: HostEntry): Readonly<Record<string, string>> =>
  Object.fromEntries((entry.header ?? []).map(({ name, value }) => [name, [value].flat().join(', ')]));

const isHttpsFirst = (entry: HostEntry, target: { scheme: string; host: string }, facts: Facts): boolean => {
  const version = parseContainerdVersion(facts.containerdVersion ?? '') ?? modelledVersions.at(-1);
  return version !== undefined && triesHttpsFirst({ ...entry, target }, rulesOf(version));
};

const mirrorOf = (entry: HostEntry, place: MirrorPlace, context: MirrorContext): Mirror | undefined => {
  const outcome = parseHostUrl(entry.url, { overridePath: entry.overridePath ?? false, strictColons: false });
  if (!outcome.ok || !/^https?$/.test(outcome.target.scheme)) return undefined;
  const { scheme, host, path } = outcome.target;
  const address = hostFromUrl(splitHostPort(host)?.host ?? host);
  const port = Number(splitHostPort(host)?.port ?? '') || (scheme === 'https' ? 443 : 80);
  const role = mirrorRole(address, port, context);
  const own = role === 'local' || role === 'service';
  const rest = `${host}${path.replace(/\/$/, '')}/`;
  const schemes = isHttpsFirst(entry, outcome.target, context.facts) ? ['https', 'http'] : [scheme];
  const probeUrls = schemes.map((one) => `${one}://${rest}`).filter((url) => URL.canParse(url));
  if (probeUrls.length === 0) return undefined;
  return {
    key: mirrorKey(entry, place.registry, context.tools),
    url: entry.url,
    probeUrls,
    role,
    address,
    port,
    registries: [place.registry],
    near: place.spegel || own,
    // Another program at a port of this node may be a cache, which would ask its upstream.
    deep: place.spegel || (own && spegelPorts(context).has(port)),
    onePod: isOnePod(role, port, context),
    headers: headersOf(entry),
    ca: [entry.ca ?? []].flat().flatMap((name) => textOf(place, name) ?? []),
    client: clientOf(entry, place),
    skipVerify: entry.skipVerify === true,
  };
};

/** The mirrors that a hosts.toml names, its `server` not among them. */
export const mirrorsOfFile = (bytes: Uint8Array, place: MirrorPlace, context: MirrorContext): readonly Mirror[] => {
  const entries = context.tools.parse(bytes)?.hosts ?? [];
  return entries.flatMap((entry) => mirrorOf(entry, place, context) ?? []);
};

/** This node's own ports, as far as its address is known. */
export const ownPorts = (context: MirrorContext): readonly Mirror[] => {
  const [address] = context.facts.nodeAddresses;
  if (address === undefined) return [];
  const host = address.includes(':') ? `[${hostFromUrl(address)}]` : address;
  return [...spegelPorts(context)].map((port): Mirror => {
    const url = `http://${host}:${port}`;
    const role = ownRole(port, context);
    return {
      key: mirrorKey({ url }, '', context.tools),
      url,
      probeUrls: [`${url}/v2/`],
      role,
      address: hostFromUrl(address),
      port,
      registries: [],
      near: true,
      deep: true,
      onePod: isOnePod(role, port, context),
      headers: {},
      ca: [],
      client: undefined,
      skipVerify: false,
    };
  });
};

/** Each mirror once, with all the registries that name it; asked as often as the most demanding of them wants. */
export const uniqueMirrors = (mirrors: readonly Mirror[]): readonly Mirror[] => {
  const found = new Map<string, Mirror>();
  for (const mirror of mirrors) {
    const known = found.get(mirror.key);
    found.set(
      mirror.key,
      known === undefined
        ? mirror
        : {
            ...known,
            near: known.near || mirror.near,
            deep: known.deep || mirror.deep,
            registries: [...new Set([...known.registries, ...mirror.registries])],
          },
    );
  }
  return [...found.values()];
};
