import { TomlError } from './error.ts';
import type { Cursor, DateKind, TomlNode } from './go2-syntax.ts';

/** `sticky` has the flag `y`. */
const match = (sticky: RegExp, source: string, at: number): string => {
  sticky.lastIndex = at;
  return sticky.exec(source)?.[0] ?? '';
};

/**
 * Delimits a date or time before 2.4: anything that looks like a part of one, and one space before a digit, whose next
 * character is not looked at.
 */
const scanOldDate = (source: string, at: number): { readonly raw: string; readonly kind: DateKind } => {
  let hasDate = false;
  let hasTime = false;
  let hasZone = false;
  let spaceSeen = false;
  let index = at;
  for (; index < source.length; index += 1) {
    const character = source.charAt(index);
    if (/\d/.test(character)) continue;
    if (character === '-') {
      hasDate = true;
      hasZone ||= index - at >= 8;
    } else if (/[Tt:.]/.test(character)) {
      hasTime = true;
    } else if (/[+Zz]/.test(character)) {
      hasZone = true;
    } else if (character === ' ' && !spaceSeen && /\d/.test(source.charAt(index + 1))) {
      index = Math.min(index + 2, source.length - 1);
      spaceSeen = true;
      hasTime = true;
    } else {
      break;
    }
  }
  const raw = source.slice(at, index);
  if (!hasTime) return { raw, kind: 'local date' };
  if (!hasDate) return { raw, kind: 'local time' };
  return { raw, kind: hasZone ? 'datetime' : 'local datetime' };
};

const scanNewDate = (source: string, at: number): { readonly raw: string; readonly kind: DateKind } => {
  const raw = match(/(?:[\d:+.Zz-]|[Tt]| (?=\d))+/y, source, at);
  const split = raw.search(/[Tt ]/);
  if (raw[2] === ':') return { raw, kind: 'local time' };
  if (split < 0) return { raw, kind: 'local date' };
  return { raw, kind: /[Zz+-]/.test(raw.slice(split + 1)) ? 'datetime' : 'local datetime' };
};

const take = (cursor: Cursor, raw: string, kind: 'integer' | 'float' | DateKind): TomlNode => {
  const at = cursor.at;
  cursor.at += raw.length;
  return { kind, at, raw };
};

/** Before 2.4 a number is only delimited; a wrong one in a key that nobody reads is no error. */
const readOldNumber = (cursor: Cursor): TomlNode => {
  const { source, at } = cursor;
  const left = source.length - at;
  if (left > 2 && source[at] === '0' && !/[.eE]/.test(source.charAt(at + 1))) {
    const based = match(/0(?:x[0-9A-Fa-f_]*|o[0-7_]*|b[01_]*)/y, source, at);
    return take(cursor, based === '' ? '0' : based, 'integer');
  }
  const digits = match(/[-+0-9_.eE]*/y, source, at);
  const next = source.charAt(at + digits.length);
  if (next === 'i' || next === 'n') {
    const word = source.slice(at + digits.length, at + digits.length + 3);
    if (word !== 'inf' && word !== 'nan') throw new TomlError(`unexpected character '${next}' in a number`, at);
    return take(cursor, digits + word, 'float');
  }
  if (digits === '') throw new TomlError('this is no value: text needs quotes', at);
  return take(cursor, digits, /[.eE]/.test(digits) ? 'float' : 'integer');
};

const newNumber =
  /0x[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*|[-+]?(?:inf|nan)|[-+]?(?:0|[1-9]\d*(?:_\d+)*)(?:\.\d+(?:_\d+)*)?(?:[eE][-+]?\d+(?:_\d+)*)?/y;

/** Since 2.4 every number must be right, also in a key that nobody reads. */
const readNewNumber = (cursor: Cursor): TomlNode => {
  const { source, at } = cursor;
  const raw = match(newNumber, source, at);
  if (raw === '') throw new TomlError('this is no number', at);
  const next = source.charAt(at + raw.length);
  const special = /(?:inf|nan)$/.test(raw);
  const based = /^0[xob]/.test(raw);
  if (!special && next === '_') throw new TomlError('an underscore in a number stands between two digits', at);
  if (!special && !based) {
    if (/[0-9]/.test(next)) throw new TomlError('a number cannot begin with zero', at);
    if (/[A-Za-z.]/.test(next)) throw new TomlError('this is no number: text needs quotes', at);
  }
  return take(cursor, raw, !based && /[.eE]|inf|nan/.test(raw) ? 'float' : 'integer');
};

/** Reads a number, date or time; the cursor stands on its first character. */
export const readNumberOrDate = (cursor: Cursor): TomlNode => {
  const { source, at, modern } = cursor;
  const dated = /^(?:\d\d:|\d{4}-)/.test(source.slice(at, at + 5));
  if (dated) {
    const { raw, kind } = modern ? scanNewDate(source, at) : scanOldDate(source, at);
    return take(cursor, raw, kind);
  }
  return modern ? readNewNumber(cursor) : readOldNumber(cursor);
};

const days = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

const isCalendarDate = (text: string): boolean => {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (found === null) return false;
  const [, year, month, day] = found.map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  return month >= 1 && month <= 12 && day >= 1 && day <= days(year, month);
};

/**
 * Whether go-toml 2.2 reads a delimited date or time without an error: only then does it go on to store it, which ends
 * containerd when the key has a type.
 */
export const isRealDate = (kind: DateKind, raw: string): boolean => {
  const time = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?/;
  const isTime = (text: string): string | undefined => {
    const found = time.exec(text);
    const right = found !== null && Number(found[1]) < 24 && Number(found[2]) < 60 && Number(found[3]) <= 60;
    return right ? text.slice(found[0].length) : undefined;
  };
  if (kind === 'local date') return isCalendarDate(raw);
  if (kind === 'local time') return isTime(raw) === '';
  if (!isCalendarDate(raw.slice(0, 10)) || !/[Tt ]/.test(raw.charAt(10))) return false;
  const zone = isTime(raw.slice(11));
  if (kind === 'local datetime' || zone === undefined) return zone === '';
  const offset = /^[-+](\d\d):(\d\d)$/.exec(zone);
  return /^[Zz]$/.test(zone) || (offset !== null && Number(offset[1]) < 24 && Number(offset[2]) < 60);
};

const oldInteger =
  /^(?:[-+]?(?:0|[1-9]\d*(?:_\d+)*)|0x[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*)$/;

const oldFloat = /^[-+]?(?:inf|nan|(?:0|[1-9]\d*(?:_\d+)*)(?:\.\d+(?:_\d+)*)?(?:[eE][-+]?\d+(?:_\d+)*)?)$/;

/** More than 64, and the number fits 64 bits in no base. */
export const significantDigits = (number: string): number => number.replace(/^[-+]?(?:0[xob])?0*/, '').length;

/** Whether a delimited number is one, and fits 64 bits: asked only for a key that is read. */
export const isRealNumber = (kind: 'integer' | 'float', raw: string): boolean => {
  const plain = raw.replaceAll('_', '');
  if (kind === 'float') return oldFloat.test(raw) && (/inf|nan/.test(raw) || Number.isFinite(Number(plain)));
  if (!oldInteger.test(raw) || significantDigits(plain) > 64) return false;
  const value = plain.startsWith('-') ? -BigInt(plain.slice(1)) : BigInt(plain.replace('+', ''));
  return value === BigInt.asIntN(64, value);
};
