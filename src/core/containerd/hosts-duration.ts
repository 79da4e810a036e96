const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const limit = 1n << 63n;

const fractionOf = (digits: string, unit: bigint): bigint => {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (limit - 1n) / 10n || next > limit) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
};

/** Go's `time.ParseDuration`, in nanoseconds; `undefined` for what it refuses (`5`, `1d`, ` 1s`). */
export const parseGoDuration = (text: string): bigint | undefined => {
  const negative = text.startsWith('-');
  let rest = /^[-+]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') return undefined;
  let total = 0n;
  while (rest !== '') {
    const found = /^(\d*)(?:\.(\d*))?([^.\d]+)/s.exec(rest);
    if (found === null) return undefined;
    const [all, whole = '', fraction = '', name = ''] = found;
    const unit = units[name];
    if (unit === undefined || (whole === '' && fraction === '')) return undefined;
    const value = BigInt(whole || '0') * unit + fractionOf(fraction, unit);
    total += value;
    if (value > limit || total > limit) return undefined;
    rest = rest.slice(all.length);
  }
  if (negative) return -total;
  return total === limit ? undefined : total;
};

const withFraction = (value: bigint, digits: number): string => {
  const scale = 10n ** BigInt(digits);
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' || digits === 0 ? `${value / scale}` : `${value / scale}.${fraction}`;
};

/** Go's notation of a duration: `200ms`, `1m30s`. */
export const formatGoDuration = (nanoseconds: bigint): string => {
  const sign = nanoseconds < 0n ? '-' : '';
  const value = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (value === 0n) return '0s';
  if (value < 1_000n) return `${sign}${value}ns`;
  if (value < 1_000_000n) return `${sign}${withFraction(value, 3)}\u00b5s`;
  if (value < 1_000_000_000n) return `${sign}${withFraction(value, 6)}ms`;
  const minutes = value / 60_000_000_000n;
  const seconds = `${withFraction(value % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
};
