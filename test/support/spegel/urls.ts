import { type Family, traitsOf } from './families.ts';

/** A registry or mirror as Spegel keeps it: `text` is what Go's URL.String() gives back. */
export interface RegistryUrl {
  readonly text: string;
  readonly host: string;
  readonly wildcard: boolean;
}

const wildcard: RegistryUrl = { text: '//_default', host: '_default', wildcard: true };

interface Parsed {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string;
}

/** The part of Go's url.Parse that a registry can meet. */
function parse(text: string, strictColons: boolean): Parsed {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(text);
  const fail = (why: string): Error => new Error(`parse ${JSON.stringify(text)}: ${why}`);
  if (match === null) throw fail('invalid URI');
  const [, scheme = '', authority = '', path = '', query, fragment = ''] = match;
  const cut = authority.lastIndexOf('@');
  const host = authority.slice(cut + 1);
  const bracket = host.lastIndexOf(']');
  if (host.startsWith('[') && bracket < 0) throw fail("missing ']' in host");
  const firstColon = strictColons ? host.indexOf(':') : host.lastIndexOf(':');
  const colon = host.startsWith('[') ? bracket + 1 : firstColon;
  const port = colon < 0 ? '' : host.slice(colon);
  if (port !== '' && !/^:\d*$/.test(port)) throw fail(`invalid port ${JSON.stringify(port)} after host`);
  return {
    scheme: scheme.toLowerCase(),
    user: cut < 0 ? undefined : authority.slice(0, cut),
    host,
    path,
    query,
    fragment,
  };
}

/** v0.0.23 to main: validateRegistries, validateRegistry, validateRegistryURL. */
function validate(url: Parsed, text: string): void {
  const problems: string[] = [];
  const say = (what: string): number => problems.push(`invalid registry url ${what}: ${text}`);
  if (url.scheme !== 'http' && url.scheme !== 'https') say('scheme must be http or https');
  if (url.path !== '') say('path has to be empty');
  if (url.query !== undefined && url.query !== '') say('query has to be empty');
  if (url.user !== undefined) say('user has to be empty');
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** URL.String() */
function print({ scheme, user, host, path, query, fragment }: Parsed): string {
  const authority = user === undefined && host === '' ? '' : `//${user === undefined ? '' : `${user}@`}${host}`;
  return `${scheme === '' ? '' : `${scheme}:`}${authority}${path}${query === undefined ? '' : `?${query}`}${fragment}`;
}

function parseRegistry(text: string, strictColons: boolean, checked = true): RegistryUrl {
  const url = parse(text, strictColons);
  if (checked) validate(url, text);
  return { text: print(url), host: url.host, wildcard: false };
}

/** v0.7.2 and later: httpx.EncapsulateIPv6Host, applied to the first target only. */
export function bracketIpv6(text: string): string {
  const match = /^(.*?:\/\/)([^/]*)(.*)$/s.exec(text);
  if (match === null) return text;
  const [, scheme = '', host = '', rest = ''] = match;
  if (host.includes('[') || host.split(':').length < 3) return text;
  const colon = host.lastIndexOf(':');
  return `${scheme}[${host.slice(0, colon)}]${host.slice(colon)}${rest}`;
}

/** The targets in their order. Source: main.go configurationCommand and parseMirrorTargets, parseRegistries. */
export function parseTargets(family: Family, targets: readonly string[]): readonly RegistryUrl[] {
  const { checksTargets, ipv6Brackets, strictColons, wildcards } = traitsOf(family);
  return targets.map((text, index) => {
    if (wildcards.includes(text) && wildcards.length > 1) throw new Error('wildcard registries are not allowed');
    return parseRegistry(ipv6Brackets && index === 0 ? bracketIpv6(text) : text, strictColons, checksTargets);
  });
}

/** The registries that get a file. Source: parseMirroredRegistries (v0.4.0), parseRegistries (v0.5.0 and later). */
export function parseMirrored(family: Family, registries: readonly string[]): readonly RegistryUrl[] {
  const { catchAll, wildcards, strictColons } = traitsOf(family);
  if (registries.length === 0) {
    if (!catchAll) throw new Error('--registries is required');
    return [wildcard];
  }
  if (wildcards.length > 1 && registries.filter((text) => wildcards.includes(text)).length > 1) {
    throw new Error('registries should not contain two wildcards');
  }
  return registries.map((text) => {
    if (wildcards.includes(text)) return wildcard;
    const url = parseRegistry(text, strictColons);
    // v0.1.0 to v0.4.0 tell the catch-all by its host alone.
    if (wildcards.length === 0 && catchAll && url.host === '') return { ...url, host: '_default' };
    return wildcards.length === 1 && url.host === '_default' ? { ...url, wildcard: true } : url;
  });
}
