import { CallError } from '../error.ts';
import { quote } from '../strconv/quote.ts';

/** The text of an address, how far it has been read, and the words for what is wrong with it. */
type Reading = { readonly text: string; rest: string; groups: number; ellipsis: boolean };

function bad(text: string, problem: string, at?: string): never {
  const place = at === undefined || at === '' ? '' : ` (at ${quote(at)})`;
  throw new CallError(`invalid host: ParseAddr(${quote(text)}): ${problem}${place}`);
}

function checkV4(text: string, part: string): void {
  const fields = part.split('.');
  const odd = part.search(/[^0-9.]/);
  if (odd >= 0) bad(text, 'unexpected character', part.slice(odd));
  const empty = part.search(/^\.|\.\.|\.$/);
  if (empty >= 0)
    bad(text, 'IPv4 field must have at least one digit', part.slice(part[empty + 1] === '.' ? empty + 1 : empty));
  for (const field of fields) {
    if (/^0[0-9]/.test(field)) bad(text, 'IPv4 field has octet with leading zero');
    if (Number(field) > 255) bad(text, 'IPv4 field has value >255');
  }
  if (fields.length > 4) bad(text, 'IPv4 address too long');
  if (fields.length < 4) bad(text, 'IPv4 address too short');
}

/** Reads one group and the colon after it; true when the address ends here. */
function readGroup(reading: Reading): boolean {
  const { text } = reading;
  const digits = /^[0-9a-fA-F]*/.exec(reading.rest)?.[0] ?? '';
  if (digits.length > 4) bad(text, 'each group must have 4 or less digits', reading.rest);
  if (digits === '') bad(text, 'each colon-separated field must have at least one digit', reading.rest);
  if (reading.rest[digits.length] === '.') {
    if (!reading.ellipsis && reading.groups !== 6) {
      bad(text, 'embedded IPv4 address must replace the final 2 fields of the address', reading.rest);
    }
    if (reading.groups > 6) {
      bad(text, 'too many hex fields to fit an embedded IPv4 at the end of the address', reading.rest);
    }
    checkV4(text, reading.rest);
    reading.rest = '';
    reading.groups += 2;
    return true;
  }
  reading.groups++;
  reading.rest = reading.rest.slice(digits.length);
  if (reading.rest === '') return true;
  if (reading.rest[0] !== ':') bad(text, 'unexpected character, want colon', reading.rest);
  if (reading.rest.length === 1) bad(text, 'colon must be followed by more characters', reading.rest);
  reading.rest = reading.rest.slice(1);
  if (reading.rest[0] !== ':') return false;
  if (reading.ellipsis) bad(text, 'multiple :: in address', reading.rest);
  reading.ellipsis = true;
  reading.rest = reading.rest.slice(1);
  return reading.rest === '';
}

function checkV6(text: string): void {
  const percent = text.indexOf('%');
  if (percent >= 0 && percent === text.length - 1) bad(text, 'zone must be a non-empty string');
  const reading: Reading = { text, rest: percent < 0 ? text : text.slice(0, percent), groups: 0, ellipsis: false };
  if (reading.rest.startsWith('::')) {
    reading.ellipsis = true;
    reading.rest = reading.rest.slice(2);
    if (reading.rest === '') return;
  }
  while (reading.groups < 8 && !readGroup(reading));
  if (reading.rest !== '') bad(text, 'trailing garbage after address', reading.rest);
  if (reading.groups < 8 && !reading.ellipsis) bad(text, 'address string too short');
  if (reading.groups >= 8 && reading.ellipsis) bad(text, 'the :: must expand to at least one field of zeros');
}

/** Fails unless the text between the brackets of a host is an IPv6 address. */
export function checkAddress(text: string): void {
  const first = /[.:%]/.exec(text)?.[0];
  if (first === undefined) bad(text, 'unable to parse IP');
  if (first === '%') bad(text, 'missing IPv6 address');
  if (first === ':') {
    checkV6(text);
    return;
  }
  checkV4(text, text);
  throw new CallError('invalid IP-literal');
}
