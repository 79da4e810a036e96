import { type NamedUrl, namedUrls } from '../containerd/named-urls.ts';
import { type Cidr, isInside, parseCidr } from './cidr.ts';
import { isIPv6, uniqueAddresses } from './context-address.ts';
import { namespaceOf } from './extension-path.ts';
import { hostOfTarget, type MirrorPolicy } from './mirror-policy.ts';

/** What is allowed and still worth a warning. */
export type MirrorRisk = {
  readonly url: string;
  readonly code: 'mirror-unverified' | 'mirror-plain-http';
  readonly why: string;
};

const cidrsOf = (...texts: readonly string[]): readonly Cidr[] => texts.flatMap((text) => parseCidr(text) ?? []);

/** Parsed when a URL needs them: most name this node alone. */
let parsed: readonly Cidr[] | undefined;
/** Loopback, link-local, private (RFC 1918), shared (RFC 6598) and unique local (RFC 4193) networks. */
const privateNetworks = (): readonly Cidr[] => {
  parsed ??= cidrsOf(
    '127.0.0.0/8',
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '169.254.0.0/16',
    '::1/128',
    'fc00::/7',
    'fe80::/10',
  );
  return parsed;
};

/** Names that lead nowhere outside: one word, and those of RFC 6761, 6762, 8375 and `.internal`. */
const isInternalName = (host: string): boolean =>
  !host.includes('.') || /\.(?:internal|local|localhost|home\.arpa|svc|svc\.[a-z0-9.-]+)$/.test(host);

/** Masks are no facts: as wide as sites usually are, /16 and /48. */
const around = (address: string): readonly Cidr[] => cidrsOf(`${address}/${isIPv6(address) ? 48 : 16}`);

/** Addresses and names of the node and the control plane, as far as they are known without asking anybody. */
export type OwnHosts = readonly string[];

const isNear = (host: string, own: OwnHosts): boolean => {
  const known = uniqueAddresses(own);
  if (known.includes(host)) return true;
  if (!isIPv6(host) && !/^[\d.]+$/.test(host)) return isInternalName(host);
  const addresses = known.filter((address) => isIPv6(address) || /^[\d.]+$/.test(address));
  return [...privateNetworks(), ...addresses.flatMap(around)].some((cidr) => isInside(cidr, host));
};

const plainHttp = ({ url, kind, target }: NamedUrl, registry: string, own: OwnHosts): readonly MirrorRisk[] => {
  const host = target === undefined ? undefined : hostOfTarget(target);
  if (target?.scheme !== 'http' || host === undefined || isNear(host, own)) return [];
  // A registry that speaks HTTP only is where it is, mirrors or not.
  if (kind === 'server' && target.host.toLowerCase() === namespaceOf(registry).toLowerCase()) return [];
  const why = `plain HTTP to ${host}, outside of the node's and the cluster's networks: whoever is on the way may change what is pulled by tag`;
  return [{ url, code: 'mirror-plain-http', why }];
};

const unverified = ({ url, skipVerify }: NamedUrl): readonly MirrorRisk[] =>
  skipVerify
    ? [
        {
          url,
          code: 'mirror-unverified',
          why: 'skip_verify takes any certificate: whoever is on the way may be the mirror',
        },
      ]
    : [];

/** Risks of a registry's hosts.toml. Plain HTTP that the policy names (`schemes: [http]`) is meant, and no risk to be told. */
export const mirrorRisks = (
  bytes: Uint8Array,
  registry: string,
  { own, policy }: { readonly own: OwnHosts; readonly policy: MirrorPolicy },
): readonly MirrorRisk[] => {
  // Most files have neither, and need not be read as each containerd does.
  if (!/skip_verify|http:|\\/i.test(new TextDecoder().decode(bytes))) return [];
  return namedUrls(bytes).flatMap((named) => [
    ...unverified(named),
    ...(policy.schemes.includes('http') ? [] : plainHttp(named, registry, own)),
  ]);
};
