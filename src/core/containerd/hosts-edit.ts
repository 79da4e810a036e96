import { hostUrlIdentity } from './host-url.ts';
import type { HostEntry, HostsFile } from './hosts-file.ts';

/** The file without the hosts that `drop` names; everything else stays. */
export const withoutHosts = (file: HostsFile, drop: (host: HostEntry) => boolean): HostsFile => ({
  ...file,
  hosts: file.hosts.filter((host) => !drop(host)),
});

/**
 * The hosts of `first`, then those of `second` that are not there yet, each once; top-level keys from `first`. Two
 * hosts are one when containerd would ask the same URL: `https://m`, `m` and `https://m/v2` are. Merging a file with
 * itself mends one that names a host twice.
 */
export const mergeHostsFiles = (first: HostsFile, second: HostsFile): HostsFile => {
  const hosts = new Map<string, HostEntry>();
  for (const host of [...first.hosts, ...second.hosts]) {
    const identity = hostUrlIdentity(host.url, host.overridePath ?? false);
    if (!hosts.has(identity)) hosts.set(identity, host);
  }
  return { ...first, hosts: [...hosts.values()] };
};
