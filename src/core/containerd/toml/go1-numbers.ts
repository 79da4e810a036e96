import { TomlError } from './error.ts';
import type { Go1Reader, Token } from './go1-reader.ts';
import { isDigit, LexError } from './go1-reader.ts';
import type { Go1Value } from './go1-tree.ts';
import { significantDigits } from './go2-numbers.ts';

/** Takes what `pattern` asks for, character by character (`9` is any digit); false at the first that differs. */
const takeShape = (reader: Go1Reader, pattern: string): boolean =>
  Array.from(pattern).every((wanted) => {
    const character = reader.next();
    return wanted === '9' ? isDigit(character) : character === wanted;
  });

const takeTime = (reader: Go1Reader): void => {
  let right = takeShape(reader, '99:99:99');
  if (right && reader.peek() === '.') {
    reader.next();
    right = isDigit(reader.next());
    while (isDigit(reader.peek())) reader.next();
  }
  if (!right) throw new LexError('a time needs the form 07:32:00');
  reader.emit('time');
};

const takeOffset = (reader: Go1Reader): void => {
  const character = reader.peek();
  if (character === 'Z') {
    reader.next();
  } else if (character === '+' || character === '-') {
    reader.next();
    if (!takeShape(reader, '99:99')) throw new LexError('an offset needs the form +07:00');
  } else {
    return;
  }
  reader.emit('offset');
};

const scanDate = (reader: Go1Reader): void => {
  if (!takeShape(reader, '9999-99-99')) throw new LexError('a date needs the form 1979-05-27');
  reader.emit('date');
  const character = reader.peek();
  if (character === undefined) return;
  if (character !== ' ' && character !== 'T') throw new LexError('a date must be followed by a space or T');
  if (character === ' ' && !/^ \d\d$/.test(reader.ahead(3))) return;
  reader.next();
  reader.ignore();
  takeTime(reader);
  takeOffset(reader);
};

const basedDigits: Readonly<Record<string, RegExp>> = { x: /[0-9A-Fa-f_]/, o: /[0-7_]/, b: /[01_]/ };

const scanBased = (reader: Go1Reader, base: string): void => {
  const digits = basedDigits[base];
  if (digits === undefined) throw new LexError(`unknown number base ${base}`);
  reader.forward(2);
  if (!digits.test(reader.peek() ?? '')) throw new LexError('a number needs at least one digit');
  while (digits.test(reader.peek() ?? '')) reader.next();
  reader.emit('integer');
};

const scanDecimal = (reader: Go1Reader): void => {
  let point = false;
  let exponent = false;
  let digit = false;
  for (;;) {
    const character = reader.peek();
    if (character === '.') {
      if (point) throw new LexError('two dots in one number');
      reader.next();
      if (!isDigit(reader.peek())) throw new LexError('a number cannot end with a dot');
      point = true;
    } else if (character === 'e' || character === 'E') {
      exponent = true;
      reader.next();
      if (reader.peek() === '+' || reader.peek() === '-') reader.next();
    } else if (isDigit(character)) {
      digit = true;
      reader.next();
    } else if (character === '_') {
      reader.next();
    } else {
      break;
    }
    if (point && !digit) throw new LexError('a number cannot begin with a dot');
  }
  if (!digit) throw new LexError('a number without a digit');
  reader.emit(point || exponent ? 'float' : 'integer');
};

/** A number; the cursor stands on its sign or first digit. */
export const scanNumber = (reader: Go1Reader): void => {
  const [first, second = ''] = Array.from(reader.ahead(2));
  if (first === '0' && /[A-Za-z]/.test(second)) {
    scanBased(reader, second);
    return;
  }
  if (first === '+' || first === '-') {
    reader.next();
    for (const word of ['inf', 'nan'] as const) {
      if (!reader.follow(word)) continue;
      reader.forward(3);
      reader.emit(word);
      return;
    }
  }
  scanDecimal(reader);
};

/** A number, date or time; the cursor stands on a digit. */
export const scanDateOrNumber = (reader: Go1Reader): void => {
  const ahead = reader.ahead(5);
  if (/^\d\d:/.test(ahead)) takeTime(reader);
  else if (/^\d{4}-/.test(ahead)) scanDate(reader);
  else scanNumber(reader);
};

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const daysOf = (year: number, month: number): number => {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

/** Whether there is such a day. */
export const isGo1Date = (text: string): boolean => {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
};

export const isGo1Time = (text: string): boolean => {
  const [hour = 0, minute = 0, second = 0] = text.replace(/\..*/, '').split(':').map(Number);
  return hour < 24 && minute < 60 && second < 60;
};

/** Go's time package lets an offset of 24 hours or 60 minutes pass. */
export const isGo1Offset = (text: string): boolean => {
  if (text === 'Z') return true;
  const [hours = 0, minutes = 0] = text.slice(1).split(':').map(Number);
  return hours <= 24 && minutes <= 60;
};

const badUnderscore = (text: string, digit: RegExp): boolean =>
  Array.from(text).some(
    (character, index) => character === '_' && (!digit.test(text[index - 1] ?? '') || index + 1 === text.length),
  );

const bases: Readonly<Record<string, RegExp>> = { x: /^[0-9A-Fa-f]+$/, o: /^[0-7]+$/, b: /^[01]+$/ };

const underscoreError = (at: number): TomlError =>
  new TomlError('an underscore in a number stands between two digits', at);

/** Throws a TomlError for what the library's parser refuses, after its lexer let it pass. */
export const parseWhole = (token: Token): Go1Value => {
  const clean = token.text.replaceAll('_', '');
  const based = clean.length >= 3 && clean.startsWith('0');
  const digits = based ? bases[clean.charAt(1)] : undefined;
  if (based && digits === undefined) throw new TomlError('a number cannot begin with zero', token.at);
  const digit = based && clean.charAt(1) === 'x' ? /[0-9A-Fa-f]/ : /[0-9]/;
  if (badUnderscore(token.text, digit)) throw underscoreError(token.at);
  const right = digits === undefined ? /^[-+]?\d+$/.test(clean) : digits.test(clean.slice(2));
  if (!right) throw new TomlError('this is no number', token.at);
  if (significantDigits(clean) > 64) throw new TomlError('the number does not fit 64 bits', token.at);
  const value = clean.startsWith('-') ? -BigInt(clean.slice(1)) : BigInt(clean.replace('+', ''));
  if (value === BigInt.asIntN(64, value)) return { kind: 'number' };
  const signed = /^[-+]/.test(clean);
  if (signed || value !== BigInt.asUintN(64, value)) throw new TomlError('the number does not fit 64 bits', token.at);
  return { kind: 'unsigned' };
};

/** The same for a number with a dot or an exponent. */
export const parseFloating = (token: Token): Go1Value => {
  const clean = token.text.replaceAll('_', '');
  const right = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(clean) && Number.isFinite(Number(clean));
  if (!right) throw new TomlError('this is no number', token.at);
  if (badUnderscore(token.text, /[0-9]/)) throw underscoreError(token.at);
  return { kind: 'number' };
};
