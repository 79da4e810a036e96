import { CallError } from '../error.ts';
import { sprint } from '../fmt/print.ts';
import type { Budget } from '../limits.ts';
import { parseInt64 } from '../strconv/int.ts';
import { int64, List, type Value } from '../values.ts';
import { toFloat64, toInt64 } from './cast.ts';
import { add, type Decimal, divide, fromFloat, multiply, subtract, toFloat } from './decimal.ts';
import { type Funcs, fn, variadic } from './signature.ts';

type Step = (a: Decimal, b: Decimal) => Decimal;

/** Decimal arithmetic from left to right, so that addf 0.1 0.2 is 0.3. */
function fold(first: Value, rest: readonly Value[], budget: Budget, step: Step): number {
  let total = fromFloat(toFloat64(first));
  for (const value of rest) {
    budget.step(1 + (total.value.toString(16).length >> 3) + (Math.abs(total.exponent) >> 3));
    total = step(total, fromFloat(toFloat64(value)));
  }
  return toFloat(total);
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function quotient(a: Value, b: Value, divideBy: (a: bigint, b: bigint) => bigint): Value {
  const divisor = toInt64(b);
  if (divisor === 0n) throw new CallError('runtime error: integer divide by zero');
  return int64(divideBy(toInt64(a), divisor));
}

/** math.Pow(10, places) with Go's own rounding: https://go.dev/src/math/pow.go */
function powerOfTen(places: number): number {
  if (Math.abs(places) > 400) return places > 0 ? Number.POSITIVE_INFINITY : 0;
  let mantissa = 1;
  let exponent = 0;
  let factor = 0.625;
  let shift = 4;
  for (let left = Math.abs(places); left !== 0; left >>= 1) {
    if (left & 1) {
      mantissa *= factor;
      exponent += shift;
    }
    factor *= factor;
    shift *= 2;
    if (factor < 0.5) {
      factor += factor;
      shift--;
    }
  }
  if (places < 0) {
    mantissa = 1 / mantissa;
    exponent = -exponent;
  }
  const half = Math.trunc(exponent / 2);
  return mantissa * 2 ** half * 2 ** (exponent - half);
}

function round(value: Value, places: bigint, threshold: number): number {
  const power = powerOfTen(Number(places));
  const digit = power * toFloat64(value);
  const fraction = Number.isFinite(digit) ? digit - Math.trunc(digit) : Number.NaN;
  const rounded = fraction >= threshold ? Math.ceil(digit) : Math.floor(digit);
  return rounded / power;
}

const between = (start: bigint, stop: bigint, step: bigint): bigint[] => {
  const out: bigint[] = [];
  if (step > 0n) for (let i = start; i < stop; i += step) out.push(i);
  else for (let i = start; i > stop; i += step) out.push(i);
  return out;
};

/** The numbers from start until stop; counted before they are made. */
function untilStep(start: bigint, stop: bigint, step: bigint, budget: Budget): bigint[] {
  if (stop < start ? step >= 0n : step <= 0n) return [];
  const size = step < 0n ? -step : step;
  const distance = stop < start ? start - stop : stop - start;
  budget.list(Number((distance + size - 1n) / size));
  return between(start, stop, step);
}

function ints(items: readonly bigint[]): List {
  return new List(items, 'int');
}

function sequence(params: readonly bigint[], budget: Budget): string {
  const join = (start: bigint, stop: bigint, step: bigint): string => untilStep(start, stop, step, budget).join(' ');
  const [first = 0n, second = 0n, third = 0n] = params;
  switch (params.length) {
    case 1: {
      const step = first < 1n ? -1n : 1n;
      return join(1n, first + step, step);
    }
    case 2: {
      const step = second < first ? -1n : 1n;
      return join(first, second + step, step);
    }
    case 3: {
      if (third < first && second > 0n) return '';
      return join(first, third + (third < first ? -1n : 1n), second);
    }
    default:
      return '';
  }
}

const smaller = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.min(a, b));
const larger = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b));

function greater(a: bigint, b: bigint): bigint {
  if (b > a) return b;
  return a;
}

function lesser(a: bigint, b: bigint): bigint {
  if (b < a) return b;
  return a;
}

const max = variadic(['interface {}'], 'interface {}', (_, rest, first) =>
  int64(rest.map(toInt64).reduce(greater, toInt64(first))),
);

/** sprig's arithmetic and conversions. */
export const MATH: Funcs = {
  add1: fn(['interface {}'], (_, value) => int64(toInt64(value) + 1n)),
  add: variadic([], 'interface {}', (_, values) =>
    int64(values.reduce((sum: bigint, v) => wrap(sum + toInt64(v)), 0n)),
  ),
  sub: fn(['interface {}', 'interface {}'], (_, a, b) => int64(toInt64(a) - toInt64(b))),
  mul: variadic(['interface {}'], 'interface {}', (_, rest, first) =>
    int64(rest.reduce((product: bigint, v) => wrap(product * toInt64(v)), toInt64(first))),
  ),
  div: fn(['interface {}', 'interface {}'], (_, a, b) => quotient(a, b, (x, y) => x / y)),
  mod: fn(['interface {}', 'interface {}'], (_, a, b) => quotient(a, b, (x, y) => x % y)),
  max,
  biggest: max,
  min: variadic(['interface {}'], 'interface {}', (_, rest, first) =>
    int64(rest.map(toInt64).reduce(lesser, toInt64(first))),
  ),
  add1f: fn(['interface {}'], ({ budget }, value) => fold(value, [1n], budget, add)),
  addf: variadic([], 'interface {}', ({ budget }, values) => fold(0, values, budget, add)),
  subf: variadic(['interface {}'], 'interface {}', ({ budget }, rest, first) => fold(first, rest, budget, subtract)),
  mulf: variadic(['interface {}'], 'interface {}', ({ budget }, rest, first) => fold(first, rest, budget, multiply)),
  divf: variadic(['interface {}'], 'interface {}', ({ budget }, rest, first) => fold(first, rest, budget, divide)),
  maxf: variadic(['interface {}'], 'interface {}', (_, rest, first) =>
    rest.map(toFloat64).reduce(larger, toFloat64(first)),
  ),
  minf: variadic(['interface {}'], 'interface {}', (_, rest, first) =>
    rest.map(toFloat64).reduce(smaller, toFloat64(first)),
  ),
  floor: fn(['interface {}'], (_, value) => Math.floor(toFloat64(value))),
  ceil: fn(['interface {}'], (_, value) => Math.ceil(toFloat64(value))),
  round: variadic(['interface {}', 'int'], 'float64', (_, [threshold = 0.5], value, places) =>
    round(value, places, threshold),
  ),
  until: fn(['int'], ({ budget }, count) => ints(untilStep(0n, count, count < 0n ? -1n : 1n, budget))),
  untilStep: fn(['int', 'int', 'int'], ({ budget }, start, stop, step) => ints(untilStep(start, stop, step, budget))),
  seq: variadic([], 'int', ({ budget }, params) => sequence(params, budget)),
  int: fn(['interface {}'], (_, value) => toInt64(value)),
  int64: fn(['interface {}'], (_, value) => int64(toInt64(value))),
  float64: fn(['interface {}'], (_, value) => toFloat64(value)),
  atoi: fn(['string'], (_, text) => {
    const parsed = parseInt64(text, 10);
    return parsed.error === 'syntax' ? 0n : parsed.value;
  }),
  toDecimal: fn(['interface {}'], ({ budget }, value) => {
    const parsed = parseInt64(sprint([value], budget), 8);
    return int64(parsed.error === undefined ? parsed.value : 0n);
  }),
};
