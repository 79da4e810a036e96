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

/** Letters of the tz data that no English locale has: in winter, and in summer. */
const LETTERS: Record<string, readonly [string, string?]> = {
  'America/St_Johns': ['NST', 'NDT'],
  'Asia/Hong_Kong': ['HKT'],
  'Asia/Jakarta': ['WIB'],
  'Asia/Jerusalem': ['IST', 'IDT'],
  'Asia/Calcutta': ['IST'],
  'Asia/Karachi': ['PKT'],
  'Asia/Kolkata': ['IST'],
  'Asia/Manila': ['PST'],
  'Asia/Seoul': ['KST'],
  'Asia/Shanghai': ['CST'],
  'Asia/Taipei': ['CST'],
  'Asia/Tokyo': ['JST'],
  'Europe/Moscow': ['MSK'],
};

/** Where each locale knows the letters; elsewhere some invent them. */
function localesFor(zone: string): readonly string[] {
  if (zone.startsWith('Asia/')) return [];
  if (zone.startsWith('Africa/')) return ['en-GB', 'en-ZA'];
  return ['en-US', 'en-GB', 'en-AU'];
}

function numeric(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const pad = (value: number): string => value.toString().padStart(2, '0');
  const rest = minutes % 60 === 0 ? '' : pad(minutes % 60);
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${rest}`;
}

function isSummer(zone: string, offset: number): boolean {
  return offset === (zone === 'America/St_Johns' ? -9000 : 10_800) && zone !== 'Europe/Moscow';
}

/** The short name that the tz data gives for an offset: letters, or else the offset itself. */
function abbreviation(zone: string, seconds: number, offset: number): string {
  const known = Object.hasOwn(LETTERS, zone) ? LETTERS[zone] : undefined;
  if (known !== undefined) return isSummer(zone, offset) ? (known[1] ?? known[0]) : known[0];
  for (const locale of localesFor(zone)) {
    const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' });
    const name = format.formatToParts(seconds * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{3,5}$/.test(name)) return name;
  }
  return numeric(offset);
}

/** Names without a slash that the tz data has; JavaScript knows others. */
const SHORT_NAMES =
  /^(EST|MST|HST|CET|EET|MET|WET|UCT|PRC|ROC|ROK|Zulu|Universal|[A-Z][a-z-]{3,}|EST5EDT|CST6CDT|MST7MDT|PST8PDT|NZ|GB|W-SU)$/;

/** A zone of the tz data by name; unknown ones are UTC, as sprig takes them. */
export function loadZone(name: string): Zone {
  if (name === '' || name === 'UTC' || name === 'Local' || !/^[A-Za-z0-9_+\-/]+$/.test(name)) return UTC;
  if (name === 'GMT' || name === 'Etc/GMT' || name === 'Greenwich') return fixedZone('GMT', 0);
  if (!name.includes('/') && !SHORT_NAMES.test(name)) return UTC;
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
