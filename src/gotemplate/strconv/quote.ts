import { decodeRune, encodeRune, isBadRune, RUNE_ERROR } from '../bytes.ts';
import { isPrint } from '../unicode.ts';

const ESCAPES: Record<number, string> = {
  7: '\\a',
  8: '\\b',
  12: '\\f',
  10: '\\n',
  13: '\\r',
  9: '\\t',
  11: '\\v',
};

const PLAIN = /^[ !#-[\]-~]*$/;

function escapeRune(rune: number, quote: string, ascii: boolean): string {
  if (rune === quote.charCodeAt(0) || rune === 92) return `\\${String.fromCharCode(rune)}`;
  if (ascii ? rune < 0x80 && isPrint(rune) : isPrint(rune)) return encodeRune(rune);
  const known = ESCAPES[rune];
  if (known !== undefined) return known;
  if (rune < 0x20 || rune === 0x7f) return `\\x${rune.toString(16).padStart(2, '0')}`;
  if (rune < 0x10000) return `\\u${rune.toString(16).padStart(4, '0')}`;
  return `\\U${rune.toString(16).padStart(8, '0')}`;
}

/** strconv.Quote, or QuoteToASCII */
export function quote(text: string, ascii = false): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  for (let i = 0; i < text.length; ) {
    const packed = decodeRune(text, i);
    if (isBadRune(packed)) out += `\\x${text.charCodeAt(i).toString(16).padStart(2, '0')}`;
    else out += escapeRune(packed >> 3, '"', ascii);
    i += packed & 7;
  }
  return `${out}"`;
}

/** strconv.QuoteRune, or QuoteRuneToASCII */
export function quoteRune(rune: number, ascii = false): string {
  const valid = rune >= 0 && rune <= 0x10ffff && (rune < 0xd800 || rune > 0xdfff);
  return `'${escapeRune(valid ? rune : RUNE_ERROR, "'", ascii)}'`;
}

/** strconv.CanBackquote */
export function canBackquote(text: string): boolean {
  for (let i = 0; i < text.length; ) {
    const packed = decodeRune(text, i);
    const rune = packed >> 3;
    i += packed & 7;
    if (isBadRune(packed) || rune === 0xfeff || rune === 0x60 || rune === 0x7f) return false;
    if (rune < 0x20 && rune !== 9) return false;
  }
  return true;
}

const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

type Unquoted = { readonly bytes: string; readonly rune: number; readonly next: number };

function hexEscape(text: string, at: number, letter: string): Unquoted | undefined {
  const size = letter === 'x' ? 2 : letter === 'u' ? 4 : 8;
  const digits = text.slice(at, at + size);
  if (digits.length < size || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
  const rune = Number.parseInt(digits, 16);
  if (letter === 'x') return { bytes: String.fromCharCode(rune), rune, next: at + size };
  if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return undefined;
  return { bytes: encodeRune(rune), rune, next: at + size };
}

/** strconv.UnquoteChar at a position; undefined where Go says "invalid syntax". */
export function unquoteChar(text: string, at: number, quote: string): Unquoted | undefined {
  const letter = text[at];
  if (letter === undefined || letter === quote) return undefined;
  if (letter !== '\\') {
    const packed = decodeRune(text, at);
    const next = at + (packed & 7);
    return { bytes: text.slice(at, next), rune: packed >> 3, next };
  }
  const letterAfter = text[at + 1];
  if (letterAfter === undefined) return undefined;
  const simple = Object.hasOwn(SIMPLE, letterAfter) ? SIMPLE[letterAfter] : undefined;
  if (simple !== undefined) return { bytes: simple, rune: simple.charCodeAt(0), next: at + 2 };
  if (letterAfter === 'x' || letterAfter === 'u' || letterAfter === 'U') return hexEscape(text, at + 2, letterAfter);
  if (letterAfter >= '0' && letterAfter <= '7') {
    const digits = text.slice(at + 1, at + 4);
    if (!/^[0-7]{3}$/.test(digits)) return undefined;
    const rune = Number.parseInt(digits, 8);
    return rune > 255 ? undefined : { bytes: String.fromCharCode(rune), rune, next: at + 4 };
  }
  if (letterAfter === quote && (quote === '"' || quote === "'")) {
    return { bytes: letterAfter, rune: letterAfter.charCodeAt(0), next: at + 2 };
  }
  return undefined;
}

/** strconv.Unquote of a "string" or a `raw string`; undefined where Go says "invalid syntax". */
export function unquote(text: string): string | undefined {
  const quote = text[0];
  if (text.length < 2 || quote !== text[text.length - 1]) return undefined;
  const inner = text.slice(1, -1);
  if (quote === '`') return inner.includes('`') ? undefined : inner.replaceAll('\r', '');
  if (quote !== '"' || inner.includes('\n')) return undefined;
  if (!inner.includes('\\') && !inner.includes('"')) return inner;
  let out = '';
  for (let i = 0; i < inner.length; ) {
    const part = unquoteChar(inner, i, quote);
    if (part === undefined) return undefined;
    out += part.bytes;
    i = part.next;
  }
  return out;
}
