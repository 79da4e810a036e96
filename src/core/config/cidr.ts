import { parseIPv6 } from '../containerd/host-address.ts';
import { isIPv6, normaliseAddress } from './context-address.ts';

/** A network: an address as 16-bit or 8-bit groups, and how many bits of it count. */
export type Cidr = { readonly groups: readonly number[]; readonly bits: number };

const groupsOf = (address: string): readonly number[] | undefined =>
  isIPv6(address) ? parseIPv6(address) : address.split('.').map(Number);

/** `10.0.0.0/8`, `fd00::/8`; `undefined` for anything else. An IPv4 network written as IPv6 is none. */
export const parseCidr = (text: string): Cidr | undefined => {
  const [address = '', bits = '', more] = text.split('/');
  const known = /^(?:[\d.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/.test(address) ? normaliseAddress(address) : undefined;
  if (known === undefined || more !== undefined || !/^\d{1,3}$/.test(bits)) return undefined;
  const groups = groupsOf(known);
  if (groups === undefined || Number(bits) > (isIPv6(known) ? 128 : 32)) return undefined;
  return { groups, bits: Number(bits) };
};

/** Is this address, as normalised, in that network? One of another family never is; a name never is. */
export const isInside = (cidr: Cidr, address: string): boolean => {
  const width = cidr.groups.length === 8 ? 16 : 8;
  const groups = /^[\d.]+$/.test(address) || isIPv6(address) ? groupsOf(address) : undefined;
  if (groups === undefined || groups.length !== cidr.groups.length) return false;
  return groups.every((group, at) => {
    const free = Math.min(Math.max(width * (at + 1) - cidr.bits, 0), width);
    return group >> free === (cidr.groups[at] ?? 0) >> free;
  });
};

/** The address in this network that ends in these two bytes, as far as they fit: an example of one. */
export const exampleInside = ({ groups, bits }: Cidr, low: number): string => {
  const width = groups.length === 8 ? 16 : 8;
  const last = groups.map((_, at) => (groups.length - 1 - at) * width);
  const made = groups.map((group, at) => {
    const free = Math.min(Math.max(width * (at + 1) - bits, 0), width);
    const shift = last[at] ?? 0;
    const wanted = shift >= 16 ? 0 : (low >> shift) & (2 ** width - 1);
    return ((group >> free) << free) | (wanted & (2 ** free - 1));
  });
  const text = width === 16 ? made.map((group) => group.toString(16)).join(':') : made.join('.');
  return normaliseAddress(text) ?? text;
};
