import type { HostConfig } from './hosts.ts';
import type { HostFields, LooseValue } from './hosts-fields.ts';
import type { ClientPair, HeaderLine, HostEntry, HostSettings, HostsFile } from './hosts-file.ts';

const texts = (value: LooseValue): readonly string[] | undefined => {
  if (typeof value === 'string' || !Array.isArray(value)) return undefined;
  const items = value.filter((item): item is string => typeof item === 'string');
  return items.length === value.length ? items : undefined;
};

const textOrList = (value: LooseValue): string | readonly string[] | undefined =>
  typeof value === 'string' ? value : texts(value);

const pairOf = (value: LooseValue): ClientPair | undefined => {
  if (typeof value === 'string') return value;
  const [certificate, key, ...more] = texts(value) ?? [];
  return certificate === undefined || key === undefined || more.length > 0 ? undefined : [certificate, key];
};

const clientOf = (value: LooseValue): string | readonly ClientPair[] | undefined => {
  if (typeof value === 'string' || !Array.isArray(value)) return typeof value === 'string' ? value : undefined;
  const pairs = value.map(pairOf).filter((pair) => pair !== undefined);
  return pairs.length === value.length ? pairs : undefined;
};

const headerOf = (header: ReadonlyMap<string, LooseValue>): readonly HeaderLine[] => {
  const lines: HeaderLine[] = [];
  for (const [name, loose] of header) {
    const value = textOrList(loose);
    if (value !== undefined) lines.push({ name, value });
  }
  return lines;
};

/** What was written for one host or the top level; values that containerd has no use for are left out. */
export const settingsOf = (fields: HostFields): HostSettings => {
  const { capabilities, skipVerify, dialTimeout } = fields;
  const ca = fields.ca === undefined ? undefined : textOrList(fields.ca);
  const client = fields.client === undefined ? undefined : clientOf(fields.client);
  const header = headerOf(fields.header ?? new Map());
  return {
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { client }),
    ...(skipVerify === undefined ? {} : { skipVerify }),
    ...(fields.overridePath ? { overridePath: true } : {}),
    ...(dialTimeout === '' ? {} : { dialTimeout }),
    ...(header.length === 0 ? {} : { header }),
  };
};

export const entryOf = (config: Pick<HostConfig, 'url' | 'fields'>): HostEntry => ({
  url: config.url,
  ...settingsOf(config.fields),
});

/** The file that was read, each host once: a host that is listed twice is still one table. */
export const fileOf = (hosts: readonly HostConfig[], top: HostConfig): HostsFile => {
  const once = new Map(hosts.map((host) => [host.url, host]).reverse() as [string, HostConfig][]);
  return {
    ...(top.url === '' ? {} : { server: top.url }),
    top: settingsOf(top.fields),
    hosts: hosts.filter((host) => once.get(host.url) === host).map(entryOf),
  };
};
