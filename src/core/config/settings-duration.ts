import { type At, type Reader, readString } from './config-reader.ts';

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's `time.ParseDuration` without a sign, in milliseconds: `1m30s`, `200ms`, `1.5h`. `undefined` if it is none. */
export const parseDuration = (text: string): number | undefined => {
  if (text === '0') return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|[\u00b5\u03bc]s|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/([\d.]+)([a-z\u00b5\u03bc]+)/g)) {
    total += Number(number) * (unitMs[unit] ?? 0);
  }
  return total;
};

/** As short as Go's way of writing it allows: `1m30s`. */
export const formatDuration = (ms: number): string => {
  if (ms < 1000) return `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1000];
  const parts = [hours > 0 ? `${hours}h` : '', minutes > 0 ? `${minutes}m` : '', seconds > 0 ? `${seconds}s` : ''];
  return parts.join('');
};

/** Both in milliseconds, and within. */
export type Bounds = { readonly min: number; readonly max: number };

/** A duration within bounds, in milliseconds. */
export const readDuration = (reader: Reader, at: At | undefined, range: Bounds): number | undefined => {
  const example = `a duration from ${formatDuration(range.min)} to ${formatDuration(range.max)} such as "5s", "200ms" or "1m30s"`;
  const text = readString(reader, at, example);
  if (at === undefined || text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= range.min && ms <= range.max) return ms;
  const why = ms === undefined ? 'is no duration' : 'is out of bounds';
  reader.report.error(reader.valueCode, at, `${at.name} ${why}: ${JSON.stringify(text)}`, `Write ${example}.`);
  return undefined;
};
