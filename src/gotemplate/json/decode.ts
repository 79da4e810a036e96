import { decodeRune, encodeRune, RUNE_ERROR } from '../bytes.ts';
import { grownCapacity } from '../data.ts';
import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { parseFloat64 } from '../strconv/float.ts';
import { quote } from '../strconv/quote.ts';
import { Dict, List, type Value } from '../values.ts';

/** A byte as Go's syntax errors show it. */
function shown(letter: string): string {
  if (letter === "'") return `'\\''`;
  if (letter === '"') return `'"'`;
  return `'${quote(encodeRune(letter.charCodeAt(0))).slice(1, -1)}'`;
}

const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** A byte that stands for itself in a JSON string. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code < 0x80 && code !== 34 && code !== 92;
}

class Decoder {
  private readonly text: string;
  private readonly budget: Budget;
  private at = 0;
  rangeProblem: string | undefined;

  constructor(text: string, budget: Budget) {
    this.text = text;
    this.budget = budget;
  }

  document(): Value {
    const value = this.value(0);
    this.blanks();
    if (this.at < this.text.length) this.unexpected('after top-level value');
    return value;
  }

  /** Within a word or a number Go takes the end of the text for a blank. */
  private unexpected(context: string): never {
    const letter = this.text[this.at] ?? (/^in (?!string literal)|^after decimal/.test(context) ? ' ' : undefined);
    if (letter === undefined) throw new CallError('unexpected end of JSON input');
    throw new CallError(`invalid character ${shown(letter)} ${context}`);
  }

  private blanks(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private value(depth: number): Value {
    this.blanks();
    this.budget.step(1);
    this.budget.depth(depth);
    const letter = this.text[this.at];
    switch (letter) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        if (letter === '-' || (letter !== undefined && letter >= '0' && letter <= '9')) return this.number();
        return this.unexpected('looking for beginning of value');
    }
  }

  private word(word: string, value: Value): Value {
    for (let i = 0; i < word.length; i++) {
      if (this.text[this.at] !== word[i]) this.unexpected(`in literal ${word} (expecting ${shown(word[i] ?? '')})`);
      this.at++;
    }
    return value;
  }

  private digits(context: string): void {
    if (!/[0-9]/.test(this.text[this.at] ?? '')) this.unexpected(context);
    while (/[0-9]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private number(): Value {
    const start = this.at;
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      this.digits('in exponent of numeric literal');
    }
    const literal = this.text.slice(start, this.at);
    const parsed = parseFloat64(literal);
    if (parsed.error === undefined) return parsed.value;
    this.rangeProblem ??= `json: cannot unmarshal number ${literal} into Go value of type float64`;
    return null;
  }

  private string(): string {
    this.at++;
    let out = '';
    for (;;) {
      const start = this.at;
      while (this.at < this.text.length && isPlain(this.text.charCodeAt(this.at))) this.at++;
      out += this.text.slice(start, this.at);
      const letter = this.text[this.at];
      if (letter === '"') {
        this.at++;
        this.budget.text(out.length);
        return out;
      }
      if (letter === '\\') {
        this.at++;
        out += this.escape();
      } else if (letter !== undefined && letter >= '\x80') {
        const packed = decodeRune(this.text, this.at);
        out += encodeRune(packed >> 3);
        this.at += packed & 7;
      } else {
        this.unexpected('in string literal');
      }
    }
  }

  private escape(): string {
    const letter = this.text[this.at] ?? '';
    const known = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (known !== undefined) {
      this.at++;
      return known;
    }
    if (letter !== 'u') this.unexpected('in string escape code');
    this.at++;
    const high = this.hex();
    if (high < 0xd800 || high > 0xdfff) return encodeRune(high);
    if (high < 0xdc00 && /^\\u[dD][c-fC-F][0-9a-fA-F]{2}/.test(this.text.slice(this.at, this.at + 6))) {
      this.at += 2;
      return encodeRune(0x10000 + ((high - 0xd800) << 10) + (this.hex() - 0xdc00));
    }
    return encodeRune(RUNE_ERROR);
  }

  private hex(): number {
    const start = this.at;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.unexpected('in \\u hexadecimal character escape');
      this.at++;
    }
    return Number.parseInt(this.text.slice(start, this.at), 16);
  }

  private array(depth: number): List {
    const items: Value[] = [];
    this.at++;
    this.blanks();
    if (this.text[this.at] === ']') this.at++;
    else {
      for (;;) {
        items.push(this.value(depth + 1));
        this.blanks();
        const letter = this.text[this.at];
        if (letter !== ',' && letter !== ']') this.unexpected('after array element');
        this.at++;
        if (letter === ']') break;
      }
    }
    this.budget.list(items.length);
    return new List(items, 'any', { capacity: grownCapacity(items.length) });
  }

  private object(depth: number): Dict {
    const entries = new Map<string, Value>();
    this.at++;
    this.blanks();
    if (this.text[this.at] === '}') this.at++;
    else {
      for (;;) {
        this.blanks();
        if (this.text[this.at] !== '"') this.unexpected('looking for beginning of object key string');
        const key = this.string();
        this.blanks();
        if (this.text[this.at] !== ':') this.unexpected('after object key');
        this.at++;
        entries.set(key, this.value(depth + 1));
        this.blanks();
        const letter = this.text[this.at];
        if (letter !== ',' && letter !== '}') this.unexpected('after object key:value pair');
        this.at++;
        if (letter === '}') break;
      }
    }
    this.budget.list(entries.size);
    return new Dict(entries);
  }
}

/** encoding/json's Unmarshal into an interface; what is no JSON is a CallError with Go's text. */
export function decodeJson(text: string, budget: Budget): Value {
  budget.step(text.length >> 3);
  const decoder = new Decoder(text, budget);
  const value = decoder.document();
  if (decoder.rangeProblem !== undefined) throw new CallError(decoder.rangeProblem);
  return value;
}

/** Go's word for what a JSON value is. */
export function jsonKind(value: Value): string {
  if (value instanceof Dict) return 'object';
  if (value instanceof List) return 'array';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'bool' : 'number';
}
