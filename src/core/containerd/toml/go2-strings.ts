import { byteStringToText, runeSize } from './bytes.ts';
import { TomlError } from './error.ts';
import type { Cursor } from './go2-syntax.ts';

/** Moves over one character; `where` names the place in the error. Line ends are the caller's business. */
export const skipCharacter = (cursor: Cursor, where: string): void => {
  const { source, at } = cursor;
  const code = source.charCodeAt(at);
  const control = (code < 0x20 && code !== 0x09) || code === 0x7f;
  if (control) throw new TomlError(`control character in ${where}`, at);
  const size = runeSize(source, at);
  if (size === 0) throw new TomlError(`invalid UTF-8 in ${where}`, at);
  cursor.at = at + size;
};

/** Moves over `\n` or `\r\n`, the latter's first half alone being an error. */
const skipNewline = (cursor: Cursor, where: string): void => {
  if (cursor.source[cursor.at] === '\r') {
    if (cursor.source[cursor.at + 1] !== '\n')
      throw new TomlError(`carriage return without newline in ${where}`, cursor.at);
    cursor.at += 1;
  }
  cursor.at += 1;
};

const isLineEnd = (character: string | undefined): boolean => character === '\n' || character === '\r';

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const unicodeLength = (cursor: Cursor, letter: string): number | undefined => {
  if (letter === 'u') return 4;
  if (letter === 'U') return 8;
  return letter === 'x' && cursor.modern ? 2 : undefined;
};

/** Reads one escape; the cursor stands on the backslash. */
const readEscape = (cursor: Cursor): string => {
  const { source, at } = cursor;
  const letter = source[at + 1];
  if (letter === undefined) throw new TomlError('nothing follows the backslash', at);
  const simple = simpleEscapes[letter];
  if (simple !== undefined) {
    cursor.at = at + 2;
    return simple;
  }
  const length = unicodeLength(cursor, letter);
  if (length === undefined) throw new TomlError(`unknown escape \\${byteStringToText(letter)}`, at);
  const digits = source.slice(at + 2, at + 2 + length);
  if (digits.length < length || !/^[0-9A-Fa-f]+$/.test(digits)) {
    throw new TomlError(`\\${letter} needs ${length} hexadecimal digits`, at);
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new TomlError('no Unicode character', at);
  cursor.at = at + 2 + length;
  return String.fromCodePoint(code);
};

export type StringRead = { readonly text: string; readonly escaped: boolean };

/** A string on one line; the cursor stands on its first quote. */
export const readString = (cursor: Cursor): StringRead => {
  const { source, at: start } = cursor;
  const quote = source[start];
  const where = 'a string';
  let text = '';
  let escaped = false;
  cursor.at += 1;
  let from = cursor.at;
  for (;;) {
    const character = source[cursor.at];
    if (character === undefined) throw new TomlError('the string is not closed', start);
    if (isLineEnd(character)) throw new TomlError('the string is not closed before the end of the line', start);
    if (character === quote) break;
    if (character === '\\' && quote === '"') {
      text += byteStringToText(source.slice(from, cursor.at)) + readEscape(cursor);
      escaped = true;
      from = cursor.at;
    } else {
      skipCharacter(cursor, where);
    }
  }
  text += byteStringToText(source.slice(from, cursor.at));
  cursor.at += 1;
  return { text, escaped };
};

const countQuotes = (source: string, at: number): number => {
  let end = at;
  while (source[end] === source[at]) end += 1;
  return end - at;
};

/** A backslash at the end of a line takes the line end and all white space after it away. */
const skipFoldedLine = (cursor: Cursor): boolean => {
  const rest = /\\[ \t]*\r?\n[ \t\r\n]*/y;
  rest.lastIndex = cursor.at;
  const found = rest.exec(cursor.source);
  if (found === null) return false;
  if (/\r(?!\n)/.test(found[0])) throw new TomlError('carriage return without newline in a string', cursor.at);
  cursor.at += found[0].length;
  return true;
};

/** A string in triple quotes; the cursor stands on the first. Up to two quotes may belong to its end. */
export const readLongString = (cursor: Cursor): StringRead => {
  const { source, at: start } = cursor;
  const quote = source[start];
  cursor.at += 3;
  if (isLineEnd(source[cursor.at])) skipNewline(cursor, 'a string');
  let text = '';
  let from = cursor.at;
  const take = (): void => {
    text += byteStringToText(source.slice(from, cursor.at));
  };
  for (;;) {
    const character = source[cursor.at];
    if (character === undefined) throw new TomlError('the string is not closed', start);
    if (character === quote) {
      const quotes = countQuotes(source, cursor.at);
      if (quotes > 5) throw new TomlError('too many quotes at the end of a string', cursor.at);
      cursor.at += quotes >= 3 ? quotes - 3 : quotes;
      if (quotes >= 3) break;
    } else if (character === '\\' && quote === '"') {
      take();
      if (!skipFoldedLine(cursor)) text += readEscape(cursor);
      from = cursor.at;
    } else if (isLineEnd(character)) {
      skipNewline(cursor, 'a string');
    } else {
      skipCharacter(cursor, 'a string');
    }
  }
  take();
  cursor.at += 3;
  return { text, escaped: true };
};
