/** strconv.FormatFloat and ParseFloat for 64 bits. */

type Digits = { readonly digits: string; readonly point: number };

function shortest(value: number): Digits {
  if (value === 0) return { digits: '', point: 0 };
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

const parts = new DataView(new ArrayBuffer(8));

/** Mantissa and binary exponent: value = mantissa * 2 ** exponent. */
export function decompose(value: number): { mantissa: bigint; exponent: number } {
  parts.setFloat64(0, value);
  const bits = parts.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  if (biased === 0) return { mantissa: fraction, exponent: -1074 };
  return { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** The exact decimal digits, rounded half to even after so many significant digits or decimals. */
function exact(value: number, mode: 'significant' | 'decimals', count: number): Digits {
  if (value === 0) return { digits: '', point: 0 };
  const { mantissa, exponent } = decompose(value);
  let digits =
    exponent >= 0 ? (mantissa << BigInt(exponent)).toString() : (mantissa * 5n ** BigInt(-exponent)).toString();
  let point = exponent >= 0 ? digits.length : digits.length + exponent;
  const keep = mode === 'significant' ? count : point + count;
  if (keep < 0) return { digits: '', point: 0 };
  if (keep >= digits.length) return { digits: digits.replace(/0+$/, ''), point };
  const rest = digits.slice(keep);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  const odd = keep > 0 && (digits.charCodeAt(keep - 1) & 1) === 1;
  const up = rest > half || (rest === half && odd);
  digits = digits.slice(0, keep);
  if (up) {
    const next = (BigInt(digits || '0') + 1n).toString();
    if (next.length > digits.length) point++;
    digits = next.padStart(digits.length, '0');
  }
  return { digits: digits.replace(/0+$/, ''), point };
}

function formatE(sign: string, { digits, point }: Digits, precision: number, letter: string): string {
  const first = digits[0] ?? '0';
  let out = sign + first;
  if (precision > 0) out += `.${digits.slice(1, precision + 1).padEnd(precision, '0')}`;
  const exponent = digits === '' ? 0 : point - 1;
  const size = Math.abs(exponent).toString().padStart(2, '0');
  return `${out}${letter}${exponent < 0 ? '-' : '+'}${size}`;
}

function formatF(sign: string, { digits, point }: Digits, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision <= 0) return sign + whole;
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits;
  return `${sign}${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
}

function formatB(sign: string, value: number): string {
  const { mantissa, exponent } = decompose(value);
  return `${sign}${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

function formatX(sign: string, value: number, precision: number, upper: boolean): string {
  let { mantissa, exponent } = decompose(value);
  let power = 0;
  if (mantissa === 0n) {
    exponent = 0;
  } else {
    while (mantissa < 1n << 60n) {
      mantissa <<= 1n;
      exponent--;
    }
    while (mantissa >= 1n << 61n) {
      mantissa >>= 1n;
      exponent++;
    }
    power = exponent + 60;
  }
  if (precision >= 0 && precision < 15) {
    const shift = BigInt(precision * 4);
    const extra = (mantissa << shift) & ((1n << 60n) - 1n);
    mantissa >>= 60n - shift;
    if ((extra | (mantissa & 1n)) > 1n << 59n) mantissa++;
    mantissa <<= 60n - shift;
    if ((mantissa & (1n << 61n)) !== 0n) {
      mantissa >>= 1n;
      power++;
    }
  }
  let hex = (mantissa & ((1n << 60n) - 1n)).toString(16).padStart(15, '0');
  hex = precision < 0 ? hex.replace(/0+$/, '') : hex.slice(0, precision).padEnd(precision, '0');
  const size = Math.abs(power).toString().padStart(2, '0');
  const out = `${sign}0x${mantissa >> 60n}${hex === '' ? '' : `.${hex}`}p${power < 0 ? '-' : '+'}${size}`;
  return upper ? out.toUpperCase() : out;
}

/** strconv.FormatFloat(value, verb, precision, 64); precision -1 is the shortest that reads back the same. */
export function formatFloat(value: number, verb: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  switch (verb) {
    case 'b':
      return formatB(sign, size);
    case 'x':
    case 'X':
      return formatX(sign, size, precision, verb === 'X');
    case 'e':
    case 'E': {
      const digits = precision < 0 ? shortest(size) : exact(size, 'significant', precision + 1);
      return formatE(sign, digits, precision < 0 ? Math.max(digits.digits.length - 1, 0) : precision, verb);
    }
    case 'f': {
      const digits = precision < 0 ? shortest(size) : exact(size, 'decimals', precision);
      return formatF(sign, digits, precision < 0 ? Math.max(digits.digits.length - digits.point, 0) : precision);
    }
    default:
      return formatG(sign, size, precision, verb);
  }
}

function formatG(sign: string, size: number, precision: number, verb: string): string {
  const short = precision < 0;
  const wanted = precision === 0 ? 1 : precision;
  const digits = short ? shortest(size) : exact(size, 'significant', wanted);
  const length = digits.digits.length;
  let limit = short ? 6 : wanted;
  if (limit > length && length >= digits.point) limit = length;
  if (short) limit = 6;
  const exponent = digits.point - 1;
  if (exponent < -4 || exponent >= limit) {
    const shown = short || wanted > length ? length : wanted;
    return formatE(sign, digits, shown - 1, verb === 'G' ? 'E' : 'e');
  }
  return formatF(sign, digits, Math.max(length - digits.point, 0));
}

/** A float as fmt prints it for %v. */
export function floatText(value: number): string {
  return formatFloat(value, 'g', -1);
}

function underscoresOk(text: string): boolean {
  if (!text.includes('_')) return true;
  const body = text.replace(/^[+-]/, '');
  const prefix = /^0[xXbBoO]/.test(body);
  if (!prefix) return false;
  return /^0[xXbBoO](_?[0-9a-fA-F])+$/.test(body.replace(/[.pPeE][\s\S]*$/, '')) && !/__|_$|_[.pP]|[.pP]_/.test(body);
}

function parseHex(text: string): number | undefined {
  const match = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  if (whole + fraction === '') return undefined;
  let mantissa = BigInt(`0x${whole}${fraction}`);
  let exponent = Number(power) - 4 * fraction.length;
  if (mantissa === 0n) return sign === '-' ? -0 : 0;
  const width = mantissa.toString(2).length;
  const lowest = Math.max(exponent + width - 53, -1074);
  const drop = lowest - exponent;
  if (drop > 0) {
    if (drop > width + 1) return sign === '-' ? -0 : 0;
    const shift = BigInt(drop);
    const rest = mantissa & ((1n << shift) - 1n);
    const half = 1n << (shift - 1n);
    mantissa >>= shift;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    exponent = lowest;
  }
  let value = Number(mantissa);
  for (; exponent > 0 && Number.isFinite(value); exponent--) value *= 2;
  for (; exponent < 0; exponent++) value /= 2;
  return sign === '-' ? -value : value;
}

/** The result of a parse: a value, or why there is none. */
export type Parsed<T> = { readonly value: T; readonly error?: 'syntax' | 'range' };

/** strconv.ParseFloat(text, 64) */
export function parseFloat64(text: string): Parsed<number> {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    const nan = special[2]?.toLowerCase() === 'nan';
    if (nan) return special[1] === '' ? { value: Number.NaN } : { value: 0, error: 'syntax' };
    return { value: special[1] === '-' ? -Infinity : Infinity };
  }
  if (!underscoresOk(text)) return { value: 0, error: 'syntax' };
  const plain = text.replaceAll('_', '');
  let value: number | undefined;
  if (/^[+-]?0[xX]/.test(plain)) value = parseHex(plain);
  else if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain)) value = Number(plain);
  if (value === undefined) return { value: 0, error: 'syntax' };
  return Number.isFinite(value) ? { value } : { value, error: 'range' };
}
