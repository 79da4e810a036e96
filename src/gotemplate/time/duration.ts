import { CallError } from '../error.ts';
import { quote } from '../strconv/quote.ts';

const SECOND = 1_000_000_000n;
const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  '\xc2\xb5s': 1000n,
  '\xce\xbcs': 1000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};
const LIMIT = 1n << 63n;

/** time.ParseDuration, in nanoseconds; the text of what is wrong is Go's. */
export function parseDuration(text: string): bigint {
  const bad = (problem = 'invalid duration'): never => {
    throw new CallError(`time: ${problem} ${quote(text)}`);
  };
  const negative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') bad();
  let total = 0n;
  while (rest !== '') {
    const match = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest);
    const [number = '', whole = '', fraction = ''] = match ?? [];
    if (whole === '' && fraction === '') bad();
    rest = rest.slice(number.length);
    const name = /^[^.0-9]*/.exec(rest)?.[0] ?? '';
    if (name === '') bad('missing unit in duration');
    rest = rest.slice(name.length);
    const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
    if (unit === undefined) return bad(`unknown unit ${quote(name)} in duration`);
    total += BigInt(whole || '0') * unit;
    if (fraction !== '') total += BigInt(Math.trunc(Number(fraction) * (Number(unit) / 10 ** fraction.length)));
    if (total > LIMIT) bad();
  }
  if (negative) return -total;
  return total === LIMIT ? bad() : total;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`;
}

/** time.Duration's String */
export function durationText(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  if (size === 0n) return '0s';
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1000n)}\xc2\xb5s`;
  if (size < SECOND) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const minutes = size / (60n * SECOND);
  const hours = minutes / 60n;
  const seconds = `${decimal(size % (60n * SECOND), SECOND)}s`;
  if (minutes === 0n) return sign + seconds;
  return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}`;
}

/** sprig's durationRound: the largest unit alone. */
export function roundedDuration(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const hour = 3600n * SECOND;
  const units: [bigint, string][] = [
    [hour * 24n * 365n, 'y'],
    [hour * 24n * 30n, 'mo'],
    [hour * 24n, 'd'],
    [hour, 'h'],
    [60n * SECOND, 'm'],
    [SECOND, 's'],
  ];
  const found = units.find(([unit]) => size > unit);
  return found === undefined ? '0s' : `${size / found[0]}${found[1]}`;
}
