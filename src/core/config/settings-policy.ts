import { parseCidr } from './cidr.ts';
import { normaliseAddress } from './context-address.ts';

/** `10.0.0.0/8`, `fd00::/8`. */
export const isCidr = (text: string): boolean => parseCidr(text) !== undefined;

/** A host name or address; `*.example.com` stands for every name below. */
export const isHostPattern = (text: string): boolean => normaliseAddress(text.replace(/^\*\./, '')) !== undefined;
