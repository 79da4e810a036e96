import type { JsonSchema } from './json-schema.ts';

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
export const ipv4 = `(${octet}\\.){3}${octet}`;
const hex = '[0-9A-Fa-f]{1,4}';
/** `count` groups in front of the `::`, and at most `total - count` behind it. */
const shortened = (count: number, total: number, tail: string): string => {
  const before = count === 0 ? '' : `${hex}(:${hex}){${count - 1}}`;
  const rest = total - count;
  if (tail !== '') return `${before}::(${hex}:){0,${rest}}${tail}`;
  return rest === 0 ? `${before}::` : `${before}::(${hex}(:${hex}){0,${rest - 1}})?`;
};
const counts = (most: number): readonly number[] => Array.from({ length: most + 1 }, (_, count) => count);
export const ipv6 = `(${[
  `(${hex}:){7}${hex}`,
  ...counts(7).map((count) => shortened(count, 7, '')),
  `(${hex}:){6}${ipv4}`,
  ...counts(5).map((count) => shortened(count, 5, ipv4)),
].join('|')})`;
const label = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** At least one letter: four numbers that are no address are no name either. */
export const hostName = `(${label}\\.)*${label}\\.?`;
const address = `(${ipv4}|\\[(${ipv4}|${ipv6})\\]|${ipv6}|${hostName})`;

/** 1 to 65535, with zeros in front as far as five digits go. */
export const portNumber = `(${[
  '6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}',
  '0?[1-9][0-9]{3}|0{0,2}[1-9][0-9]{2}|0{0,3}[1-9][0-9]|0{0,4}[1-9]',
].join('|')})`;

/** An address or a name, as normaliseAddress takes it; `before` may stand in front. */
export const addressSchema = (before = ''): JsonSchema => ({
  type: 'string',
  maxLength: 300,
  pattern: `^${before}${address}$`,
  anyOf: [{ pattern: `^${before}(${ipv4}|\\[${ipv4}\\])$` }, { not: { pattern: `^${before}[0-9.]+$` } }],
});
