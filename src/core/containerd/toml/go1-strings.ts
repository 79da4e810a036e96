import type { Go1Reader } from './go1-reader.ts';
import { LexError } from './go1-reader.ts';

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

const readUnicode = (reader: Go1Reader, length: number): string => {
  const digits = reader.ahead(length);
  if (!/^[0-9A-Fa-f]+$/.test(digits) || digits.length < length) throw new LexError('unfinished unicode escape');
  reader.forward(length);
  const code = Number.parseInt(digits, 16);
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
};

/** The cursor stands on the backslash. Any white space behind it goes away with all that follows. */
const readEscape = (reader: Go1Reader): string => {
  reader.next();
  const character = reader.peek() ?? '';
  if (character !== '' && '\r\n\t '.includes(character)) {
    while ('\r\n\t '.includes(reader.peek() ?? '?')) reader.next();
    return '';
  }
  const plain = plainEscapes[character];
  if (plain === undefined && character !== 'u' && character !== 'U') {
    throw new LexError(`invalid escape sequence \\${character}`);
  }
  reader.next();
  return plain ?? readUnicode(reader, character === 'u' ? 4 : 8);
};

/** Reads to the quotes that end a string in double quotes, which stay. */
export const readBasic = (reader: Go1Reader, end: string, lineEnds: boolean): string => {
  let text = '';
  for (;;) {
    if (reader.follow(end)) return text;
    const character = reader.peek();
    if (character === '\\') {
      text += readEscape(reader);
    } else {
      const allowed = character === '\t' || (lineEnds && (character === '\n' || character === '\r'));
      if (character !== undefined && character < ' ' && !allowed) throw new LexError('a control character in a string');
      text += reader.next() ?? '';
    }
    if (reader.peek() === undefined) throw new LexError('the string is not closed');
  }
};

/** The same for single quotes. */
export const readLiteral = (reader: Go1Reader, end: string): string => {
  let text = '';
  while (!reader.follow(end)) {
    const character = reader.next();
    if (character === undefined) throw new LexError('the string is not closed');
    text += character;
  }
  return text;
};

/** A string value; the cursor stands on its first quote. */
export const scanString = (reader: Go1Reader, quote: '"' | "'"): void => {
  reader.next();
  const long = reader.follow(quote + quote);
  if (long) {
    reader.forward(2);
    if (reader.follow('\r\n')) reader.next();
    if (reader.peek() === '\n') reader.next();
  }
  reader.ignore();
  const end = long ? quote.repeat(3) : quote;
  reader.emit('string', quote === '"' ? readBasic(reader, end, long) : readLiteral(reader, end));
  reader.forward(end.length);
  reader.ignore();
};
