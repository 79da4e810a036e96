import { parseFloat64 } from '../strconv/float.ts';
import { parseInt64, parseUint64 } from '../strconv/int.ts';

/** What a plain scalar is in YAML 1.1 as go-yaml reads it; undefined for a string. */
export type Resolved = boolean | null | number | bigint | undefined;

const WORDS: Record<string, boolean | null> = {
  y: true,
  yes: true,
  true: true,
  on: true,
  n: false,
  no: false,
  false: false,
  off: false,
  null: null,
};

const INFINITIES = /^([+-]?)\.(inf|Inf|INF)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})|[ ]+[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?)?$/;

function word(text: string): boolean | null | number | undefined {
  if (text === '' || text === '~') return null;
  if (/^\.(nan|NaN|NAN)$/.test(text)) return Number.NaN;
  const infinity = INFINITIES.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? -Infinity : Infinity;
  const lower = text.toLowerCase();
  const isCased = text === lower || text === lower.toUpperCase() || text === lower[0]?.toUpperCase() + lower.slice(1);
  return isCased && Object.hasOwn(WORDS, lower) ? WORDS[lower] : undefined;
}

/** A date, which go-yaml sees but leaves a string. */
export function isTimestamp(text: string): boolean {
  return TIMESTAMP.test(text);
}

function binary(plain: string): bigint | undefined {
  const match = /^(-?)0b(.*)$/.exec(plain);
  if (match === null) return undefined;
  const parsed = parseInt64(`${match[1]}${match[2]}`, 2);
  return parsed.error === undefined ? parsed.value : undefined;
}

/** Resolves a plain scalar. */
export function resolvePlain(text: string): Resolved {
  const known = word(text);
  if (known !== undefined) return known;
  if (text.startsWith('.')) {
    const parsed = parseFloat64(text);
    return parsed.error === undefined ? parsed.value : undefined;
  }
  if (!/^[-+0-9]/.test(text) || isTimestamp(text)) return undefined;
  const plain = text.replaceAll('_', '');
  const signed = parseInt64(plain, 0);
  if (signed.error === undefined) return signed.value;
  const unsigned = parseUint64(plain, 0);
  if (unsigned.error === undefined) return unsigned.value;
  if (FLOAT.test(plain)) {
    const parsed = parseFloat64(plain);
    if (parsed.error === undefined) return parsed.value;
  }
  return binary(plain);
}

const BASE_60 = /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/;

/** Whether a text needs quotes to stay a string. */
export function needsQuotes(text: string): boolean {
  return resolvePlain(text) !== undefined || isTimestamp(text) || BASE_60.test(text);
}
