import { splitHostPort } from '../containerd/host-address.ts';
import type { HostTarget } from '../containerd/host-url.ts';
import { type NamedUrl, namedUrls } from '../containerd/named-urls.ts';
import { isInside, parseCidr } from './cidr.ts';
import { isIPv6, normaliseAddress } from './context-address.ts';
import { namespaceOf } from './extension-path.ts';
import type { Settings } from './settings.ts';

/** Who may redirect pulls: `handspegel.policy.mirrors`. */
export type MirrorPolicy = Settings['policy']['mirrors'];

/** Nothing is forbidden. */
export const openPolicy: MirrorPolicy = { cidrs: [], hosts: [], schemes: [] };

/** A host or `server` of a file that the policy does not allow. */
export type PolicyBreach = { readonly url: string; readonly kind: NamedUrl['kind']; readonly why: string };

const isAddress = (host: string): boolean => isIPv6(host) || /^[\d.]+$/.test(host);

/** Name or address as normalised; `undefined` for what is neither, an address with a zone included. */
export const hostOfTarget = ({ host }: HostTarget): string | undefined =>
  normaliseAddress(splitHostPort(host)?.host ?? host.replace(/^\[(.*)\]$/, '$1'));

const matches = (pattern: string, host: string): boolean => {
  const below = pattern.startsWith('*.');
  const name = normaliseAddress(below ? pattern.slice(2) : pattern);
  if (name === undefined) return false;
  return below ? !isAddress(host) && host.endsWith(`.${name}`) : host === name;
};

const whyNotHost = (host: string | undefined, { cidrs, hosts }: MirrorPolicy): string | undefined => {
  if (cidrs.length === 0 && hosts.length === 0) return undefined;
  if (host === undefined) return 'its host is neither a name nor an address';
  if (hosts.some((pattern) => matches(pattern, host))) return undefined;
  if (!isAddress(host)) {
    return hosts.length === 0
      ? `${host} is a name, and only policy.mirrors.hosts allows names`
      : `no pattern of policy.mirrors.hosts allows ${host}`;
  }
  const inside = cidrs.some((text) => {
    const cidr = parseCidr(text);
    return cidr !== undefined && isInside(cidr, host);
  });
  return inside ? undefined : `${host} is in no network of policy.mirrors.cidrs`;
};

const whyNot = ({ target }: NamedUrl, policy: MirrorPolicy): string | undefined => {
  if (target === undefined) return 'no containerd understands it';
  const schemes: readonly string[] = policy.schemes.length === 0 ? ['http', 'https'] : policy.schemes;
  if (!schemes.includes(target.scheme)) {
    return `its scheme ${target.scheme} is not in policy.mirrors.schemes`;
  }
  return whyNotHost(hostOfTarget(target), policy);
};

const upstreamName = (registry: string): string => {
  const name = namespaceOf(registry);
  return name === 'docker.io' ? 'registry-1.docker.io' : name;
};

/** `server` that names the registry's own upstream by HTTPS: containerd would ask it without the line, too. */
const isUpstream = ({ kind, target }: NamedUrl, registry: string): boolean =>
  kind === 'server' &&
  registry !== '_default' &&
  target?.scheme === 'https' &&
  target.host.toLowerCase().replace(/:443$/, '') === upstreamName(registry).toLowerCase().replace(/:443$/, '');

export const isOpenPolicy = ({ cidrs, hosts, schemes }: MirrorPolicy): boolean =>
  cidrs.length + hosts.length + schemes.length === 0;

/**
 * What of a hosts.toml `policy.mirrors` does not allow, whichever containerd reads it. Names are matched as names:
 * nothing is resolved, so a name needs a pattern. Where a mirror redirects to cannot be seen here.
 */
export const policyBreaches = (bytes: Uint8Array, registry: string, policy: MirrorPolicy): readonly PolicyBreach[] => {
  if (isOpenPolicy(policy)) return [];
  return namedUrls(bytes).flatMap((named) => {
    const why = isUpstream(named, registry) ? undefined : whyNot(named, policy);
    return why === undefined ? [] : [{ url: named.url, kind: named.kind, why }];
  });
};
