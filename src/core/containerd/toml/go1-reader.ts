import { byteStringToText, runeSize } from './bytes.ts';

/** What go-toml 1's parser is given. An `error` token is always the last one. */
export type TokenKind =
  | 'error'
  | 'end'
  | 'key'
  | 'string'
  | 'integer'
  | 'float'
  | 'true'
  | 'false'
  | 'inf'
  | 'nan'
  | '='
  | '['
  | ']'
  | '[['
  | ']]'
  | '{'
  | '}'
  | ','
  | 'date'
  | 'time'
  | 'offset'
  | 'table name'
  | 'array table name';

/** `line` as the library counts it, `at` the byte offset. */
export type Token = { readonly kind: TokenKind; readonly text: string; readonly line: number; readonly at: number };

/** The lexer stops here. */
export class LexError extends Error {
  override name = 'LexError';
}

export const isSpace = (character: string | undefined): boolean => character === ' ' || character === '\t';

export const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= '0' && character <= '9' && character.length === 1;

export const isBareKeyCharacter = (character: string | undefined): boolean =>
  character !== undefined && /^[A-Za-z0-9_-]$/.test(character);

/** Moves over the characters of a document and cuts tokens out of them. */
export type Go1Reader = {
  readonly tokens: readonly Token[];
  readonly peek: () => string | undefined;
  /** The next characters, as far as there are any. */
  readonly ahead: (count: number) => string;
  readonly follow: (text: string) => boolean;
  /** Takes one character; `undefined` at the end. */
  readonly next: () => string | undefined;
  readonly forward: (count: number) => void;
  /** What was taken since the last token does not belong to the next one. */
  readonly ignore: () => void;
  /** True when something was taken since the last token. */
  readonly started: () => boolean;
  /** Makes a token of what was taken, or of `text`. */
  readonly emit: (kind: TokenKind, text?: string) => void;
};

/** A byte that is no UTF-8 counts as U+FFFD, as Go's conversion to runes has it. */
const charactersOf = (source: string): { readonly characters: string[]; readonly offsets: number[] } => {
  const characters: string[] = [];
  const offsets: number[] = [];
  for (let at = 0; at < source.length; ) {
    const size = runeSize(source, at) || 1;
    offsets.push(at);
    characters.push(byteStringToText(source.slice(at, at + size)));
    at += size;
  }
  return { characters, offsets };
};

export const createGo1Reader = (source: string): Go1Reader => {
  const { characters, offsets } = charactersOf(source);
  const tokens: Token[] = [];
  let index = 0;
  let start = 0;
  let line = 1;
  let startLine = 1;

  const ahead = (count: number): string => characters.slice(index, index + count).join('');
  const next = (): string | undefined => {
    const character = characters[index];
    if (character === '\n') line += 1;
    if (character !== undefined) index += 1;
    return character;
  };
  const ignore = (): void => {
    start = index;
    startLine = line;
  };
  return {
    tokens,
    ahead,
    next,
    ignore,
    peek: () => characters[index],
    follow: (text) => characters[index] === text[0] && ahead(text.length) === text,
    forward: (count) => {
      for (let step = 0; step < count; step += 1) next();
    },
    started: () => index > start,
    emit: (kind, text = characters.slice(start, index).join('')) => {
      tokens.push({ kind, text, line: startLine, at: offsets[start] ?? source.length });
      ignore();
    },
  };
};
