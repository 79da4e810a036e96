import { scanDateOrNumber, scanNumber } from './go1-numbers.ts';
import type { Token, TokenKind } from './go1-reader.ts';
import { createGo1Reader, isBareKeyCharacter, isDigit, isSpace, LexError } from './go1-reader.ts';
import { readBasic, readLiteral, scanString } from './go1-strings.ts';

type State = (() => State) | undefined;

const words = ['true', 'false', 'inf', 'nan'] as const;

/**
 * go-toml 1.9.5's lexer, https://github.com/pelletier/go-toml/blob/v1.9.5/lexer.go, state by state: it takes documents
 * that are no TOML, and refuses some that are (a `]` in a quoted table name, a bare date at the end of a line).
 */
export const lexGoToml1 = (source: string): readonly Token[] => {
  const reader = createGo1Reader(source);
  const { peek, next, follow, ignore, emit } = reader;
  const brackets: ('[' | '{')[] = [];

  const skip = (): void => {
    next();
    ignore();
  };
  const one = (kind: TokenKind): void => {
    next();
    emit(kind);
  };
  const end = (): State => {
    emit('end', '');
    return undefined;
  };

  const lexVoid = (): State => {
    for (;;) {
      const character = peek();
      if (character === undefined) return end();
      if (character === '}') return lexRightBrace;
      if (character === '[') return lexTableName;
      if (character === '=') return lexEqual;
      if (character === '#') skipComment();
      else if (character === '\r' || character === '\n' || isSpace(character)) skip();
      else return lexKey;
    }
  };

  const skipComment = (): void => {
    while (peek() !== undefined && peek() !== '\n' && !follow('\r\n')) next();
    ignore();
  };

  const lexEqual = (): State => {
    one('=');
    return lexValue;
  };

  const lexValue = (): State => {
    for (;;) {
      const character = peek();
      switch (character) {
        case undefined:
          return end();
        case '.':
          throw new LexError('a number cannot begin with a dot');
        case '=':
          return lexEqual;
        case '[':
          brackets.push('[');
          one('[');
          break;
        case '{':
          brackets.push('{');
          one('{');
          return lexVoid;
        case ']':
          closeBracket('[', ']');
          break;
        case '}':
          return lexRightBrace;
        case '#':
          skipComment();
          break;
        case '"':
        case "'":
          scanString(reader, character);
          break;
        case ',':
          one(',');
          if (brackets.at(-1) === '{') return lexVoid;
          break;
        case '\r':
        case '\n':
          skip();
          if (brackets.at(-1) !== '[') return lexVoid;
          break;
        default:
          scanPlain(character);
      }
    }
  };

  const scanPlain = (character: string): void => {
    const word = words.find((text) => follow(text));
    if (word !== undefined) {
      reader.forward(word.length);
      emit(word);
    } else if (isSpace(character)) {
      skip();
    } else if (character === '+' || character === '-') {
      scanNumber(reader);
    } else if (isDigit(character)) {
      scanDateOrNumber(reader);
    } else {
      throw new LexError(`no value can begin with ${character}: text needs quotes`);
    }
  };

  const closeBracket = (opened: '[' | '{', closed: ']' | '}'): void => {
    one(closed);
    if (brackets.at(-1) !== opened) throw new LexError(`'${closed}' does not belong here`);
    brackets.pop();
  };

  const lexRightBrace = (): State => {
    closeBracket('{', '}');
    return lexValue;
  };

  /** White space inside a key: with a dot in it, it belongs to the key; else the key ends. */
  const readKeySpace = (): string | undefined => {
    let text = '';
    while (isSpace(peek())) text += next();
    if (peek() !== '.') return undefined;
    text += next();
    while (isSpace(peek())) text += next();
    return text;
  };

  const readKeyPart = (character: string): string | undefined => {
    if (isSpace(character)) return readKeySpace();
    if (character !== '"' && character !== "'") {
      if (character === '\n') throw new LexError('a key cannot contain a line end');
      if (character !== '.' && !isBareKeyCharacter(character)) {
        throw new LexError(`a key cannot contain ${character} without quotes`);
      }
      next();
      return character;
    }
    next();
    const text = character === '"' ? readBasic(reader, '"', true) : readLiteral(reader, "'");
    next();
    return character + text + character;
  };

  const lexKey = (): State => {
    let text = '';
    for (let character = peek(); character !== undefined && character !== '='; character = peek()) {
      const part = readKeyPart(character);
      if (part === undefined) break;
      text += part;
    }
    emit('key', text);
    return lexVoid;
  };

  const lexTableName = (): State => {
    next();
    const array = peek() === '[';
    if (array) next();
    emit(array ? '[[' : '[');
    return array ? lexInArrayTableName : lexInTableName;
  };

  const readTableName = (kind: 'table name' | 'array table name'): void => {
    for (let character = peek(); character !== ']'; character = peek()) {
      if (character === undefined) throw new LexError('the table name is not closed');
      if (character === '[') throw new LexError("a table name cannot contain '[', not even in quotes");
      next();
    }
    if (reader.started()) emit(kind);
    next();
  };

  const lexInTableName = (): State => {
    readTableName('table name');
    emit(']');
    return lexVoid;
  };

  const lexInArrayTableName = (): State => {
    do readTableName('array table name');
    while (peek() !== ']');
    next();
    emit(']]');
    return lexVoid;
  };

  try {
    for (let state: State = lexVoid; state !== undefined; ) state = state();
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    emit('error', error.message);
  }
  return reader.tokens;
};
