import { decodeRune, encodeRune, RUNE_ERROR, runeCount } from '../bytes.ts';
import type { Budget } from '../limits.ts';
import { formatFloat } from '../strconv/float.ts';
import { canBackquote, quote, quoteRune } from '../strconv/quote.ts';
import { isPrint } from '../unicode.ts';

/** The flags, width and precision of one verb. */
export type Flags = {
  width: number | undefined;
  precision: number | undefined;
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** Set instead of plus and sharp for %+v and %#v. */
  plusV: boolean;
  sharpV: boolean;
};

/** No flags at all. */
export function noFlags(): Flags {
  return {
    width: undefined,
    precision: undefined,
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
  };
}

/** Pads to the width; zeros only stand on the left. */
export function pad(flags: Flags, text: string, budget: Budget, zero = flags.zero): string {
  if (!flags.width) return text;
  const missing = flags.width - runeCount(text);
  if (missing <= 0) return text;
  budget.text(text.length + missing);
  if (flags.minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}

function truncate(flags: Flags, text: string): string {
  if (flags.precision === undefined || flags.precision >= text.length) return text;
  let end = 0;
  for (let left = flags.precision; left > 0 && end < text.length; left--) end += decodeRune(text, end) & 7;
  return text.slice(0, end);
}

/** %s */
export function formatString(flags: Flags, text: string, budget: Budget): string {
  return pad(flags, truncate(flags, text), budget);
}

/** %q */
export function formatQuoted(flags: Flags, text: string, budget: Budget): string {
  const cut = truncate(flags, text);
  budget.text(cut.length * 2);
  if (flags.sharp && canBackquote(cut)) return pad(flags, `\`${cut}\``, budget);
  return pad(flags, quote(cut, flags.plus), budget);
}

/** %x and %X of a string */
export function formatHex(flags: Flags, text: string, upper: boolean, budget: Budget): string {
  const length = Math.min(flags.precision ?? text.length, text.length);
  if (length === 0) return pad({ ...flags, minus: false }, '', budget);
  budget.text(length * 5);
  const prefix = flags.sharp ? '0x' : '';
  let out = prefix;
  for (let i = 0; i < length; i++) {
    if (flags.space && i > 0) out += ` ${prefix}`;
    out += text.charCodeAt(i).toString(16).padStart(2, '0');
  }
  return pad(flags, upper ? out.toUpperCase() : out, budget);
}

/** %d, %b, %o, %O, %x, %X */
export function formatInteger(flags: Flags, value: bigint, verb: string, budget: Budget): string {
  const base = verb === 'b' ? 2 : verb === 'o' || verb === 'O' ? 8 : verb === 'x' || verb === 'X' ? 16 : 10;
  const negative = value < 0n;
  const { width, precision } = flags;
  if (width === undefined && precision === undefined && !flags.sharp && base === 10) {
    return negative ? value.toString() : (flags.plus ? '+' : flags.space ? ' ' : '') + value.toString();
  }
  if (precision === 0 && value === 0n) return pad({ ...flags, minus: false }, '', budget, false);
  let digits = (negative ? -value : value).toString(base);
  let least = precision ?? 0;
  if (precision === undefined && flags.zero && !flags.minus && width !== undefined) {
    least = negative || flags.plus || flags.space ? width - 1 : width;
  }
  budget.text(Math.max(least, digits.length));
  digits = prefixed(flags, verb, base, digits.padStart(least, '0'));
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return pad(flags, sign + digits, budget, false);
}

/** What # and %O put before the digits, and the case of %X. */
function prefixed(flags: Flags, verb: string, base: number, digits: string): string {
  let out = digits;
  if (flags.sharp) {
    if (base === 2) out = `0b${out}`;
    else if (base === 16) out = `0x${out}`;
    else if (base === 8 && out[0] !== '0') out = `0${out}`;
  }
  if (verb === 'O') out = `0o${out}`;
  return verb === 'X' ? out.toUpperCase() : out;
}

/** %U */
export function formatUnicode(flags: Flags, value: bigint, budget: Budget): string {
  const code = BigInt.asUintN(64, value);
  const least = Math.max(flags.precision ?? 4, 4);
  budget.text(least);
  let out = `U+${code.toString(16).toUpperCase().padStart(least, '0')}`;
  if (flags.sharp && code <= 0x10ffffn && isPrint(Number(code))) out += ` '${encodeRune(Number(code))}'`;
  return pad(flags, out, budget, false);
}

function runeOf(value: bigint): number {
  const code = BigInt.asUintN(64, value);
  return code > 0x10ffffn ? RUNE_ERROR : Number(code);
}

/** %c */
export function formatChar(flags: Flags, value: bigint, budget: Budget): string {
  return pad(flags, encodeRune(runeOf(value)), budget);
}

/** %q of an integer */
export function formatQuotedChar(flags: Flags, value: bigint, budget: Budget): string {
  return pad(flags, quoteRune(runeOf(value), flags.plus), budget);
}

/** The # flag: always a decimal point, and %g keeps its zeros. */
function sharpFloat(num: string, verb: string, precision: number): string {
  let digits = 0;
  if ('vgGx'.includes(verb)) digits = precision === -1 ? 6 : precision;
  const tailAt = verb === 'x' || verb === 'X' ? num.search(/[pP]/) : num.search(/[eEpP]/);
  const tail = tailAt < 0 ? '' : num.slice(tailAt);
  let body = tailAt < 0 ? num : num.slice(0, tailAt);
  const significant = body.slice(1).replace('.', '').replace(/^0+/, '');
  digits -= significant.length;
  if (!body.includes('.')) {
    if (body.length === 2 && body[1] === '0') digits--;
    body += '.';
  }
  return body + '0'.repeat(Math.max(digits, 0)) + tail;
}

/** %e, %f, %g and their like; `precision` is the default of the verb, -1 for the shortest. */
export function formatFloatVerb(flags: Flags, value: number, verb: string, precision: number, budget: Budget): string {
  const wanted = flags.precision ?? precision;
  budget.text(Math.max(wanted, 0) + 320);
  let num = formatFloat(value, verb, wanted);
  if (num[0] !== '-' && num[0] !== '+') num = `+${num}`;
  if (flags.space && num[0] === '+' && !flags.plus) num = ` ${num.slice(1)}`;
  if (num[1] === 'I' || num[1] === 'N') {
    if (num[1] === 'N' && !flags.space && !flags.plus) num = num.slice(1);
    return pad(flags, num, budget, false);
  }
  if (flags.sharp && verb !== 'b') num = sharpFloat(num, verb, wanted);
  if (!flags.plus && num[0] === '+') return pad(flags, num.slice(1), budget);
  if (flags.zero && !flags.minus && flags.width !== undefined && flags.width > num.length) {
    budget.text(flags.width);
    return num.slice(0, 1) + '0'.repeat(flags.width - num.length) + num.slice(1);
  }
  return pad(flags, num, budget);
}
