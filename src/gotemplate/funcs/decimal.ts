import { CallError } from '../error.ts';
import { floatText } from '../strconv/float.ts';

/** A decimal number: value * 10 ** exponent. */
export type Decimal = { readonly value: bigint; readonly exponent: number };

const DIVISION_DIGITS = 16;

/** The decimal with the fewest digits that reads back as this float. */
export function fromFloat(float: number): Decimal {
  if (!Number.isFinite(float)) throw new CallError(`Cannot create a Decimal from ${floatText(float)}`);
  if (float === 0) return { value: 0n, exponent: 0 };
  const [mantissa = '0', exponent = '0'] = float.toExponential().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { value: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** The nearest float. */
export function toFloat({ value, exponent }: Decimal): number {
  return Number(`${value}e${exponent}`);
}

function align(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scale = (d: Decimal): bigint => d.value * 10n ** BigInt(d.exponent - exponent);
  return [scale(a), scale(b), exponent];
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [left, right, exponent] = align(a, b);
  return { value: left + right, exponent };
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, { value: -b.value, exponent: b.exponent });
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { value: a.value * b.value, exponent: a.exponent + b.exponent };
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/** The quotient with sixteen decimals, rounded half away from zero. */
export function divide(a: Decimal, b: Decimal): Decimal {
  if (b.value === 0n) throw new CallError('decimal division by 0');
  const shift = a.exponent - b.exponent + DIVISION_DIGITS;
  const numerator = shift < 0 ? a.value : a.value * 10n ** BigInt(shift);
  const denominator = shift < 0 ? b.value * 10n ** BigInt(-shift) : b.value;
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  if (absolute(rest) * 2n < absolute(denominator)) return { value: quotient, exponent: -DIVISION_DIGITS };
  const away = a.value < 0n === b.value < 0n ? 1n : -1n;
  return { value: quotient + away, exponent: -DIVISION_DIGITS };
}
