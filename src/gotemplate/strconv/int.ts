import type { Parsed } from './float.ts';

const MAX_INT = (1n << 63n) - 1n;
const MIN_INT = -(1n << 63n);
const MAX_UINT = (1n << 64n) - 1n;

function underscoresOk(digits: string, prefixed: boolean): boolean {
  if (!digits.includes('_')) return true;
  return prefixed ? /^(_?[0-9a-zA-Z])+$/.test(digits) : /^[0-9a-zA-Z](_?[0-9a-zA-Z])*$/.test(digits);
}

function magnitude(text: string, base: number): bigint | undefined {
  let digits = text;
  let radix = base;
  let prefixed = false;
  if (base === 0) {
    radix = 10;
    const prefix = /^0([xXbBoO]?)/.exec(text);
    if (prefix !== null && text.length > 1) {
      const letter = prefix[1]?.toLowerCase() ?? '';
      if (letter !== '' && text.length < 3) return undefined;
      radix = letter === 'x' ? 16 : letter === 'b' ? 2 : 8;
      prefixed = true;
      digits = text.slice(letter === '' ? 1 : 2);
    }
    if (!underscoresOk(digits, prefixed)) return undefined;
    digits = digits.replaceAll('_', '');
  }
  return readDigits(digits, radix);
}

function readDigits(digits: string, radix: number): bigint | undefined {
  if (digits === '' || digits.length > 400) return undefined;
  let value = 0n;
  const wide = BigInt(radix);
  for (const letter of digits) {
    const digit = Number.parseInt(letter, 36);
    if (Number.isNaN(digit) || digit >= radix) return undefined;
    value = value * wide + BigInt(digit);
  }
  return value;
}

/** strconv.ParseInt(text, base, 64) */
export function parseInt64(text: string, base: number): Parsed<bigint> {
  const sign = text[0] === '-' || text[0] === '+' ? text[0] : '';
  const size = magnitude(text.slice(sign.length), base);
  if (size === undefined) return { value: 0n, error: 'syntax' };
  const value = sign === '-' ? -size : size;
  if (value > MAX_INT) return { value: MAX_INT, error: 'range' };
  if (value < MIN_INT) return { value: MIN_INT, error: 'range' };
  return { value };
}

/** strconv.ParseUint(text, base, 64) */
export function parseUint64(text: string, base: number): Parsed<bigint> {
  const value = magnitude(text, base);
  if (value === undefined) return { value: 0n, error: 'syntax' };
  return value > MAX_UINT ? { value: MAX_UINT, error: 'range' } : { value };
}
