import { CallError } from '../error.ts';
import { quote } from '../strconv/quote.ts';
import { Dict, kindOf, type Value } from '../values.ts';
import { checkAddress } from './ip.ts';
import { type Funcs, fn } from './signature.ts';
import { escapeUrl, isEncoded, type UrlPart, unescapeUrl } from './url-escape.ts';

type User = { readonly name: string; readonly password: string | undefined };
type Url = {
  scheme: string;
  opaque: string;
  user: User | undefined;
  host: string;
  path: string;
  rawPath: string;
  query: string;
  forceQuery: boolean;
  omitHost: boolean;
  fragment: string;
  rawFragment: string;
};

function emptyUrl(): Url {
  return {
    scheme: '',
    opaque: '',
    user: undefined,
    host: '',
    path: '',
    rawPath: '',
    query: '',
    forceQuery: false,
    omitHost: false,
    fragment: '',
    rawFragment: '',
  };
}

/** The text before and after the first separator. */
function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function schemeOf(text: string): [string, string] {
  const match = /^([A-Za-z][A-Za-z0-9+\-.]*)?:/.exec(text);
  if (match === null) return ['', text];
  if (match[1] === undefined) throw new CallError('missing protocol scheme');
  return [match[1].toLowerCase(), text.slice(match[0].length)];
}

function checkPort(text: string): void {
  if (!/^(:[0-9]*)?$/.test(text)) throw new CallError(`invalid port ${quote(text)} after host`);
}

function hostOf(scheme: string, text: string): string {
  const open = text.lastIndexOf('[');
  if (open > 0) throw new CallError('invalid IP-literal');
  if (open === 0) return literalHost(text);
  const colon = text.indexOf(':');
  if (colon >= 0) {
    const strict = scheme === 'http' || scheme === 'https';
    checkPort(text.slice(strict ? colon : text.lastIndexOf(':')));
  }
  return unescapeUrl(text, 'host');
}

function literalHost(text: string): string {
  const close = text.lastIndexOf(']');
  if (close < 0) throw new CallError("missing ']' in host");
  checkPort(text.slice(close + 1));
  const port = unescapeUrl(text.slice(close + 1), 'host');
  const name = text.slice(1, close);
  const zone = name.indexOf('%25');
  const address =
    zone < 0
      ? unescapeUrl(name, 'host')
      : unescapeUrl(name.slice(0, zone), 'host') + unescapeUrl(name.slice(zone), 'zone');
  checkAddress(address);
  return `[${address}]${port}`;
}

function userOf(text: string): User {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text)) throw new CallError('net/url: invalid userinfo');
  if (!text.includes(':')) return { name: unescapeUrl(text, 'user'), password: undefined };
  const [name, password] = cut(text, ':');
  return { name: unescapeUrl(name, 'user'), password: unescapeUrl(password, 'user') };
}

function setAuthority(url: Url, authority: string): void {
  const at = authority.lastIndexOf('@');
  url.host = hostOf(url.scheme, authority.slice(at + 1));
  if (at >= 0) url.user = userOf(authority.slice(0, at));
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function parseRest(text: string): Url {
  const url = emptyUrl();
  if (hasControl(text)) throw new CallError('net/url: invalid control character in URL');
  if (text === '*') return { ...url, path: '*' };
  let rest: string;
  [url.scheme, rest] = schemeOf(text);
  if (rest.endsWith('?') && rest.indexOf('?') === rest.length - 1) {
    url.forceQuery = true;
    rest = rest.slice(0, -1);
  } else {
    [rest, url.query] = cut(rest, '?');
  }
  if (!rest.startsWith('/')) {
    if (url.scheme !== '') return { ...url, opaque: rest };
    if (cut(rest, '/')[0].includes(':')) {
      throw new CallError('first path segment in URL cannot contain colon');
    }
  }
  if ((url.scheme !== '' || !rest.startsWith('///')) && rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    const end = slash < 0 ? rest.length : slash;
    setAuthority(url, rest.slice(2, end));
    rest = rest.slice(end);
  } else if (url.scheme !== '' && rest.startsWith('/')) {
    url.omitHost = true;
  }
  url.path = unescapeUrl(rest, 'path');
  url.rawPath = escapeUrl(url.path, 'path') === rest ? '' : rest;
  return url;
}

function parseUrl(text: string): Url {
  const [before, fragment] = cut(text, '#');
  const within = <T>(shown: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      throw new CallError(`parse ${quote(shown)}: ${error.message}`);
    }
  };
  const url = within(before, () => parseRest(before));
  url.fragment = within(text, () => unescapeUrl(fragment, 'fragment'));
  url.rawFragment = escapeUrl(url.fragment, 'fragment') === fragment ? '' : fragment;
  return url;
}

function escapedPart(text: string, raw: string, part: UrlPart): string {
  if (raw !== '' && isEncoded(raw, part) && unescapeUrl(raw, part) === text) return raw;
  return text === '*' && part === 'path' ? '*' : escapeUrl(text, part);
}

function userText({ name, password }: User): string {
  return escapeUrl(name, 'user') + (password === undefined ? '' : `:${escapeUrl(password, 'user')}`);
}

function authorityText(url: Url): string {
  if (url.scheme === '' && url.host === '' && url.user === undefined) return '';
  if (url.omitHost && url.host === '' && url.user === undefined) return '';
  const slashes = url.host !== '' || url.path !== '' || url.user !== undefined ? '//' : '';
  const user = url.user === undefined ? '' : `${userText(url.user)}@`;
  return slashes + user + escapeUrl(url.host, 'host');
}

function urlText(url: Url): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') {
    out += url.opaque;
  } else {
    out += authorityText(url);
    const path = escapedPart(url.path, url.rawPath, 'path');
    if (path !== '' && !path.startsWith('/') && url.host !== '') out += '/';
    if (out === '' && cut(path, '/')[0].includes(':')) out += './';
    out += path;
  }
  if (url.forceQuery || url.query !== '') out += `?${url.query}`;
  if (url.fragment !== '') out += `#${escapedPart(url.fragment, url.rawFragment, 'fragment')}`;
  return out;
}

function stringKey(dict: Dict, key: string): string {
  const value = dict.get(key);
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value === null) throw new CallError('runtime error: invalid memory address or nil pointer dereference');
  throw new CallError(`unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`);
}

function joinUrl(dict: Dict): string {
  const url: Url = {
    ...emptyUrl(),
    scheme: stringKey(dict, 'scheme'),
    host: stringKey(dict, 'host'),
    path: stringKey(dict, 'path'),
    query: stringKey(dict, 'query'),
    opaque: stringKey(dict, 'opaque'),
    fragment: stringKey(dict, 'fragment'),
  };
  const user = stringKey(dict, 'userinfo');
  if (user !== '') url.user = reworded('unable to parse userinfo in dict', `proto://${user}@host`).user;
  return urlText(url);
}

function reworded(problem: string, text: string): Url {
  try {
    return parseUrl(text);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new CallError(`${problem}: ${error.message}`);
  }
}

function urlDict(url: Url): Dict {
  const port = /:[0-9]*$/.exec(url.host);
  const name = port === null ? url.host : url.host.slice(0, port.index);
  const entries: [string, Value][] = [
    ['scheme', url.scheme],
    ['host', url.host],
    ['hostname', name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name],
    ['path', url.path],
    ['query', url.query],
    ['opaque', url.opaque],
    ['fragment', url.fragment],
    ['userinfo', url.user === undefined ? '' : userText(url.user)],
  ];
  return new Dict(new Map(entries));
}

/** sprig's functions of URLs. */
export const URLS: Funcs = {
  urlParse: fn(['string'], ({ budget }, text) => {
    budget.text(text.length * 6);
    return urlDict(reworded('unable to parse url', text));
  }),
  urlJoin: fn(['map[string]interface {}'], ({ budget }, dict) => {
    for (const value of dict.entries().values()) if (typeof value === 'string') budget.text(value.length * 6);
    return joinUrl(dict);
  }),
};
