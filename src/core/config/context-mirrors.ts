import { parseContainerdVersion } from '../containerd/containerd-version.ts';
import type { Facts } from '../facts.ts';
import type { Config } from './config.ts';
import { hostInUrl, isIPv6, mirrorKey, normaliseAddress, uniqueAddresses } from './context-address.ts';

export type BootstrapMirrors = {
  /** URLs in order: this node, the control plane, then the chart's additional targets; each once. */
  readonly targets: readonly string[];
  /** IPv6 mirrors that this node's containerd could not read. */
  readonly leftOut: readonly string[];
};

/** containerd before 2.0 ignores a whole file that names an IPv6 mirror (containerd-hosts.md 2.1). */
const readsIPv6 = (facts: Facts): boolean | undefined => {
  const version = parseContainerdVersion(facts.containerdVersion ?? '');
  return version === undefined ? undefined : version.major >= 2;
};

/** The addresses of the control plane as configured, or else as found. */
export const controlPlaneOf = (config: Config, facts: Facts): readonly string[] => {
  const { addresses } = config.settings.controlPlane;
  return uniqueAddresses(addresses.length > 0 ? addresses : facts.controlPlane);
};

/**
 * The one address of this node that Spegel's file names: the chart's `nodeIp`, or the preferred address, which is
 * `status.hostIP`. Where IPv6 cannot be read, an IPv4 address of the node stands in.
 */
const ownAddress = (config: Config, facts: Facts, ipv6: boolean): string | undefined => {
  const addresses = uniqueAddresses(facts.nodeAddresses);
  const preferred = config.chart.nodeIp ?? addresses[0];
  if (preferred === undefined || ipv6 || !isIPv6(preferred)) return preferred;
  return addresses.find((address) => !isIPv6(address)) ?? preferred;
};

/** Additional targets that are Spegel's own mirrors on this node: its file would name one host twice. */
export const doubledTargets = (config: Config, facts: Facts): readonly string[] => {
  const { chart } = config;
  const own = chart.nodeIp ?? uniqueAddresses(facts.nodeAddresses)[0];
  if (own === undefined) return [];
  const keys = [chart.ports.host, chart.ports.node].map((port) => mirrorKey(`http://${hostInUrl(own)}:${port}`));
  return chart.additionalMirrorTargets.filter((url) => keys.includes(mirrorKey(url)));
};

const allMirrors = (config: Config, facts: Facts, ipv6: boolean): readonly string[] => {
  const own = ownAddress(config, facts, ipv6);
  const mine = new Set([...uniqueAddresses(facts.nodeAddresses), ...(own === undefined ? [] : [own])]);
  const others = controlPlaneOf(config, facts).filter((address) => !mine.has(address));
  const spegel = [...(own === undefined ? [] : [own]), ...others];
  const urls = [
    ...spegel.map((address) => `http://${hostInUrl(address)}:${config.chart.ports.host}`),
    ...config.chart.additionalMirrorTargets,
  ];
  const seen = new Set<string>();
  return urls.filter((url) => {
    const key = mirrorKey(url) ?? url;
    return seen.has(key) ? false : seen.add(key);
  });
};

const hasIPv6Host = (url: string): boolean => {
  const host = /^https?:\/\/(\[[^\]]*\])/.exec(url)?.[1];
  return host !== undefined && normaliseAddress(host) !== undefined;
};

/**
 * The mirrors of the built-in template. IPv6 ones are left out for containerd 1.6 and 1.7. While the version is unknown
 * they are in only if there is no other mirror: then an old containerd loses nothing by ignoring the file.
 */
export const bootstrapMirrors = (config: Config, facts: Facts): BootstrapMirrors => {
  const readable = readsIPv6(facts);
  const targets = allMirrors(config, facts, readable === true);
  const ipv4 = targets.filter((url) => !hasIPv6Host(url));
  if (readable === true || ipv4.length === targets.length) return { targets, leftOut: [] };
  if (readable === undefined && ipv4.length === 0) return { targets: allMirrors(config, facts, true), leftOut: [] };
  return { targets: ipv4, leftOut: targets.filter(hasIPv6Host) };
};
