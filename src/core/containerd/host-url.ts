import { goQuote } from './go-quote.ts';
import { parseIPv6 } from './host-address.ts';
import { byteStringToText, textToByteString } from './toml/bytes.ts';

/** Where containerd sends the requests of one entry: `scheme://host` + `path` + `/<repository>/manifests/…`. */
export type HostTarget = {
  readonly scheme: string;
  /** Name or address with its port, IPv6 in brackets, as in a URL. */
  readonly host: string;
  readonly path: string;
};

export type HostTargetOutcome =
  | { readonly ok: true; readonly target: HostTarget }
  | { readonly ok: false; readonly error: string };

class UrlError extends Error {
  override name = 'UrlError';
}

/** What Go lets stand unescaped in a host. */
const hostByte = /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\u00ff]/;

const decodePercent = (text: string, mode: 'host' | 'zone' | 'other'): string => {
  const malformed = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(text);
  for (const [triplet = ''] of text.matchAll(/%[0-9A-Fa-f]{2}/g)) {
    if (malformed !== null && text.indexOf(triplet) > malformed.index) break;
    const byte = Number.parseInt(triplet.slice(1), 16);
    if (mode === 'host' && byte < 0x80 && triplet !== '%25') throw new UrlError(`invalid URL escape "${triplet}"`);
    if (mode === 'zone' && triplet !== '%25' && byte !== 0x20 && !hostByte.test(String.fromCharCode(byte))) {
      throw new UrlError(`invalid URL escape "${triplet}"`);
    }
  }
  if (malformed !== null) throw new UrlError(`invalid URL escape "${malformed[0]}"`);
  if (mode !== 'other') {
    for (const byte of text.replaceAll(/%[0-9A-Fa-f]{2}/g, '')) {
      if (!hostByte.test(byte)) throw new UrlError(`invalid character "${byte}" in host name`);
    }
  }
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
};

const checkPort = (port: string): void => {
  if (!/^(?::\d*)?$/.test(port)) throw new UrlError(`invalid port "${port}" after host`);
};

const parseBracketed = (host: string): string => {
  const close = host.lastIndexOf(']');
  if (close < 0) throw new UrlError("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const inside = host.slice(1, close);
  const zone = inside.indexOf('%25');
  const name =
    zone < 0
      ? decodePercent(inside, 'host')
      : decodePercent(inside.slice(0, zone), 'host') + decodePercent(inside.slice(zone), 'zone');
  const percent = name.indexOf('%');
  const address = percent < 0 ? name : name.slice(0, percent);
  if (percent === name.length - 1 || parseIPv6(address) === undefined) {
    throw new UrlError(`invalid host: "${name}" is no IPv6 address`);
  }
  return `[${name}]${port}`;
};

const parseHost = (scheme: string, host: string, strictColons: boolean): string => {
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) throw new UrlError('invalid IP-literal');
  if (bracket === 0) return parseBracketed(host);
  const web = scheme === 'http' || scheme === 'https';
  const colon = web && strictColons ? host.indexOf(':') : host.lastIndexOf(':');
  if (colon >= 0) checkPort(host.slice(colon));
  return decodePercent(host, 'host');
};

const parseAuthority = (scheme: string, authority: string, strictColons: boolean): string => {
  const at = authority.lastIndexOf('@');
  const host = parseHost(scheme, authority.slice(at + 1), strictColons);
  if (at >= 0) {
    const user = authority.slice(0, at);
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw new UrlError('net/url: invalid userinfo');
    decodePercent(user, 'other');
  }
  return host;
};

const splitScheme = (url: string): { scheme: string; rest: string } => {
  const found = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(url);
  return found === null
    ? { scheme: '', rest: url }
    : { scheme: (found[1] ?? '').toLowerCase(), rest: url.slice(found[0].length) };
};

/** `url.Parse` of Go 1.26, as far as scheme, host and path go; a byte string in, byte strings out. */
const parseUrl = (text: string, strictColons: boolean): HostTarget => {
  const hash = text.indexOf('#');
  const url = hash < 0 ? text : text.slice(0, hash);
  if (/[^ -~\u0080-\u00ff]/.test(url)) throw new UrlError('net/url: invalid control character in URL');
  const { scheme, rest: hierarchy } = splitScheme(url);
  const question = hierarchy.indexOf('?');
  const rest = question < 0 ? hierarchy : hierarchy.slice(0, question);
  let target: HostTarget;
  if (!rest.startsWith('/') && scheme !== '') {
    target = { scheme, host: '', path: '' };
  } else {
    if (!rest.startsWith('/') && (rest.split('/')[0] ?? '').includes(':')) {
      throw new UrlError('first path segment in URL cannot contain colon');
    }
    const authority = rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'));
    const slash = authority ? rest.indexOf('/', 2) : 0;
    const end = slash < 0 ? rest.length : slash;
    const host = authority ? parseAuthority(scheme, rest.slice(2, end), strictColons) : '';
    target = { scheme, host, path: decodePercent(rest.slice(end), 'other') };
  }
  if (hash >= 0) decodePercent(text.slice(hash + 1), 'other');
  return target;
};

/** Go's `path.Clean`. */
export const cleanPath = (path: string): string => {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push(part);
  }
  const joined = parts.join('/');
  return rooted ? `/${joined}` : joined || '.';
};

/**
 * What containerd makes of a `[host."…"]` key or a `server` (`parseHostConfig`): without the letters `http` in front it
 * is `https://`; user, query and fragment are dropped; `/v2` is added unless it ends in it or `override_path` is set.
 * An error makes containerd ignore the whole file. `strictColons` since 2.3 (Go 1.26).
 */
export const parseHostUrl = (
  server: string,
  options: { readonly overridePath: boolean; readonly strictColons: boolean },
): HostTargetOutcome => {
  const bytes = textToByteString(server);
  const full = bytes.startsWith('http') ? bytes : `https://${bytes}`;
  try {
    const { scheme, host, path } = parseUrl(full, options.strictColons);
    return {
      ok: true,
      target: {
        scheme,
        host: byteStringToText(host),
        path: byteStringToText(withApiRoot(path, options.overridePath)),
      },
    };
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    const text = byteStringToText(full);
    return { ok: false, error: `unable to parse server ${text}: parse ${goQuote(text)}: ${error.message}` };
  }
};

const withApiRoot = (path: string, overridePath: boolean): string => {
  if (path === '') return overridePath ? '' : '/v2';
  const clean = cleanPath(path);
  return clean.endsWith('/v2') || overridePath ? clean : `${clean}/v2`;
};

const defaultPort: Readonly<Record<string, RegExp>> = { http: /:(?:80)?$/, https: /:(?:443)?$/ };

/**
 * The same text for two spellings of one mirror: `M:443`, `https://m` and `https://m/v2/` are one, `http://m` is
 * another. A URL that containerd cannot read is only like itself.
 */
export const hostUrlIdentity = (url: string, overridePath: boolean): string => {
  const outcome = parseHostUrl(url, { overridePath, strictColons: false });
  if (!outcome.ok || outcome.target.host === '') return `unreadable ${url}`;
  const { scheme, host, path } = outcome.target;
  const port = defaultPort[scheme];
  const plain = host.toLowerCase();
  return `${scheme}://${port === undefined ? plain : plain.replace(port, '')}${cleanPath(`/${path}`)}`;
};
