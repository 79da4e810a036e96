import { decodeRune, encodeRune } from '../bytes.ts';
import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { quote, quoteRune } from '../strconv/quote.ts';
import { Dict, List, type Value } from '../values.ts';
import { readPrimitive } from './primitive.ts';
import { type Entry, finished, KeyProblem, type Path, Tables } from './tables.ts';

const ESCAPES: Record<string, string> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\x1b',
  '"': '"',
  '\\': '\\',
};

/** Where the first control character other than tab and newline is; -1 without one. */
function findControl(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 9 && code !== 10) || code === 0x7f) return i;
  }
  return -1;
}

/** Reads a document with BurntSushi's rules and, for the usual mistakes, its words. */
class Decoder {
  private readonly text: string;
  private readonly budget: Budget;
  private readonly tables = new Tables();
  private at = 0;
  private key = '';
  /** Where the key began that a complaint about it names. */
  private keyAt = 0;

  constructor(text: string, budget: Budget) {
    this.text = text;
    this.budget = budget;
  }

  document(): Value {
    for (;;) {
      this.skip(true);
      if (this.at >= this.text.length) return finished(this.tables.root);
      this.budget.step(5);
      if (this.text[this.at] === '[') this.table();
      else this.pair();
      this.lineEnd();
    }
  }

  private fail(message: string, at = this.at): never {
    const line = this.text.slice(0, at).split('\n').length;
    const name = this.tables.nameOf(this.key);
    const last = name === '' ? '' : ` (last key ${quote(name)})`;
    throw new CallError(`toml: line ${line}${last}: ${message}`);
  }

  private keyed(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof KeyProblem) this.fail(error.message, this.keyAt);
      throw error;
    }
  }

  private rune(): string {
    if (this.at >= this.text.length) return "'\\x00'";
    return quoteRune(decodeRune(this.text, this.at) >> 3);
  }

  private runeOrEnd(): string {
    return this.at >= this.text.length ? 'end of file' : this.rune();
  }

  /** Skips blanks and comments, and newlines where they mean nothing. */
  private skip(newlines: boolean): void {
    for (;;) {
      const blank = newlines ? /[ \t\r\n]*/y : /[ \t]*/y;
      blank.lastIndex = this.at;
      this.at += blank.exec(this.text)?.[0].length ?? 0;
      if (this.text[this.at] !== '#') return;
      const end = this.text.indexOf('\n', this.at);
      const comment = this.text.slice(this.at, end < 0 ? this.text.length : end);
      const control = findControl(comment.replace(/\r$/, ''));
      if (control >= 0) this.control(this.at + control);
      this.at += comment.length;
    }
  }

  private control(at: number): never {
    const hex = this.text.charCodeAt(at).toString(16).padStart(4, '0');
    return this.fail(`TOML files cannot contain control characters: '0x${hex.slice(2)}'`, at);
  }

  private lineEnd(): void {
    this.skip(false);
    this.key = '';
    if (this.at >= this.text.length || /^\r?\n/.test(this.text.slice(this.at, this.at + 2))) return;
    this.fail(`expected a top-level item to end with a newline, comment, or EOF, but got ${this.rune()} instead`);
  }

  private table(): void {
    const array = this.text[this.at + 1] === '[';
    this.at += array ? 2 : 1;
    this.skip(false);
    if (this.text[this.at] === ']') this.fail('unexpected end of table name (table names cannot be empty)');
    if (this.text[this.at] === '.') this.fail('unexpected table separator (table names cannot be empty)');
    this.keyAt = this.at;
    const path = this.path(`expected '.' or ']' to end table name`);
    if (this.text[this.at] !== ']') this.fail(`expected '.' or ']' to end table name, but got ${this.rune()} instead`);
    this.at++;
    if (array && this.text[this.at] !== ']') {
      this.fail(`expected end of table array name delimiter ']', but got ${this.rune()} instead`);
    }
    if (array) this.at++;
    this.budget.depth(path.length);
    this.keyed(() => this.tables.open(path, array));
  }

  private path(wanted: string): string[] {
    const path: string[] = [];
    for (;;) {
      this.skip(false);
      path.push(this.part(wanted));
      this.skip(false);
      if (this.text[this.at] !== '.') return path;
      this.at++;
      this.skip(false);
      if (this.text[this.at] === '.') this.fail("unexpected '.'");
      if (this.text[this.at] === '=') this.fail("unexpected '='");
    }
  }

  private part(wanted: string): string {
    const letter = this.text[this.at];
    if (letter === '"' || letter === "'") return letter === '"' ? this.basic() : this.literal();
    const bare = /^[A-Za-z0-9_-]*/.exec(this.text.slice(this.at, this.at + 1024))?.[0] ?? '';
    if (bare === '') {
      if (letter === undefined) this.fail("unexpected EOF; expected key separator '='");
      if (letter === '=') this.fail("unexpected '=': key name appears blank");
      if (letter === '.') this.fail("unexpected '.': keys cannot start with a '.'");
      this.fail(`${wanted}, but got ${this.rune()} instead`);
    }
    this.at += bare.length;
    return bare;
  }

  private pair(): void {
    const outer = this.tables.context;
    const path = this.assignment(outer);
    const value = this.value(path.length);
    this.keyed(() => this.tables.set(this.key, value));
    this.tables.context = outer;
  }

  /** Reads "key =" and opens what a dotted key implies. */
  private assignment(outer: Path): Path {
    this.keyAt = this.at;
    const wanted = `expected '.' or '='`;
    const path = this.path(wanted);
    if (this.text[this.at] !== '=') {
      if (this.at >= this.text.length) this.fail("unexpected EOF; expected key separator '='");
      this.fail(`${wanted}, but got ${this.rune()} instead`);
    }
    this.key = path[path.length - 1] ?? '';
    this.budget.depth(outer.length + path.length);
    this.keyed(() => this.tables.openImplied(outer, path.slice(0, -1)));
    this.at++;
    this.skip(false);
    return path;
  }

  private value(depth: number): Value {
    this.budget.step(2);
    this.budget.depth(depth);
    this.skip(false);
    const letter = this.text[this.at];
    switch (letter) {
      case undefined:
        return this.fail('unexpected EOF; expected value');
      case '[':
        return this.array(depth);
      case '{':
        return this.inline(depth);
      case '"':
        return this.text.startsWith('"""', this.at) ? this.multiline('"""') : this.basic();
      case "'":
        return this.text.startsWith("'''", this.at) ? this.multiline("'''") : this.literal();
      case '.':
        return this.fail("floats must start with a digit, not '.'");
      default:
        return this.primitive();
    }
  }

  private primitive(): Value {
    const word = /^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[^\s,\]}#]*|^[^\s,\]}#]+/.exec(
      this.text.slice(this.at, this.at + 256),
    )?.[0];
    if (word === undefined) return this.fail(`expected value but found ${this.rune()} instead`);
    const read = readPrimitive(word);
    if ('problem' in read) return this.fail(read.problem);
    this.at += word.length;
    return read.value;
  }

  private basic(): string {
    let out = '';
    this.at++;
    for (;;) {
      const letter = this.text[this.at];
      if (letter === undefined) this.fail(`unexpected EOF; expected '"'`);
      if (letter === '\n') this.fail('strings cannot contain newlines');
      if (findControl(letter) >= 0) this.control(this.at);
      this.at++;
      if (letter === '"') return out;
      out += letter === '\\' ? this.escape() : letter;
    }
  }

  private escape(): string {
    const letter = this.text[this.at] ?? '';
    this.at++;
    const known = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (known !== undefined) return known;
    const size = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
    if (size === 0) this.fail(`invalid escape in string '\\${letter}'`, this.at - 1);
    const hex = this.text.slice(this.at, this.at + size);
    const rune = /^[0-9a-fA-F]+$/.test(hex) && hex.length === size ? Number.parseInt(hex, 16) : -1;
    if (rune < 0) this.fail(`expected ${size} hexadecimal digits after '\\${letter}', but got ${quote(hex)} instead`);
    if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) {
      this.fail(`Escaped character '\\${letter}${hex}' is not valid UTF-8.`);
    }
    this.at += size;
    return encodeRune(rune);
  }

  private literal(): string {
    const end = this.text.slice(this.at + 1).search(/['\n]/);
    if (end < 0) this.fail(`unexpected EOF; expected "'"`, this.text.length);
    const text = this.text.slice(this.at + 1, this.at + 1 + end);
    if (this.text[this.at + 1 + end] === '\n') this.fail('strings cannot contain newlines');
    const control = findControl(text);
    if (control >= 0) this.control(this.at + 1 + control);
    this.at += end + 2;
    return text;
  }

  private multiline(mark: '"""' | "'''"): string {
    let out = '';
    this.at += 3;
    if (this.text.startsWith('\r\n', this.at)) this.at += 2;
    else if (this.text[this.at] === '\n') this.at++;
    for (;;) {
      const letter = this.text[this.at];
      if (letter === undefined)
        this.fail(mark === '"""' ? `unexpected EOF; expected '"""'` : `unexpected EOF; expected "'''"`);
      if (this.text.startsWith(mark, this.at)) break;
      this.at++;
      if (letter !== '\\' || mark === "'''") out += letter;
      else if (/^[ \t]*\r?\n/.test(this.text.slice(this.at, this.at + 256))) this.skipBlankLines();
      else out += this.escape();
    }
    this.at += 3;
    for (let extra = 0; extra < 2 && this.text[this.at] === mark[0]; extra++, this.at++) out += mark[0];
    return out.replaceAll('\r\n', '\n');
  }

  private skipBlankLines(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private array(depth: number): List {
    const items: Value[] = [];
    this.at++;
    for (;;) {
      this.skip(true);
      if (this.text[this.at] === ']') break;
      if (this.text[this.at] === ',') this.fail('unexpected comma');
      items.push(this.value(depth + 1));
      this.skip(true);
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== ']') {
        this.fail(`expected a comma (',') or array terminator (']'), but got ${this.runeOrEnd()}`);
      }
    }
    this.at++;
    this.budget.list(items.length);
    return new List(items);
  }

  private inline(depth: number): Dict {
    const outer = this.tables.context;
    const key = this.key;
    const table = new Map<string, Value>();
    this.at++;
    this.tables.context = [...outer, key];
    this.key = '';
    for (;;) {
      this.skip(true);
      if (this.text[this.at] === '}') break;
      if (this.text[this.at] === ',') this.fail('unexpected comma');
      this.keyAt = this.at;
      const path = this.path(`expected '.' or '='`);
      if (this.text[this.at] !== '=') this.fail(`expected '.' or '=', but got ${this.rune()} instead`);
      this.at++;
      this.key = path[path.length - 1] ?? '';
      this.place(table, path, this.value(depth + path.length));
      this.skip(true);
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== '}') {
        this.fail(`expected a comma or an inline table terminator '}', but got ${this.runeOrEnd()} instead`);
      }
    }
    this.at++;
    this.tables.context = outer;
    this.key = key;
    return new Dict(table);
  }

  private place(table: Map<string, Value>, path: Path, value: Value): void {
    let inner = table;
    for (const key of path.slice(0, -1)) {
      const next: Entry = inner.get(key) ?? new Dict();
      if (!(next instanceof Dict)) this.fail(`Key '${path.join('.')}' has already been defined.`, this.keyAt);
      inner.set(key, next);
      inner = next.entries();
    }
    if (inner.has(this.key)) this.fail(`Key '${path.join('.')}' has already been defined.`, this.keyAt);
    inner.set(this.key, value);
  }
}

/** Reads TOML as BurntSushi/toml does; what is none is a CallError. */
export function decodeToml(text: string, budget: Budget): Value {
  budget.step(10 + text.length);
  const bare = text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text;
  return new Decoder(bare, budget).document();
}
