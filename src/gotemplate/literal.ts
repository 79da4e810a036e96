import { parseFloat64 } from './strconv/float.ts';
import { parseInt64, parseUint64 } from './strconv/int.ts';
import { quote, unquoteChar } from './strconv/quote.ts';
import { Complex } from './values.ts';

/** A number as written, with every type it can stand for. */
export type Literal = {
  readonly text: string;
  readonly int?: bigint;
  readonly uint?: bigint;
  readonly float?: number;
  readonly complex?: Complex;
};

/** A literal that cannot be read, with Go's text. */
export type BadLiteral = { readonly problem: string };

function charLiteral(text: string): Literal | BadLiteral {
  const char = unquoteChar(text, 1, "'");
  if (char === undefined) return { problem: 'invalid syntax' };
  if (text.slice(char.next) !== "'") return { problem: `malformed character constant: ${text}` };
  return { text, int: BigInt(char.rune), uint: BigInt(char.rune), float: char.rune };
}

function fromComplex(text: string, complex: Complex): Literal {
  if (complex.imaginary !== 0) return { text, complex };
  const { real } = complex;
  const whole = Number.isInteger(real);
  return {
    text,
    complex,
    float: real,
    ...(whole && Math.abs(real) < 2 ** 63 ? { int: BigInt(real) } : {}),
    ...(whole && real >= 0 && real < 2 ** 64 ? { uint: BigInt(real) } : {}),
  };
}

function complexLiteral(text: string): Literal | BadLiteral {
  const split = /^([+-]?.*?[^eEpP+-])([+-].*)i$/.exec(text);
  const real = parseFloat64(split?.[1] ?? '');
  const imaginary = parseFloat64(split?.[2] ?? '');
  if (split === null || real.error !== undefined || imaginary.error !== undefined) {
    return { problem: 'syntax error scanning complex number' };
  }
  return fromComplex(text, new Complex(real.value, imaginary.value));
}

/** Go's int64(f) == f and its like, where the conversion is defined. */
function fromFloat(text: string, float: number): Literal {
  const whole = Number.isInteger(float);
  const int = whole && float >= -(2 ** 63) && float < 2 ** 63 ? BigInt(float) : undefined;
  const uint = whole && float >= 0 && float < 2 ** 64 ? BigInt(float) : undefined;
  return { text, float, ...(int === undefined ? {} : { int }), ...(uint === undefined ? {} : { uint }) };
}

/** Reads a character, a number or a complex number as text/template/parse does. */
export function readLiteral(text: string, kind: 'char' | 'complex' | 'number'): Literal | BadLiteral {
  if (kind === 'char') return charLiteral(text);
  if (kind === 'complex') return complexLiteral(text);
  if (/^([1-9][0-9]{0,14}|0)$/.test(text)) {
    const int = BigInt(text);
    return { text, int, uint: int, float: Number(text) };
  }
  if (text.endsWith('i')) {
    const imaginary = parseFloat64(text.slice(0, -1));
    if (imaginary.error === undefined) return fromComplex(text, new Complex(0, imaginary.value));
  }
  const unsigned = parseUint64(text, 0);
  const signed = parseInt64(text, 0);
  if (signed.error === undefined) {
    const uint = unsigned.error === undefined ? unsigned.value : signed.value === 0n ? 0n : undefined;
    const base = { text, int: signed.value, float: Number(signed.value) };
    return uint === undefined ? base : { ...base, uint };
  }
  if (unsigned.error === undefined) return { text, uint: unsigned.value, float: Number(unsigned.value) };
  const float = parseFloat64(text);
  if (float.error !== undefined) return { problem: `illegal number syntax: ${quote(text)}` };
  if (!/[.eEpP]/.test(text)) return { problem: `integer overflow: ${quote(text)}` };
  return fromFloat(text, float.value);
}
