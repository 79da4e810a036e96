import { runeSize } from './toml-bytes.ts';

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

export type Token = {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Byte offset, for people: line and column are the library's own count. */
  readonly at: number;
};

type State = (() => State) | undefined;

/** The characters of a byte string with their offsets; a byte that is no UTF-8 counts as U+FFFD. */
const charactersOf = (source: string): { readonly characters: string[]; readonly offsets: number[] } => {
  const characters: string[] = [];
  const offsets: number[] = [];
  const bytes = Uint8Array.from(source, (byte) => byte.charCodeAt(0));
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let at = 0; at < source.length; ) {
    const size = runeSize(source, at);
    offsets.push(at);
    if (size <= 1) characters.push(size === 0 ? '\ufffd' : source.charAt(at));
    else characters.push(decoder.decode(bytes.subarray(at, at + size)));
    at += size || 1;
  }
  return { characters, offsets: [...offsets, source.length] };
};

const isSpace = (character: string | undefined): boolean => character === ' ' || character === '\t';
const isDigit = (character: string | undefined): boolean => character !== undefined && /^[0-9]$/.test(character);
export const isBareKeyCharacter = (character: string | undefined): boolean =>
  character !== undefined && /^[A-Za-z0-9_-]$/.test(character);

class LexError extends Error {
  override name = 'LexError';
}

const plainEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  n: '\n',
  b: '\b',
  f: '\f',
  '/': '/',
  t: '\t',
  r: '\r',
  '\\': '\\',
};

/**
 * go-toml 1.9.5's lexer, https://github.com/pelletier/go-toml/blob/v1.9.5/lexer.go, state by state: it takes documents
 * that are no TOML, and refuses some that are (a `]` in a quoted table name, a bare date at the end of a line).
 */
export const lexGoToml1 = (source: string): readonly Token[] => {
  const { characters, offsets } = charactersOf(source);
  const tokens: Token[] = [];
  const brackets: ('[' | '{')[] = [];
  let index = 0;
  let start = 0;
  let line = 1;
  let column = 1;
  let tokenLine = 1;
  let tokenColumn = 1;

  const peek = (): string | undefined => characters[index];
  const follow = (text: string): boolean => characters.slice(index, index + text.length).join('') === text;

  const next = (): string | undefined => {
    const character = characters[index];
    if (character === '\n') {
      line += 1;
      column = 1;
    } else {
      column += 1;
    }
    if (character !== undefined) index += 1;
    return character;
  };

  const ignore = (): void => {
    start = index;
    tokenLine = line;
    tokenColumn = column;
  };
  const skip = (): void => {
    next();
    ignore();
  };
  const forward = (count: number): void => {
    for (let step = 0; step < count; step += 1) next();
  };
  const push = (kind: TokenKind, text: string): void => {
    tokens.push({ kind, text, line: tokenLine, column: tokenColumn, at: offsets[start] ?? source.length });
  };
  const emit = (kind: TokenKind, text = characters.slice(start, index).join('')): void => {
    push(kind, text);
    ignore();
  };
  const fail = (message: string): State => {
    push('error', message);
    return undefined;
  };
  /** Emits a token of `count` characters and goes on to what can follow a value. */
  const one = (kind: TokenKind, count: number): State => {
    forward(count);
    emit(kind);
    return lexValue;
  };

  const lexVoid = (): State => {
    for (;;) {
      const character = peek();
      if (character === undefined) break;
      if (character === '}') return lexRightBrace;
      if (character === '[') return lexTableName;
      if (character === '#') return lexComment(lexVoid);
      if (character === '=') return one('=', 1);
      if (character === '\r' || character === '\n' || isSpace(character)) skip();
      else return lexKey;
    }
    emit('end', '');
    return undefined;
  };

  const lexComment = (back: () => State): State => {
    while (peek() !== undefined && peek() !== '\n' && !follow('\r\n')) next();
    ignore();
    return back;
  };

  const words: readonly (readonly [string, TokenKind])[] = [
    ['true', 'true'],
    ['false', 'false'],
    ['inf', 'inf'],
    ['nan', 'nan'],
  ];

  const lexValue = (): State => {
    for (;;) {
      const character = peek();
      switch (character) {
        case undefined:
          emit('end', '');
          return undefined;
        case '.':
          return fail('a number cannot begin with a dot');
        case '=':
          return one('=', 1);
        case '[':
          brackets.push('[');
          return one('[', 1);
        case ']':
          return lexRightBracket;
        case '{':
          next();
          emit('{');
          brackets.push('{');
          return lexVoid;
        case '}':
          return lexRightBrace;
        case '#':
          return lexComment(lexValue);
        case '"':
        case "'":
          return lexStringValue(character);
        case ',':
          next();
          emit(',');
          return brackets.at(-1) === '{' ? lexVoid : lexValue;
        case '\r':
        case '\n':
          skip();
          if (brackets.at(-1) === '[') continue;
          return lexVoid;
        default:
      }
      const word = words.find(([text]) => follow(text));
      if (word !== undefined) return one(word[1], word[0].length);
      if (isSpace(character)) skip();
      else if (character === '+' || character === '-') return lexNumber();
      else if (isDigit(character)) return lexDateOrNumber();
      else return fail(`no value can begin with ${character}: text needs quotes`);
    }
  };

  const lexRightBracket = (): State => {
    next();
    emit(']');
    if (brackets.at(-1) !== '[') return fail("']' does not belong here");
    brackets.pop();
    return lexValue;
  };

  const lexRightBrace = (): State => {
    next();
    emit('}');
    if (brackets.at(-1) !== '{') return fail("'}' does not belong here");
    brackets.pop();
    return lexValue;
  };

  const lexDateOrNumber = (): State => {
    const ahead = characters.slice(index, index + 5).join('');
    if (/^\d\d:/.test(ahead)) return lexTime();
    if (/^\d{4}-/.test(ahead)) return lexDate();
    return lexNumber();
  };

  /** Takes what `pattern` asks for, character by character (`9` is any digit); false at the first that differs. */
  const takeShape = (pattern: string): boolean =>
    [...pattern].every((wanted) => {
      const character = next();
      return wanted === '9' ? isDigit(character) : character === wanted;
    });

  const takeFraction = (): boolean => {
    if (peek() !== '.') return true;
    next();
    if (!isDigit(next())) return false;
    while (isDigit(peek())) next();
    return true;
  };

  const lexTime = (): State => {
    if (!takeShape('99:99:99') || !takeFraction()) return fail('a time needs the form 07:32:00');
    emit('time');
    return lexValue;
  };

  const lexDate = (): State => {
    if (!takeShape('9999-99-99')) return fail('a date needs the form 1979-05-27');
    emit('date');
    const character = peek();
    if (character === undefined) return lexValue;
    if (character !== ' ' && character !== 'T') return fail('a date must be followed by a space or T');
    if (character === ' ' && !/^\d*$/.test(characters.slice(index + 1, index + 3).join(''))) return lexValue;
    if (character === ' ' && index + 2 >= characters.length) return lexValue;
    skip();
    if (!takeShape('99:99:99') || !takeFraction()) return fail('a time needs the form 07:32:00');
    emit('time');
    return lexOffset;
  };

  const lexOffset = (): State => {
    const character = peek();
    if (character === 'Z') return one('offset', 1);
    if (character !== '+' && character !== '-') return lexValue;
    next();
    if (!takeShape('99:99')) return fail('an offset needs the form +07:00');
    emit('offset');
    return lexValue;
  };

  const basedDigits: Readonly<Record<string, RegExp>> = { x: /[0-9A-Fa-f_]/, o: /[0-7_]/, b: /[01_]/ };

  const lexBased = (digits: RegExp): State => {
    forward(2);
    const first = index;
    while (digits.test(peek() ?? '')) next();
    if (index === first) return fail('a number needs at least one digit');
    emit('integer');
    return lexValue;
  };

  const lexNumber = (): State => {
    const second = characters[index + 1] ?? '';
    if (peek() === '0' && /[A-Za-z]/.test(second)) {
      const digits = basedDigits[second];
      return digits === undefined ? fail(`unknown number base ${second}`) : lexBased(digits);
    }
    if (peek() === '+' || peek() === '-') {
      next();
      if (follow('inf')) return one('inf', 3);
      if (follow('nan')) return one('nan', 3);
    }
    let point = false;
    let exponent = false;
    let digit = false;
    for (;;) {
      const character = peek();
      if (character === '.') {
        if (point) return fail('two dots in one number');
        next();
        if (!isDigit(peek())) return fail('a number cannot end with a dot');
        point = true;
      } else if (character === 'e' || character === 'E') {
        exponent = true;
        next();
        if (peek() === '+' || peek() === '-') next();
      } else if (isDigit(character)) {
        digit = true;
        next();
      } else if (character === '_') {
        next();
      } else {
        break;
      }
      if (point && !digit) return fail('a number cannot begin with a dot');
    }
    if (!digit) return fail('a number without a digit');
    emit(point || exponent ? 'float' : 'integer');
    return lexValue;
  };

  const readUnicode = (length: number): string => {
    const digits = characters.slice(index, index + length).join('');
    if (!/^[0-9A-Fa-f]+$/.test(digits) || digits.length < length) throw new LexError('unfinished unicode escape');
    forward(length);
    const code = Number.parseInt(digits, 16);
    return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
  };

  const readEscape = (): string => {
    next();
    const character = peek();
    if (character !== undefined && '\r\n\t '.includes(character)) {
      while ('\r\n\t '.includes(peek() ?? '?')) next();
      return '';
    }
    const plain = plainEscapes[character ?? ''];
    if (plain === undefined && character !== 'u' && character !== 'U') {
      throw new LexError(`invalid escape sequence \\${character ?? ''}`);
    }
    next();
    return plain ?? readUnicode(character === 'u' ? 4 : 8);
  };

  const skipFirstNewline = (): void => {
    if (follow('\r\n')) skip();
    if (peek() === '\n') skip();
  };

  const readBasic = (end: string, lineEnds: boolean): string => {
    let text = '';
    for (;;) {
      if (follow(end)) return text;
      const character = peek();
      if (character === '\\') {
        text += readEscape();
      } else {
        const allowed = character === '\t' || (lineEnds && (character === '\n' || character === '\r'));
        if (character !== undefined && character < ' ' && !allowed)
          throw new LexError('a control character in a string');
        text += next() ?? '';
      }
      if (peek() === undefined) throw new LexError('the string is not closed');
    }
  };

  const readLiteral = (end: string): string => {
    let text = '';
    while (!follow(end)) {
      const character = next();
      if (character === undefined) throw new LexError('the string is not closed');
      text += character;
    }
    return text;
  };

  const lexStringValue = (quote: '"' | "'"): State => {
    skip();
    const long = follow(quote + quote);
    if (long) {
      skip();
      skip();
      skipFirstNewline();
    }
    const end = long ? quote.repeat(3) : quote;
    try {
      emit('string', quote === '"' ? readBasic(end, long) : readLiteral(end));
    } catch (error) {
      if (error instanceof LexError) return fail(error.message);
      throw error;
    }
    forward(end.length);
    ignore();
    return lexValue;
  };

  /** White space inside a key, with a dot in it or not. */
  const readKeySpace = (): { readonly text: string; readonly dotted: boolean } => {
    let text = ' ';
    next();
    while (isSpace(peek())) text += next();
    if (peek() !== '.') return { text: '', dotted: false };
    text += next();
    while (isSpace(peek())) text += next();
    return { text, dotted: true };
  };

  const readKeyText = (): string => {
    let text = '';
    for (let character = peek(); character !== undefined && character !== '='; character = peek()) {
      if (character === '"' || character === "'") {
        next();
        text += character + (character === '"' ? readBasic('"', true) : readLiteral("'")) + character;
        next();
      } else if (character === '\n') {
        throw new LexError('a key cannot contain a line end');
      } else if (isSpace(character)) {
        const space = readKeySpace();
        if (!space.dotted) break;
        text += space.text;
      } else if (character === '.' || isBareKeyCharacter(character)) {
        text += character;
        next();
      } else {
        throw new LexError(`a key cannot contain ${character} without quotes`);
      }
    }
    return text;
  };

  const lexKey = (): State => {
    try {
      emit('key', readKeyText());
    } catch (error) {
      if (error instanceof LexError) return fail(error.message);
      throw error;
    }
    return lexVoid;
  };

  const lexTableName = (): State => {
    next();
    if (peek() !== '[') {
      emit('[');
      return lexInTableName;
    }
    next();
    emit('[[');
    return lexInArrayTableName;
  };

  const lexInTableName = (): State => {
    for (let character = peek(); character !== undefined; character = peek()) {
      if (character === '[') return fail("a table name cannot contain '[', not even in quotes");
      if (character === ']') {
        if (index > start) emit('table name');
        next();
        emit(']');
        return lexVoid;
      }
      next();
    }
    return fail('the table name is not closed');
  };

  const lexInArrayTableName = (): State => {
    for (let character = peek(); character !== undefined; character = peek()) {
      if (character === '[') return fail("a table name cannot contain '[', not even in quotes");
      if (character === ']') {
        if (index > start) emit('array table name');
        next();
        if (peek() === ']') {
          next();
          emit(']]');
          return lexVoid;
        }
      } else {
        next();
      }
    }
    return fail('the table name is not closed');
  };

  for (let state: State = lexVoid; state !== undefined; ) state = state();
  return tokens;
};
