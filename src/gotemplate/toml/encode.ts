import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { floatText } from '../strconv/float.ts';
import { formatTime } from '../time/format.ts';
import { Time } from '../time/value.ts';
import { Complex, Dict, List, Sized, typeOf, type Value } from '../values.ts';

const SHORT: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

function quoteText(text: string): string {
  let out = '"';
  for (const letter of text) {
    const code = letter.charCodeAt(0);
    const control = code < 0x20 || code === 0x7f;
    out += SHORT[letter] ?? (control ? `\\u${code.toString(16).padStart(4, '0')}` : letter);
  }
  return `${out}"`;
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoteText(key);
}

function isNil(value: Value): boolean {
  return value === null || value === undefined || ((value instanceof Dict || value instanceof List) && value.isNil);
}

/** A list of nothing but tables. */
function isTableArray(value: Value): value is List {
  if (!(value instanceof List) || value.isNil || value.items.length === 0) return false;
  if (value.items.some(isNil)) throw new CallError('toml: cannot encode array with nil element');
  for (const item of value.items) kindOf(item);
  return value.items.every((item) => item instanceof Dict);
}

function kindOf(value: Value): 'table' | 'plain' {
  if (value instanceof Dict) return value.isNil ? 'plain' : 'table';
  return isTableArray(value) ? 'table' : 'plain';
}

function floatWord(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = floatText(value);
  return /[e.]/.test(text) ? text : `${text}.0`;
}

/** A time without a zone is written without one. */
function timeText({ moment }: Time): string {
  switch (moment.zone(0).name) {
    case 'datetime-local':
      return formatTime(moment, '2006-01-02T15:04:05.999999999');
    case 'date-local':
      return formatTime(moment, '2006-01-02');
    case 'time-local':
      return formatTime(moment, '15:04:05.999999999');
    default:
      return formatTime(moment, '2006-01-02T15:04:05.999999999Z07:00');
  }
}

/** BurntSushi's encoder: plain keys before tables, two blanks of indent for each level. */
class Encoder {
  out = '';
  private readonly budget: Budget;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  encode(path: readonly string[], value: Value): void {
    this.budget.step(1);
    this.budget.depth(path.length);
    if (isNil(value)) return;
    if (value instanceof Dict) this.table(path, value);
    else if (isTableArray(value)) this.tables(path, value);
    else this.keyValue(path, value);
  }

  private write(text: string): void {
    this.budget.text(text.length);
    this.out += text;
    if (this.out.length > this.budget.limits.string) this.budget.text(this.out.length);
  }

  private newline(): void {
    if (this.out !== '') this.out += '\n';
  }

  private heading(path: readonly string[], open: string, close: string): void {
    this.write(`${'  '.repeat(path.length - 1)}${open}${path.map(keyText).join('.')}${close}`);
    this.newline();
  }

  private table(path: readonly string[], value: Dict): void {
    if (path.length === 1) this.newline();
    if (path.length > 0) this.heading(path, '[', ']');
    this.map(path, value);
  }

  private tables(path: readonly string[], list: List): void {
    if (path.length === 0) throw new CallError('toml: top-level values must be Go maps or structs');
    for (const item of list.items) {
      if (!(item instanceof Dict) || item.isNil) continue;
      this.newline();
      this.heading(path, '[[', ']]');
      this.map(path, item);
    }
  }

  private map(path: readonly string[], value: Dict): void {
    for (const key of this.ordered(value)) this.encode([...path, key], value.get(key));
  }

  private ordered(value: Dict): string[] {
    const keys = value.keys();
    const kinds = new Map(keys.map((key) => [key, kindOf(value.get(key))]));
    return [...keys.filter((key) => kinds.get(key) === 'plain'), ...keys.filter((key) => kinds.get(key) === 'table')];
  }

  private keyValue(path: readonly string[], value: Value): void {
    const key = path[path.length - 1];
    if (key === undefined) {
      this.write(this.element(value, 0));
      return;
    }
    this.write(`${'  '.repeat(path.length - 1)}${keyText(key)} = ${this.element(value, path.length)}`);
    this.newline();
  }

  private element(value: Value, depth: number): string {
    this.budget.step(1);
    this.budget.depth(depth);
    switch (typeof value) {
      case 'string':
        this.budget.text(value.length);
        return quoteText(value);
      case 'number':
        return floatWord(value);
      case 'bigint':
      case 'boolean':
        return String(value);
      default:
    }
    if (value instanceof Sized) return String(value.value);
    if (value instanceof List) return `[${value.items.map((item) => this.element(item, depth + 1)).join(', ')}]`;
    if (value instanceof Dict) return this.inline(value, depth);
    if (value instanceof Complex) throw new CallError(`unsupported type: ${typeOf(value)}`);
    if (value === null || value === undefined) throw new CallError('toml: cannot encode array with nil element');
    return value instanceof Time ? timeText(value) : quoteText(value.text());
  }

  private inline(value: Dict, depth: number): string {
    const parts = this.ordered(value)
      .filter((key) => !isNil(value.get(key)))
      .map((key) => `${keyText(key)} = ${this.element(value.get(key), depth + 1)}`);
    return `{${parts.join(', ')}}`;
  }
}

/** Writes TOML as BurntSushi/toml does; what it cannot write is a CallError. */
export function encodeToml(value: Value, budget: Budget): string {
  const encoder = new Encoder(budget);
  encoder.encode([], value);
  return encoder.out;
}
