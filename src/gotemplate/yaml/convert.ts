import { decodeRune, isAscii, runes } from '../bytes.ts';
import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { floatText } from '../strconv/float.ts';
import { isDigit, isLetter } from '../unicode.ts';
import { Complex, Dict, List, Sized, typeOf, type Value } from '../values.ts';
import type { YamlNode } from './emit.ts';

function numberBefore(letters: readonly number[], at: number): boolean {
  for (let i = at - 1; i >= 0 && isDigit(letters[i] ?? 0); i--) if (letters[i] !== 48) return true;
  return false;
}

function readNumber(letters: readonly number[], at: number, start: number): [value: number, end: number] {
  let value = start;
  let end = at;
  for (; end < letters.length && isDigit(letters[end] ?? 0); end++) value = value * 10 + (letters[end] ?? 48) - 48;
  return [value, end];
}

/** go-yaml's order of keys: letters after the rest, numbers within them by value. */
export function compareKeys(a: string, b: string): number {
  const left = runes(a);
  const right = runes(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i] ?? 0;
    const y = right[i] ?? 0;
    if (x === y) continue;
    if (isLetter(x) && isLetter(y)) return x - y;
    if (isLetter(x) || isLetter(y)) return isLetter(y) ? -1 : 1;
    const start = (x === 48 || y === 48) && numberBefore(left, i) ? 1 : 0;
    const [m, mEnd] = readNumber(left, i, start);
    const [n, nEnd] = readNumber(right, i, start);
    return m - n || mEnd - nEnd || x - y;
  }
  return left.length - right.length;
}

function checkText(text: string): string {
  if (isAscii(text) && !text.includes('\x7f')) return text;
  for (let i = 0; i < text.length; ) {
    const packed = decodeRune(text, i);
    const rune = packed >> 3;
    i += packed & 7;
    if (rune === 0x7f || (rune >= 0x80 && rune < 0xa0 && rune !== 0x85) || rune === 0xfffe || rune === 0xffff) {
      throw new CallError('yaml: control characters are not allowed');
    }
  }
  return text;
}

/** A float goes by way of JSON, where a whole one looks like an integer. */
function floatWord(value: number): string {
  if (!Number.isFinite(value)) {
    throw new CallError(`error marshaling into JSON: json: unsupported value: ${floatText(value)}`);
  }
  const json = String(value);
  return /^-?[0-9]+$/.test(json) && Math.abs(value) < 2 ** 64 ? json : floatText(value);
}

/** A value as YAML will show it. */
export function yamlNode(value: Value, budget: Budget, depth = 0): YamlNode {
  budget.step(1);
  budget.depth(depth);
  if (value === null || value === undefined) return { kind: 'word', text: 'null' };
  if (typeof value === 'string') return { kind: 'string', text: checkText(value) };
  if (typeof value === 'number') return { kind: 'word', text: floatWord(value) };
  if (typeof value === 'bigint' || typeof value === 'boolean') return { kind: 'word', text: String(value) };
  if (value instanceof Sized) return { kind: 'word', text: String(value.value) };
  if (value instanceof Complex) {
    throw new CallError(`error marshaling into JSON: json: unsupported type: ${typeOf(value)}`);
  }
  if (value instanceof List) {
    if (value.isNil) return { kind: 'word', text: 'null' };
    return { kind: 'list', items: value.items.map((item) => yamlNode(item, budget, depth + 1)) };
  }
  if (value instanceof Dict) {
    if (value.isNil) return { kind: 'word', text: 'null' };
    budget.list(value.size);
    const keys = value.keys().sort(compareKeys);
    return {
      kind: 'map',
      entries: keys.map((key) => [checkText(key), yamlNode(value.get(key), budget, depth + 1)] as const),
    };
  }
  return { kind: 'string', text: value.json().slice(1, -1) };
}
