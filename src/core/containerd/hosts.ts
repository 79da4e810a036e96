import type { ContainerdRules } from './containerd-version.ts';
import type { HostTarget } from './host-url.ts';
import { cleanPath, parseHostUrl } from './host-url.ts';
import { parseGoDuration } from './hosts-duration.ts';
import type { DecodedHosts, HostFields, LooseValue } from './hosts-fields.ts';
import { decodedHosts, hostsFileType, noFields } from './hosts-fields.ts';
import { decodeGoToml1 } from './hosts-go1.ts';
import { byteString, byteStringToText } from './toml/bytes.ts';
import { GoPanic, positionOf, TomlError } from './toml/error.ts';
import { parseGoToml1 } from './toml/go1.ts';
import { readGoToml2 } from './toml/go2.ts';
import { decodeGoToml2 } from './toml/go2-decode.ts';
import { decodeGoToml24 } from './toml/go24-decode.ts';

/** One host of a file that was read, or its top level, with its settings worked out (`hostConfig`). */
export type HostConfig = {
  /** As written; empty for the top level without a `server`. */
  readonly url: string;
  /** Empty strings when the URL is empty: for the top level that means the registry itself. */
  readonly target: HostTarget;
  readonly capabilities: readonly string[];
  /** Absolute paths; absent and empty differ: an empty list counts as a TLS setting. */
  readonly ca: readonly string[] | undefined;
  /** Certificate and key; an empty key means that the certificate's file holds it. */
  readonly client: readonly (readonly [string, string])[] | undefined;
  readonly skipVerify: boolean | undefined;
  readonly header: ReadonlyMap<string, readonly string[]>;
  /** Nanoseconds. */
  readonly dialTimeout: bigint | undefined;
  /** What was written. */
  readonly fields: HostFields;
};

/** What one containerd version makes of the text of a `hosts.toml`. */
export type HostsReading =
  /** It is used. `hosts` in order, then the top level, always one. */
  | {
      readonly kind: 'read';
      readonly hosts: readonly HostConfig[];
      readonly top: HostConfig;
      /** All hosts that are written, also those that are not listed (dotted keys on 2.x). */
      readonly written: ReadonlyMap<string, HostFields>;
      /** False when containerd gives the hosts another order at each call. */
      readonly stable: boolean;
    }
  /** `failed to decode` in its log; certificate files of the directory count, then the upstream. */
  | { readonly kind: 'ignored'; readonly reason: string; readonly line: number; readonly column: number }
  /** containerd dies. */
  | { readonly kind: 'panic'; readonly reason: string; readonly line: number; readonly column: number };

const knownCapabilities = (rules: ContainerdRules): readonly string[] =>
  rules.referrers ? ['pull', 'resolve', 'push', 'referrers'] : ['pull', 'resolve', 'push'];

/** All that this version knows: what an entry without a `capabilities` key can do. */
export const allCapabilities = knownCapabilities;

const capabilitiesOf = (fields: HostFields, rules: ContainerdRules): readonly string[] => {
  const known = knownCapabilities(rules);
  const written = fields.capabilities ?? [];
  if (written.length === 0) return known;
  const lower = written.map((name) => name.replaceAll('\u0130', 'i').toLowerCase());
  const unknown = written.find((_, index) => !known.includes(lower[index] ?? ''));
  if (unknown !== undefined) throw new HostsError(`unknown capability ${unknown}`);
  return known.filter((name) => lower.includes(name));
};

/** Why a file that was decoded is ignored all the same. */
class HostsError extends Error {
  override name = 'HostsError';
}

const isList = (value: LooseValue): value is readonly LooseValue[] => Array.isArray(value);

const describe = (value: LooseValue): string => {
  if (typeof value === 'string') return 'a string';
  return 'other' in value ? value.other : 'a list';
};

const strings = (values: readonly LooseValue[], key: string): readonly string[] =>
  values.map((value) => {
    if (typeof value === 'string') return value;
    throw new HostsError(`unable to cast an item of ${key} to string: it is ${describe(value)}`);
  });

const absolute = (path: string, directory: string): string =>
  path.startsWith('/') ? path : cleanPath(`${directory}/${path}`);

const caOf = ({ ca }: HostFields, directory: string): readonly string[] | undefined => {
  if (ca === undefined) return undefined;
  if (typeof ca === 'string') return [absolute(ca, directory)];
  if (!isList(ca)) throw new HostsError(`invalid type for "ca": ${describe(ca)}`);
  return strings(ca, 'ca').map((path) => absolute(path, directory));
};

const pairOf = (value: LooseValue, directory: string): readonly [string, string] => {
  if (typeof value === 'string') return [absolute(value, directory), ''];
  if (!isList(value)) throw new HostsError(`invalid type for "client": ${describe(value)}`);
  const [certificate, key, ...more] = strings(value, 'client').map((path) => absolute(path, directory));
  if (certificate === undefined || key === undefined || more.length > 0) {
    throw new HostsError('invalid pair for "client": it must be a certificate and a key');
  }
  return [certificate, key];
};

const clientOf = ({ client }: HostFields, directory: string): HostConfig['client'] => {
  if (client === undefined) return undefined;
  if (typeof client === 'string') return [[absolute(client, directory), '']];
  if (!isList(client)) throw new HostsError(`invalid type for "client": ${describe(client)}`);
  // An empty list leaves Go's slice nil: unlike `ca = []` it is no TLS setting.
  return client.length === 0 ? undefined : client.map((item) => pairOf(item, directory));
};

const headerOf = ({ header }: HostFields): ReadonlyMap<string, readonly string[]> => {
  const result = new Map<string, readonly string[]>();
  for (const [name, value] of header ?? []) {
    if (typeof value !== 'string' && !isList(value)) {
      throw new HostsError(`invalid type for header "${name}": ${describe(value)}`);
    }
    result.set(name, typeof value === 'string' ? [value] : strings(value, `header "${name}"`));
  }
  return result;
};

const dialTimeoutOf = ({ dialTimeout }: HostFields): bigint | undefined => {
  if (dialTimeout === '') return undefined;
  const duration = parseGoDuration(dialTimeout);
  if (duration === undefined) throw new HostsError(`time: invalid duration "${dialTimeout}"`);
  return duration;
};

const noTarget: HostTarget = { scheme: '', host: '', path: '' };

const targetOf = (url: string, fields: HostFields, rules: ContainerdRules): HostTarget => {
  if (url === '') return noTarget;
  const { overridePath } = fields;
  const outcome = parseHostUrl(url, { overridePath, strictColons: rules.strictColons });
  if (!outcome.ok) throw new HostsError(outcome.error);
  return outcome.target;
};

/** `parseHostConfig`: one bad entry makes the whole file ignored. */
const configOf = (url: string, fields: HostFields, directory: string, rules: ContainerdRules): HostConfig => ({
  url,
  target: targetOf(url, fields, rules),
  skipVerify: fields.skipVerify,
  capabilities: capabilitiesOf(fields, rules),
  ca: caOf(fields, directory),
  client: clientOf(fields, directory),
  header: headerOf(fields),
  dialTimeout: dialTimeoutOf(fields),
  fields,
});

/** The tables in their order; one that is named again after another host's is listed again (`getSortedHosts`). */
const orderOf = (source: string, modern: boolean): readonly string[] => {
  const order: string[] = [];
  try {
    for (const expression of readGoToml2(source, modern)) {
      if (expression.kind !== 'table') continue;
      const [host, url] = expression.key;
      if (host?.text === 'host' && url !== undefined && url.text !== (order.at(-1) ?? '')) order.push(url.text);
    }
  } catch (error) {
    // The decoder meets the same error and reports it.
    if (!(error instanceof TomlError)) throw error;
  }
  return order;
};

const decode = (source: string, rules: ContainerdRules): DecodedHosts => {
  const type = hostsFileType(rules);
  switch (rules.library) {
    case 'go-toml-1':
      return decodeGoToml1(parseGoToml1(source), rules);
    case 'go-toml-2.2':
    case 'go-toml-2.3': {
      const old = rules.library === 'go-toml-2.2';
      const options = { dateIsDeadly: old, emptySliceIsDeadly: old };
      return decodedHosts(decodeGoToml2(readGoToml2(source, false), type, options), orderOf(source, false));
    }
    case 'go-toml-2.4':
      return decodedHosts(decodeGoToml24(readGoToml2(source, true), type), orderOf(source, true));
    default:
      return rules.library satisfies never;
  }
};

/** Where a table of this host stands, for people. */
const placeOfHost = (source: string, url: string): number => {
  const at = url === '' ? -1 : source.indexOf(url);
  return Math.max(at, 0);
};

/**
 * Reads the bytes of a `hosts.toml` as one containerd version does (`parseHostsFile`). `directory` is where it lies:
 * paths of certificates are relative to it. Never throws. An empty file must not come here: containerd treats it as
 * absent.
 */
export const readHosts = (bytes: Uint8Array, directory: string, rules: ContainerdRules): HostsReading => {
  const source = byteString(bytes);
  try {
    const decoded = decode(source, rules);
    const hosts: HostConfig[] = [];
    for (const url of decoded.order) {
      hosts.push(located(source, url, () => configOf(url, decoded.hosts.get(url) ?? noFields, directory, rules)));
    }
    const top = located(source, decoded.server, () => configOf(decoded.server, decoded.top, directory, rules));
    return { kind: 'read', hosts, top, written: decoded.hosts, stable: decoded.stable };
  } catch (error) {
    if (error instanceof TomlError)
      return { kind: 'ignored', reason: byteStringToText(error.message), ...positionOf(source, error.at) };
    if (error instanceof GoPanic) return { kind: 'panic', reason: error.message, ...positionOf(source, error.at) };
    throw error;
  }
};

const located = (source: string, url: string, make: () => HostConfig): HostConfig => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof HostsError)) throw error;
    throw new TomlError(error.message, placeOfHost(source, url));
  }
};
