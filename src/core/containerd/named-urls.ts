import { modelledVersions, rulesOf } from './containerd-version.ts';
import { type HostTarget, parseHostUrl } from './host-url.ts';
import { readHosts } from './hosts.ts';
import type { HostFields } from './hosts-fields.ts';
import { unknownDirectory } from './judge-certificates.ts';

/** One place where a hosts.toml sends requests to. */
export type NamedUrl = {
  /** As written. */
  readonly url: string;
  readonly kind: 'host' | 'server';
  /** `undefined`: no containerd makes anything of it. */
  readonly target: HostTarget | undefined;
  readonly skipVerify: boolean;
};

const known = new WeakMap<Uint8Array, readonly NamedUrl[]>();

const targetOf = (url: string, { overridePath }: HostFields): HostTarget | undefined => {
  const outcome = parseHostUrl(url, { overridePath, strictColons: false });
  return outcome.ok ? outcome.target : undefined;
};

const read = (bytes: Uint8Array): readonly NamedUrl[] => {
  const found = new Map<string, NamedUrl>();
  const add = (kind: NamedUrl['kind'], url: string, fields: HostFields): void => {
    const key = `${kind} ${url}`;
    const skipVerify = fields.skipVerify === true || found.get(key)?.skipVerify === true;
    found.set(key, { url, kind, target: targetOf(url, fields), skipVerify });
  };
  for (const version of modelledVersions) {
    const reading = readHosts(bytes, unknownDirectory, rulesOf(version));
    if (reading.kind !== 'read') continue;
    for (const [url, fields] of reading.written) add('host', url, fields);
    for (const { url, fields } of reading.hosts) add('host', url, fields);
    if (reading.top.url !== '') add('server', reading.top.url, reading.top.fields);
  }
  return [...found.values()];
};

/**
 * Every host and `server` that any modelled containerd reads in these bytes: readers differ in what they take for a
 * table, and a node is updated some day. Empty for a file that none of them reads.
 */
export const namedUrls = (bytes: Uint8Array): readonly NamedUrl[] => {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  const urls = bytes.length === 0 ? [] : read(bytes);
  known.set(bytes, urls);
  return urls;
};
