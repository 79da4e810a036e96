import { decodeLastRune, decodeRune, encodeRune, runes } from '../bytes.ts';
import { CallError } from '../error.ts';
import { valueText } from '../fmt/print.ts';
import { sprintf } from '../fmt/printf.ts';
import type { Budget } from '../limits.ts';
import { quote } from '../strconv/quote.ts';
import { isSpace } from '../unicode.ts';
import { Dict, List, strings, type Value } from '../values.ts';
import { camelCase, connected, lower, swapCase, title, untitle, upper } from './case.ts';
import { decode32, decode64, encode32, encode64 } from './encoding.ts';
import { adler32, sha1, sha256, sha512 } from './hash.ts';
import { type Func, type Funcs, fn, variadic } from './signature.ts';
import { wrapText } from './wrap.ts';

/** A value as sprig turns it to text. */
export function textOf(value: Value, budget: Budget): string {
  return typeof value === 'string' ? value : valueText(value, budget);
}

/** The texts of a list without its nils; anything else counts as a list of itself. */
export function textsOf(value: Value, budget: Budget): string[] {
  if (value === null || value === undefined) return [];
  if (!(value instanceof List)) return [textOf(value, budget)];
  budget.list(value.items.length);
  return value.items.filter((item) => item !== null && item !== undefined).map((item) => textOf(item, budget));
}

function trimBy(text: string, drop: (rune: number) => boolean): string {
  let start = 0;
  let end = text.length;
  while (start < end) {
    const packed = decodeRune(text, start);
    if (!drop(packed >> 3)) break;
    start += packed & 7;
  }
  while (end > start) {
    const packed = decodeLastRune(text, end);
    if (!drop(packed >> 3)) break;
    end -= packed & 7;
  }
  return text.slice(start, end);
}

function trimAll(cutset: string, text: string): string {
  const set = new Set(runes(cutset));
  return trimBy(text, (rune) => set.has(rune));
}

function repeat(count: bigint, text: string, budget: Budget): string {
  if (count < 0n) throw new CallError('strings: negative Repeat count');
  if (text === '') return '';
  budget.text(Number(count) * text.length);
  return text.repeat(Number(count));
}

function countOf(text: string, part: string): number {
  let count = 0;
  for (let i = text.indexOf(part); i >= 0; i = text.indexOf(part, i + part.length)) count++;
  return count;
}

function letters(text: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < text.length; ) {
    const next = i + (decodeRune(text, i) & 7);
    out.push(text.slice(i, next));
    i = next;
  }
  return out;
}

function replace(from: string, to: string, text: string, budget: Budget): string {
  if (from === '') {
    const parts = letters(text);
    budget.text(text.length + (parts.length + 1) * to.length);
    return to + parts.map((letter) => letter + to).join('');
  }
  const count = countOf(text, from);
  if (count === 0) return text;
  budget.text(text.length + count * (to.length - from.length));
  return text.split(from).join(to);
}

function indent(spaces: bigint, text: string, budget: Budget): string {
  const pad = repeat(spaces, ' ', budget);
  budget.text(text.length + (countOf(text, '\n') + 1) * pad.length);
  return pad + text.replaceAll('\n', `\n${pad}`);
}

/** strings.SplitN; without a limit strings.Split. */
function splitText(text: string, separator: string, limit: number, budget: Budget): string[] {
  if (limit === 0) return [];
  const parts = separator === '' ? letters(text) : text.split(separator);
  budget.list(parts.length);
  if (limit < 0 || parts.length <= limit) return parts;
  const kept = parts.slice(0, limit - 1);
  return [...kept, parts.slice(limit - 1).join(separator)];
}

/** The map {_0: ..., _1: ...} that split and splitn give. */
function numbered(parts: readonly string[]): Dict {
  return new Dict(new Map(parts.map((part, i): [string, Value] => [`_${i}`, part])), 'string');
}

function truncate(count: bigint, text: string): string {
  const size = Number(count);
  if (size < 0 && text.length + size > 0) return text.slice(text.length + size);
  return size >= 0 && text.length > size ? text.slice(0, size) : text;
}

function outOfRange(text: string): never {
  throw new CallError(`runtime error: slice bounds out of range ${text}`);
}

function substring(start: bigint, end: bigint, text: string): string {
  const size = BigInt(text.length);
  if (start < 0n) {
    if (end < 0n) outOfRange(`[:${end}]`);
    if (end > size) outOfRange(`[:${end}] with length ${size}`);
    return text.slice(0, Number(end));
  }
  if (end < 0n || end > size) {
    if (start > size) outOfRange(`[${start}:${size}]`);
    return text.slice(Number(start));
  }
  if (start > end) outOfRange(`[${start}:${end}]`);
  return text.slice(Number(start), Number(end));
}

function abbreviate(text: string, offset: number, width: number): string {
  if (width < 4 || text.length <= width) return width < 4 ? '' : text;
  let from = Math.min(offset, text.length);
  if (text.length - from < width - 3) from = text.length - (width - 3);
  if (from <= 4) return `${text.slice(0, width - 3)}...`;
  if (width < 7) return '';
  if (from + width - 3 < text.length) return `...${abbreviate(text.slice(from), 0, width - 3)}`;
  return `...${text.slice(text.length - (width - 3))}`;
}

/** goutils looks at bytes as if they were code points. */
function bytesToText(text: string, keep: (byte: number) => boolean): string {
  let out = '';
  for (let i = 0; i < text.length; i++) if (keep(text.charCodeAt(i))) out += encodeRune(text.charCodeAt(i));
  return out;
}

function withoutSpace(text: string): string {
  const hasSpace = Array.from(text).some((letter) => isSpace(letter.charCodeAt(0)));
  return hasSpace ? bytesToText(text, (byte) => !isSpace(byte)) : text;
}

function initials(text: string): string {
  let gap = true;
  return bytesToText(text, (byte) => {
    const space = isSpace(byte);
    const first = gap && !space;
    gap = space;
    return first;
  });
}

const isGiven = (value: Value): boolean => value !== null && value !== undefined;
const text = (call: (text: string) => string): Func =>
  fn(['string'], ({ budget }, value) => {
    budget.text(value.length * 2);
    budget.step(value.length >> 1);
    return call(value);
  });
/** Cutting words takes more work than changing letters. */
const words = (connector: string): Func =>
  fn(['string'], ({ budget }, value) => {
    budget.text(value.length * 2);
    budget.step(value.length * 3);
    return connected(value, connector);
  });
const testing = (call: (text: string, part: string) => boolean): Func =>
  fn(['string', 'string'], (_, part, value) => call(value, part));
const trimming = fn(['string', 'string'], (_, cutset, value) => trimAll(cutset, value));

function joinTexts(texts: readonly string[], separator: string, budget: Budget): string {
  budget.text(texts.reduce((sum, part) => sum + part.length + separator.length, 0));
  return texts.join(separator);
}

/** sprig's functions of strings. */
export const STRINGS: Funcs = {
  hello: fn([], () => 'Hello!'),
  abbrev: fn(['int', 'string'], (_, width, value) => (width < 4n ? value : abbreviate(value, 0, Number(width)))),
  abbrevboth: fn(['int', 'int', 'string'], (_, left, right, value) =>
    right < 4n || (left > 0n && right < 7n) ? value : abbreviate(value, Number(left), Number(right)),
  ),
  trunc: fn(['int', 'string'], (_, count, value) => truncate(count, value)),
  trim: fn(['string'], (_, value) => trimBy(value, isSpace)),
  upper: text(upper),
  lower: text(lower),
  title: text(title),
  untitle: text(untitle),
  swapcase: text(swapCase),
  snakecase: words('_'),
  kebabcase: words('-'),
  camelcase: text(camelCase),
  substr: fn(['int', 'int', 'string'], (_, start, end, value) => substring(start, end, value)),
  repeat: fn(['int', 'string'], ({ budget }, count, value) => repeat(count, value, budget)),
  trimall: trimming,
  trimAll: trimming,
  trimSuffix: fn(['string', 'string'], (_, suffix, value) =>
    suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value,
  ),
  trimPrefix: fn(['string', 'string'], (_, prefix, value) =>
    value.startsWith(prefix) ? value.slice(prefix.length) : value,
  ),
  nospace: text(withoutSpace),
  initials: text(initials),
  wrap: fn(['int', 'string'], ({ budget }, width, value) =>
    wrapText(value, { width: Number(width), newline: '\n', long: false, budget }),
  ),
  wrapWith: fn(['int', 'string', 'string'], ({ budget }, width, newline, value) =>
    wrapText(value, { width: Number(width), newline: newline || '\n', long: true, budget }),
  ),
  contains: testing((value, part) => value.includes(part)),
  hasPrefix: testing((value, part) => value.startsWith(part)),
  hasSuffix: testing((value, part) => value.endsWith(part)),
  quote: variadic([], 'interface {}', ({ budget }, values) =>
    joinTexts(
      values.filter(isGiven).map((value) => quoted(textOf(value, budget), budget)),
      ' ',
      budget,
    ),
  ),
  squote: variadic([], 'interface {}', ({ budget }, values) =>
    joinTexts(
      values.filter(isGiven).map((value) => `'${valueText(value, budget)}'`),
      ' ',
      budget,
    ),
  ),
  cat: variadic([], 'interface {}', ({ budget }, values) => {
    const given = values.filter(isGiven);
    return sprintf(given.map(() => '%v').join(' '), given, budget);
  }),
  indent: fn(['int', 'string'], ({ budget }, spaces, value) => indent(spaces, value, budget)),
  nindent: fn(['int', 'string'], ({ budget }, spaces, value) => `\n${indent(spaces, value, budget)}`),
  replace: fn(['string', 'string', 'string'], ({ budget }, from, to, value) => replace(from, to, value, budget)),
  plural: fn(['string', 'string', 'int'], (_, one, many, count) => (count === 1n ? one : many)),
  toString: fn(['interface {}'], ({ budget }, value) => textOf(value, budget)),
  toStrings: fn(['interface {}'], ({ budget }, value) => strings(textsOf(value, budget))),
  join: fn(['string', 'interface {}'], ({ budget }, separator, value) =>
    joinTexts(textsOf(value, budget), separator, budget),
  ),
  split: fn(['string', 'string'], ({ budget }, separator, value) => numbered(splitText(value, separator, -1, budget))),
  splitn: fn(['string', 'int', 'string'], ({ budget }, separator, count, value) =>
    numbered(splitText(value, separator, Number(count), budget)),
  ),
  splitList: fn(['string', 'string'], ({ budget }, separator, value) =>
    strings(splitText(value, separator, -1, budget)),
  ),
  sortAlpha: fn(['interface {}'], ({ budget }, value) => {
    if (value instanceof List) return strings(textsOf(value, budget).sort());
    return strings([value === null ? '<nil>' : textOf(value, budget)]);
  }),
  sha1sum: digest(sha1),
  sha256sum: digest(sha256),
  sha512sum: digest(sha512),
  adler32sum: text(adler32),
  b64enc: text(encode64),
  b64dec: text(decode64),
  b32enc: text(encode32),
  b32dec: text(decode32),
};

function quoted(value: string, budget: Budget): string {
  budget.text(value.length * 4);
  return quote(value);
}

/** A hash: some work for each byte. */
function digest(call: (text: string) => string): Func {
  return fn(['string'], ({ budget }, value) => {
    budget.step(100 + value.length);
    return call(value);
  });
}
