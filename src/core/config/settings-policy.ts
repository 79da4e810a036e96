import { isIPv6, normaliseAddress } from './context-address.ts';

/** `10.0.0.0/8`, `fd00::/8`. */
export const isCidr = (text: string): boolean => {
  const [address = '', bits = '', more] = text.split('/');
  const known = /^(?:[\d.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/.test(address) ? normaliseAddress(address) : undefined;
  if (known === undefined || more !== undefined || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (isIPv6(known) ? 128 : 32);
};

/** A host name or address; `*.example.com` stands for every name below. */
export const isHostPattern = (text: string): boolean => normaliseAddress(text.replace(/^\*\./, '')) !== undefined;
