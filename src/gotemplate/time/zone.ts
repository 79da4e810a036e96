import { daysOf } from './calendar.ts';

/** Where a time is shown: an offset in seconds east of UTC, and the zone's short name. */
export type Zone = (seconds: number) => { readonly offset: number; readonly name: string };

/** Coordinated universal time, which also stands for the local one. */
export const UTC: Zone = () => ({ offset: 0, name: 'UTC' });

/** A zone that never changes. */
export function fixedZone(name: string, offset: number): Zone {
  return () => ({ offset, name });
}

const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

function offsetAt(format: Intl.DateTimeFormat, seconds: number): number {
  const parts = new Map(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = PARTS.map((part) => parts.get(part));
  const local = daysOf(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  return local - seconds;
}

/** The letters that the tz data gives for an offset, where some English speaker uses them. */
function abbreviation(zone: string, seconds: number, offset: number): string {
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA']) {
    const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' });
    const name = format.formatToParts(seconds * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{3,5}$/.test(name)) return name;
  }
  const minutes = Math.floor(Math.abs(offset) / 60);
  const pad = (value: number): string => value.toString().padStart(2, '0');
  const rest = minutes % 60 === 0 ? '' : pad(minutes % 60);
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${rest}`;
}

/** A zone of the tz data by name; unknown ones are UTC, as sprig takes them. */
export function loadZone(name: string): Zone {
  if (name === '' || name === 'UTC' || name === 'Local' || !/^[A-Za-z0-9_+\-/]+$/.test(name)) return UTC;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    return (seconds) => {
      const offset = offsetAt(format, seconds);
      return { offset, name: abbreviation(name, seconds, offset) };
    };
  } catch (error) {
    if (error instanceof RangeError) return UTC;
    throw error;
  }
}
