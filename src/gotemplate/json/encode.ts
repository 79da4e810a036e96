import { decodeRune, isBadRune } from '../bytes.ts';
import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { floatText } from '../strconv/float.ts';
import { Complex, Dict, List, Sized, typeOf, type Value } from '../values.ts';

/** How JSON is written: whether <, > and & are escaped, and the indent of a level. */
export type JsonStyle = { readonly html: boolean; readonly indent?: string };

const PLAIN = /^[ !#-%'-;=?-[\]-\x7f]*$/;
const SHORT: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function encodeString(text: string, { html }: JsonStyle, budget: Budget): string {
  budget.text(text.length);
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  for (let i = 0; i < text.length; ) {
    const packed = decodeRune(text, i);
    const letter = text.slice(i, i + (packed & 7));
    const rune = packed >> 3;
    i += packed & 7;
    const short = SHORT[letter];
    if (short !== undefined) out += short;
    else if (isBadRune(packed)) out += '\\ufffd';
    else if (
      rune < 0x20 ||
      (html && (rune === 0x3c || rune === 0x3e || rune === 0x26)) ||
      rune === 0x2028 ||
      rune === 0x2029
    )
      out += `\\u${rune.toString(16).padStart(4, '0')}`;
    else out += letter;
  }
  budget.text(out.length);
  return `${out}"`;
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new CallError(`json: unsupported value: ${floatText(value)}`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** encoding/json's Marshal; what it cannot write is a CallError. */
export function encodeJson(value: Value, style: JsonStyle, budget: Budget, depth = 0): string {
  budget.step(1);
  switch (typeof value) {
    case 'string':
      return encodeString(value, style, budget);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return encodeNumber(value);
    case 'undefined':
      return 'null';
    default:
  }
  if (value === null) return 'null';
  budget.depth(depth);
  if (value instanceof Sized) return String(value.value);
  if (value instanceof Complex) throw new CallError(`json: unsupported type: ${typeOf(value)}`);
  if (value instanceof List) {
    if (value.isNil) return 'null';
    return enclose(
      '[]',
      value.items.map((item) => encodeJson(item, style, budget, depth + 1)),
      { style, depth, budget },
    );
  }
  if (value instanceof Dict) {
    if (value.isNil) return 'null';
    const colon = style.indent === undefined ? ':' : ': ';
    const members = value.keys().map((key) => {
      const name = encodeString(key, style, budget);
      return name + colon + encodeJson(value.get(key), style, budget, depth + 1);
    });
    return enclose('{}', members, { style, depth, budget });
  }
  return value.json();
}

type Place = { readonly style: JsonStyle; readonly depth: number; readonly budget: Budget };

function enclose(brackets: string, parts: readonly string[], { style, depth, budget }: Place): string {
  const [open = '', close = ''] = brackets;
  if (parts.length === 0) return open + close;
  const { indent } = style;
  const inner = indent === undefined ? '' : `\n${indent.repeat(depth + 1)}`;
  const outer = indent === undefined ? '' : `\n${indent.repeat(depth)}`;
  budget.text(parts.reduce((sum, part) => sum + part.length + inner.length + 1, 2));
  return `${open}${inner}${parts.join(`,${inner}`)}${outer}${close}`;
}
