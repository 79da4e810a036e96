/** Host names and IP addresses as Go's net package sees them. */

/** `net.SplitHostPort`; `undefined` where it returns an error, a missing port included. */
export const splitHostPort = (address: string): { readonly host: string; readonly port: string } | undefined => {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return undefined;
  const port = address.slice(colon + 1);
  if (address.startsWith('[')) {
    const end = address.indexOf(']');
    if (end < 0 || end + 1 !== colon) return undefined;
    if (address.indexOf('[', 1) >= 0 || address.indexOf(']', end + 1) >= 0) return undefined;
    return { host: address.slice(1, end), port };
  }
  const host = address.slice(0, colon);
  return /[:[\]]/.test(host) || /[[\]]/.test(port) ? undefined : { host, port };
};

const parseIPv4 = (text: string): readonly number[] | undefined => {
  const fields = text.split('.');
  if (fields.length !== 4) return undefined;
  return fields.every((field) => /^(?:0|[1-9]\d{0,2})$/.test(field) && Number(field) < 256)
    ? fields.map(Number)
    : undefined;
};

const groups = (text: string): readonly number[] | undefined => {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const ipv4 = last.includes('.') ? parseIPv4(last) : [];
  if (ipv4 === undefined) return undefined;
  const hex = last.includes('.') ? parts.slice(0, -1) : parts;
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = ipv4;
  return [...hex.map((group) => Number.parseInt(group, 16)), ...(ipv4.length > 0 ? [a * 256 + b, c * 256 + d] : [])];
};

/** The eight groups of an IPv6 address without a zone; `undefined` if it is none (`netip.ParseAddr`). */
export const parseIPv6 = (text: string): readonly number[] | undefined => {
  const halves = text.split('::');
  if (!text.includes(':') || halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  // An IPv4 tail can stand only at the very end.
  if ((halves[0] ?? '').includes('.')) return undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
};

/** `docker.IsLocalhost`: `localhost`, 127/8, `::1`, each with or without a port; not `[::1]` alone. */
export const isLocalhost = (namespace: string): boolean => {
  const host = splitHostPort(namespace)?.host ?? namespace;
  if (host === 'localhost') return true;
  const ipv4 = parseIPv4(host);
  if (ipv4 !== undefined) return ipv4[0] === 127;
  const ipv6 = parseIPv6(host);
  if (ipv6 === undefined) return false;
  const [a, b, c, d, e, f, g = 0, h] = ipv6;
  const zeros = [a, b, c, d, e].every((group) => group === 0);
  return zeros && ((f === 0 && g === 0 && h === 1) || (f === 0xffff && g >> 8 === 127));
};
