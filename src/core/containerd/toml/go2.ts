import { TomlError } from './error.ts';
import { readNumberOrDate } from './go2-numbers.ts';
import { readLongString, readString, skipCharacter } from './go2-strings.ts';
import type { Cursor, KeyPart, TomlExpression, TomlNode, TomlPair } from './go2-syntax.ts';

/** go-toml 2.4 refuses deeper values; the versions before have no limit. */
const maxNesting = 10_000;

/** Longer keys are refused, although Go would follow them: decoding goes one call deeper for each part. */
const maxKeyParts = 1000;

const skipBlanks = (cursor: Cursor): void => {
  while (cursor.source[cursor.at] === ' ' || cursor.source[cursor.at] === '\t') cursor.at += 1;
};

const atLineEnd = (cursor: Cursor): boolean => {
  const character = cursor.source[cursor.at];
  return character === '\n' || character === '\r';
};

const skipNewline = (cursor: Cursor): void => {
  const { source, at } = cursor;
  if (source[at] === '\n') cursor.at = at + 1;
  else if (source[at] === '\r' && source[at + 1] === '\n') cursor.at = at + 2;
  else throw new TomlError('expected the end of the line', at);
};

const skipComment = (cursor: Cursor): void => {
  cursor.at += 1;
  while (cursor.at < cursor.source.length) {
    const character = cursor.source[cursor.at];
    if (character === '\n' || (character === '\r' && cursor.source[cursor.at + 1] === '\n')) return;
    skipCharacter(cursor, 'a comment');
  }
};

/** White space, comments and line ends inside an array, or since 2.4 inside an inline table. */
const skipFiller = (cursor: Cursor): void => {
  for (;;) {
    skipBlanks(cursor);
    if (cursor.source[cursor.at] === '#') skipComment(cursor);
    else if (atLineEnd(cursor)) skipNewline(cursor);
    else return;
  }
};

const readKeyPart = (cursor: Cursor): KeyPart => {
  const at = cursor.at;
  const character = cursor.source[at];
  if (character === '"' || character === "'") return { ...readString(cursor), at };
  const bare = /[A-Za-z0-9_-]*/y;
  bare.lastIndex = at;
  const text = bare.exec(cursor.source)?.[0] ?? '';
  if (text === '')
    throw new TomlError(character === undefined ? 'a key is missing' : 'a key cannot begin like this', at);
  cursor.at += text.length;
  return { text, at, escaped: false };
};

const readKey = (cursor: Cursor): readonly KeyPart[] => {
  const parts = [readKeyPart(cursor)];
  for (;;) {
    skipBlanks(cursor);
    if (cursor.source[cursor.at] !== '.') return parts;
    cursor.at += 1;
    skipBlanks(cursor);
    parts.push(readKeyPart(cursor));
    if (parts.length > maxKeyParts) throw new TomlError(`a key of more than ${maxKeyParts} parts`, cursor.at);
  }
};

const expect = (cursor: Cursor, text: string, why: string): void => {
  if (!cursor.source.startsWith(text, cursor.at)) throw new TomlError(why, cursor.at);
  cursor.at += text.length;
};

const readKeyAndEquals = (cursor: Cursor): readonly KeyPart[] => {
  const key = readKey(cursor);
  expect(cursor, '=', "expected '=' after the key");
  skipBlanks(cursor);
  return key;
};

const readPair = (cursor: Cursor): TomlPair => ({ key: readKeyAndEquals(cursor), value: readValue(cursor) });

/** An array or inline table that is being read. `separated`: a comma, or nothing, stands before. */
type OpenArray = { readonly kind: 'array'; readonly at: number; readonly items: TomlNode[]; separated: boolean };
type OpenTable = {
  readonly kind: 'inline table';
  readonly at: number;
  readonly pairs: TomlPair[];
  key: readonly KeyPart[];
  separated: boolean;
};

/** Goes on in an array: its node if it ends here, `undefined` if the cursor stands on the next value. */
const continueArray = (cursor: Cursor, open: OpenArray): TomlNode | undefined => {
  for (;;) {
    skipFiller(cursor);
    const character = cursor.source[cursor.at];
    if (character === undefined) throw new TomlError('the list is not closed', open.at);
    if (character === ']') break;
    if (character !== ',') {
      if (!open.separated) throw new TomlError("expected ',' or ']' after a value", cursor.at);
      return undefined;
    }
    if (open.separated) throw new TomlError('a value is missing before the comma', cursor.at);
    open.separated = true;
    cursor.at += 1;
  }
  cursor.at += 1;
  return { kind: 'array', at: open.at, items: open.items };
};

/** The same for an inline table, whose next key is read. */
const continueTable = (cursor: Cursor, open: OpenTable): TomlNode | undefined => {
  const skip = cursor.modern ? skipFiller : skipBlanks;
  for (;;) {
    skip(cursor);
    const character = cursor.source[cursor.at];
    if (character === undefined) throw new TomlError('the inline table is not closed', open.at);
    if (character === '}' && (cursor.modern || !open.separated || open.pairs.length === 0)) break;
    if (character !== ',' || open.separated) {
      if (!open.separated) throw new TomlError("expected ',' or '}' after a value", cursor.at);
      open.key = readKeyAndEquals(cursor);
      return undefined;
    }
    open.separated = true;
    cursor.at += 1;
  }
  cursor.at += 1;
  return { kind: 'inline table', at: open.at, pairs: open.pairs };
};

const keywords: Readonly<Record<string, string>> = { t: 'true', f: 'false' };

const readScalar = (cursor: Cursor): TomlNode => {
  const { source, at } = cursor;
  const character = source[at];
  if (character === undefined) throw new TomlError('a value is missing', at);
  if (character === '"' || character === "'") {
    const long = source.startsWith(character.repeat(3), at);
    return { kind: 'string', at, text: (long ? readLongString(cursor) : readString(cursor)).text };
  }
  const keyword = keywords[character];
  if (keyword !== undefined) {
    expect(cursor, keyword, `this is no value: text needs quotes, a boolean is ${keyword}`);
    return { kind: 'boolean', at, value: keyword === 'true' };
  }
  if (atLineEnd(cursor) || character === '#') throw new TomlError('a value is missing', at);
  return readNumberOrDate(cursor);
};

/** Without recursion: a file may nest its values as deep as it is long. */
const readValue = (cursor: Cursor): TomlNode => {
  const opened: (OpenArray | OpenTable)[] = [];
  let value: TomlNode | undefined;
  for (;;) {
    if (value === undefined) {
      const { at } = cursor;
      const character = cursor.source[at];
      if (character === '[') opened.push({ kind: 'array', at, items: [], separated: true });
      else if (character === '{') opened.push({ kind: 'inline table', at, pairs: [], key: [], separated: true });
      else value = readScalar(cursor);
      if (value === undefined) cursor.at += 1;
      if (cursor.modern && opened.length > maxNesting) throw new TomlError(`more than ${maxNesting} nested values`, at);
    }
    const open = opened.at(-1);
    if (open === undefined) {
      if (value !== undefined) return value;
      continue;
    }
    if (value !== undefined) {
      if (open.kind === 'array') open.items.push(value);
      else open.pairs.push({ key: open.key, value });
      open.separated = false;
    }
    value = open.kind === 'array' ? continueArray(cursor, open) : continueTable(cursor, open);
    if (value !== undefined) opened.pop();
  }
};

const readTable = (cursor: Cursor): TomlExpression => {
  const at = cursor.at;
  const array = cursor.source[at + 1] === '[';
  cursor.at += array ? 2 : 1;
  skipBlanks(cursor);
  const key = readKey(cursor);
  if (array) expect(cursor, ']]', "expected ']]' after the name of the table");
  else expect(cursor, ']', "expected ']' after the name of the table");
  return { kind: array ? 'array table' : 'table', key, at };
};

/**
 * The expressions of a document one after the other, as go-toml 2's parser gives them to containerd 2.x: what stands
 * before a syntax error is delivered first, then a TomlError is thrown. `modern` is go-toml 2.4; before it, an
 * expression is delivered even when its line goes on with something that is no comment.
 */
export function* readGoToml2(source: string, modern: boolean): Generator<TomlExpression> {
  const cursor: Cursor = { source, at: 0, modern };
  for (;;) {
    skipBlanks(cursor);
    const character = source[cursor.at];
    if (character === undefined) return;
    if (atLineEnd(cursor)) {
      skipNewline(cursor);
    } else if (character === '#') {
      skipComment(cursor);
    } else {
      const expression: TomlExpression = character === '[' ? readTable(cursor) : { kind: 'pair', ...readPair(cursor) };
      skipBlanks(cursor);
      if (source[cursor.at] === '#') skipComment(cursor);
      if (!modern) yield expression;
      if (cursor.at < source.length) skipNewline(cursor);
      if (modern) yield expression;
    }
  }
}
