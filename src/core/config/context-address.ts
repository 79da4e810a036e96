import { parseIPv6 } from '../containerd/host-address.ts';

/** Four bytes in decimal, without leading zeros. */
const isIPv4 = (text: string): boolean => {
  const bytes = text.split('.');
  return bytes.length === 4 && bytes.every((byte) => /^(?:0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255);
};

const isHostName = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
const formatIPv6 = (groups: readonly number[]): string => {
  let [bestStart, bestLength] = [-1, 1];
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) [bestStart, bestLength] = [start, length];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (bestStart < 0) return hex(groups);
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`;
};

/**
 * One spelling for each address, so that the same one is seen as the same: IPv6 as in RFC 5952, an IPv4 address inside
 * IPv6 (`::ffff:10.0.0.1`) as IPv4, names in lower case without a last dot. `undefined` for anything else, an address
 * with a zone included: containerd could not use it.
 */
export const normaliseAddress = (text: string): string | undefined => {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (isIPv4(bare)) return bare;
  const groups = parseIPv6(bare);
  if (groups !== undefined) {
    const [, , , , , sixth, high = 0, low = 0] = groups;
    const mapped = sixth === 0xffff && groups.slice(0, 5).every((group) => group === 0);
    return mapped ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : formatIPv6(groups);
  }
  const name = bare.toLowerCase().replace(/\.$/, '');
  return !text.startsWith('[') && isHostName(name) && !/^[\d.]+$/.test(name) ? name : undefined;
};

/** Is this address, as normalised, one of IPv6? */
export const isIPv6 = (address: string): boolean => address.includes(':');

/** An address as it stands in a URL: IPv6 in brackets. */
export const hostInUrl = (address: string): string => (isIPv6(address) ? `[${address}]` : address);

/** The host of a URL without the brackets of IPv6, in lower case. */
export const hostFromUrl = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** The addresses of a list that are usable, each once, in their order. */
export const uniqueAddresses = (texts: readonly string[]): readonly string[] => {
  const found = new Set<string>();
  for (const text of texts) {
    const address = normaliseAddress(text);
    if (address !== undefined) found.add(address);
  }
  return [...found];
};

/** Address and port of a URL, normalised: two URLs with the same are one mirror. `undefined` for a URL with a path. */
export const mirrorKey = (url: string): string | undefined => {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^:/?#@]+)(?::(\d*))?$/.exec(url);
  if (match === null) return undefined;
  const [, scheme = '', host = '', port = ''] = match;
  return `${scheme}://${normaliseAddress(host) ?? host}:${port || (scheme === 'http' ? '80' : '443')}`;
};
