import { parseFloat64 } from '../strconv/float.ts';
import { parseInt64 } from '../strconv/int.ts';
import { integerOf, type Value } from '../values.ts';

/** Go's int64(f): what lies outside becomes the lowest number, as on amd64. */
export function truncateFloat(value: number): bigint {
  if (!(value > -(2 ** 63) - 1 && value < 2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}

/** cast.ToInt64: whatever is no number is 0. */
export function toInt64(value: Value): bigint {
  const integer = integerOf(value);
  if (integer !== undefined) return BigInt.asIntN(64, integer);
  switch (typeof value) {
    case 'number':
      return truncateFloat(value);
    case 'string': {
      const parsed = parseInt64(value.replace(/\.0+$/, ''), 0);
      return parsed.error === undefined ? parsed.value : 0n;
    }
    case 'boolean':
      return value ? 1n : 0n;
    default:
      return 0n;
  }
}

/** cast.ToFloat64: whatever is no number is 0. */
export function toFloat64(value: Value): number {
  const integer = integerOf(value);
  if (integer !== undefined) return Number(integer);
  switch (typeof value) {
    case 'number':
      return value;
    case 'string': {
      const parsed = parseFloat64(value);
      return parsed.error === undefined ? parsed.value : 0;
    }
    case 'boolean':
      return value ? 1 : 0;
    default:
      return 0;
  }
}
