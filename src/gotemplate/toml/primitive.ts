import { CallError } from '../error.ts';
import { parseFloat64 } from '../strconv/float.ts';
import { parseInt64 } from '../strconv/int.ts';
import { quote } from '../strconv/quote.ts';
import { parseTime } from '../time/parse.ts';
import { Time } from '../time/value.ts';
import { fixedZone } from '../time/zone.ts';
import { int64, type Value } from '../values.ts';

/** A number, a boolean or a date, or what is wrong with it. */
export type Primitive = { readonly value: Value } | { readonly problem: string };

const LOCAL_FORMATS: readonly (readonly [RegExp, string, string])[] = [
  [/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?$/, '2006-01-02T15:04:05.999999999', 'datetime-local'],
  [/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/, '2006-01-02T15:04', 'datetime-local'],
  [/^\d{4}-\d{2}-\d{2}$/, '2006-01-02', 'date-local'],
  [/^\d{2}:\d{2}:\d{2}(\.\d+)?$/, '15:04:05.999999999', 'time-local'],
  [/^\d{2}:\d{2}$/, '15:04', 'time-local'],
];

function date(word: string): Primitive {
  const text = word.replace('t', 'T').replace(' ', 'T').replace('z', 'Z');
  const problem = `Invalid TOML Datetime: ${quote(word)}.`;
  try {
    if (/(Z|[+-]\d{2}:\d{2})$/.test(text)) {
      const layout = /T\d{2}:\d{2}:/.test(text) ? '2006-01-02T15:04:05.999999999Z07:00' : '2006-01-02T15:04Z07:00';
      return { value: new Time(parseTime(layout, text)) };
    }
    for (const [shape, layout, zone] of LOCAL_FORMATS) {
      if (shape.test(text)) return { value: new Time({ ...parseTime(layout, text), zone: fixedZone(zone, 0) }) };
    }
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
  return { problem };
}

function integer(word: string): Primitive {
  if (/(^|[^0-9a-fA-F])_|_([^0-9a-fA-F]|$)/.test(word.replace(/^0[box]/, ''))) {
    return { problem: `Invalid integer ${quote(word)}: underscores must be surrounded by digits` };
  }
  if (/^[+-]?0[0-9]/.test(word)) return { problem: `Invalid integer ${quote(word)}: cannot have leading zeroes` };
  const parsed = parseInt64(word.replaceAll('_', ''), 0);
  if (parsed.error === undefined) return { value: int64(parsed.value) };
  return { problem: `${quote(word).slice(1, -1)} is out of range for int64` };
}

function float(word: string): Primitive {
  if (/(^|[^0-9])_|_([^0-9]|$)/.test(word)) {
    return { problem: `Invalid float ${quote(word)}: underscores must be surrounded by digits` };
  }
  if (/^[+-]?0[0-9]/.test(word)) return { problem: `Invalid float ${quote(word)}: cannot have leading zeroes` };
  if (/\.([^0-9]|$)/.test(word)) {
    return { problem: `Invalid float ${quote(word)}: '.' must be followed by one or more digits` };
  }
  const parsed = parseFloat64(word.replaceAll('_', ''));
  if (parsed.error === 'range') return { problem: `${word} is out of range for float64` };
  return parsed.error === undefined ? { value: parsed.value } : { problem: `Invalid float value: ${quote(word)}` };
}

/** Reads what stands for a value without quotes or brackets. */
export function readPrimitive(word: string): Primitive {
  if (word === 'true' || word === 'false') return { value: word === 'true' };
  if (/^[+-]?(inf|nan)$/.test(word)) {
    if (word.endsWith('nan')) return { value: Number.NaN };
    return { value: word.startsWith('-') ? -Infinity : Infinity };
  }
  if (/^\d{4}-|^\d{2}:/.test(word)) return date(word);
  if (/^[+-]?(0x[0-9a-fA-F_]*|0o[0-7_]*|0b[01_]*|[0-9][0-9_]*)$/.test(word)) return integer(word);
  if (/^[+-]?[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9_]*)?$/.test(word)) return float(word);
  return { problem: `expected value but found ${quote(/^[A-Za-z]+/.exec(word)?.[0] ?? word.slice(0, 1))} instead` };
}
