import { type JsonSchema, text, unlike } from './json-schema.ts';
import type { Bounds } from './settings-duration.ts';

const nanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  '(us|µs|μs)': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const units = Object.keys(nanoseconds);
const anyUnit = '(ns|us|µs|μs|ms|s|m|h)';
const anyNumber = '([0-9]+(\\.[0-9]*)?|\\.[0-9]+)';
const zero = `(0+(\\.0*)?|\\.0+)${anyUnit}`;
/** Where a number begins: at the start, or behind a unit. */
const start = '(^|[smh])';
/** Where a unit has ended: `m` is none in `ms`. */
const end = '([0-9.]|$)';

/** A bound in one unit: whole part, and as many digits of the fraction as count; `exact` when there are no more. */
type Bound = { readonly whole: string; readonly fraction: string; readonly exact: boolean };

const mostDigits = 9;

const boundIn = (ms: number, unit: bigint): Bound => {
  const total = BigInt(ms) * 1_000_000n;
  let rest = total % unit;
  let fraction = '';
  while (rest > 0n && fraction.length < mostDigits) {
    rest *= 10n;
    fraction += String(rest / unit);
    rest %= unit;
  }
  return { whole: String(total / unit), fraction, exact: rest === 0n };
};

const alternatives = (parts: readonly string[]): string => `(${parts.join('|')})`;

const before = (digits: string, at: number): string => digits.slice(0, at);

/** Digits of the same number that are greater (1) or smaller (-1) from the one at `at` on. */
const otherDigit = (digits: string, at: number, side: 1 | -1): readonly string[] => {
  const digit = Number(digits[at]);
  if (side === 1) return digit === 9 ? [] : [`${before(digits, at)}[${digit + 1}-9]`];
  return digit === 0 ? [] : [`${before(digits, at)}[0-${digit - 1}]`];
};

const places = (digits: string): readonly number[] => Array.from(digits, (_, at) => at);

/** Numbers above a bound. */
const above = ({ whole, fraction, exact }: Bound): string => {
  const longer = whole === '0' ? '[1-9][0-9]*' : `[1-9][0-9]{${whole.length},}`;
  const same = places(whole).flatMap((at) =>
    otherDigit(whole, at, 1).map((digits) => `${digits}[0-9]{${whole.length - at - 1}}`),
  );
  const more = [
    ...places(fraction).flatMap((at) => otherDigit(fraction, at, 1)),
    ...(exact ? [`${fraction}[0-9]*[1-9]`] : []),
  ];
  const behind = whole === '0' ? '0*' : `0*${whole}`;
  return alternatives([
    `0*${alternatives([longer, ...same])}(\\.[0-9]*)?`,
    ...(more.length === 0 ? [] : [`${behind}\\.${alternatives(more)}[0-9]*`]),
  ]);
};

/** Numbers below a bound. */
const below = ({ whole, fraction }: Bound): string => {
  const shorter = whole === '0' ? [] : places(whole.slice(1)).map((at) => `[0-9]{${at + 1}}`);
  const same = places(whole).flatMap((at) =>
    otherDigit(whole, at, -1).map((digits) => `${digits}[0-9]{${whole.length - at - 1}}`),
  );
  const less = places(fraction).flatMap((at) => [
    ...otherDigit(fraction, at, -1).map((digits) => `${digits}[0-9]*`),
    ...(/[1-9]/.test(fraction.slice(at)) ? [before(fraction, at)] : []),
  ]);
  const behind = whole === '0' ? '0*' : `0*${whole}`;
  return alternatives([
    ...(whole === '0' ? [] : [`0*${alternatives([...shorter, ...same])}(\\.[0-9]*)?`, '\\.[0-9]+']),
    ...(less.length === 0 ? [] : [`${behind}(\\.${alternatives(less)})?`]),
  ]);
};

const equal = ({ whole, fraction }: Bound): string =>
  `0*${whole === '0' ? '' : whole}${fraction === '' ? '(\\.0*)?' : `\\.${fraction}0*`}`;

const tooLong = (max: number): readonly string[] => {
  const inUnits = Object.entries(nanoseconds).map(([unit, size]) => ({ unit, bound: boundIn(max, size) }));
  const whole = inUnits.filter(({ bound }) => bound.exact).map(({ unit, bound }) => `${equal(bound)}${unit}`);
  return [
    `${start}${alternatives(inUnits.map(({ unit, bound }) => `${above(bound)}${unit}`))}${end}`,
    `${start}${alternatives(whole)}([1-9]|[0.].*[1-9])`,
    `[1-9].*[smh]${alternatives(whole)}${end}`,
  ];
};

const tooShort = (min: number): readonly string[] => {
  const small = units.flatMap((unit) => {
    const size = nanoseconds[unit];
    return size === undefined ? [] : [`${below(boundIn(min, size))}${unit}`];
  });
  return [`^(${zero})*${alternatives(small)}(${zero})*$`];
};

/**
 * A duration within bounds, both in milliseconds. It takes all that `readDuration` takes, and refuses what it refuses as
 * far as a pattern can say it: a number that is too large or too small by itself, also among zeros, and anything beside
 * one that is the whole bound (`24h1s`). Numbers that only their sum brings out of bounds (`23h61m`) are the agent's.
 */
export const durationSchema = (description: string, range: Bounds): JsonSchema =>
  text(description, {
    pattern: `^${anyNumber}${anyUnit}(${anyNumber}${anyUnit})*$`,
    ...unlike(...tooLong(range.max), ...tooShort(range.min)),
  });
