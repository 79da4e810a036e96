import { dateOf, MONTHS, WEEKDAYS, weekdayOf } from './calendar.ts';
import { nextChunk } from './layout.ts';
import type { Zone } from './zone.ts';

/** A point in time and where it is shown. */
export type Moment = { readonly seconds: number; readonly nanos: number; readonly zone: Zone };

/** A moment taken apart. */
export type Fields = ReturnType<typeof fieldsOf>;

/** Year, month, day, clock and zone of a moment. */
export function fieldsOf({ seconds, nanos, zone }: Moment) {
  const { offset, name } = zone(seconds);
  const local = seconds + offset;
  const days = Math.floor(local / 86_400);
  const clock = local - days * 86_400;
  return {
    ...dateOf(days),
    weekday: weekdayOf(days),
    hour: Math.floor(clock / 3600),
    minute: Math.floor((clock % 3600) / 60),
    second: clock % 60,
    nanos,
    offset,
    zoneName: name,
  };
}

function two(value: number): string {
  return value < 0 ? `-${two(-value)}` : value.toString().padStart(2, '0');
}

function yearText(year: number): string {
  return year < 0 ? `-${(-year).toString().padStart(4, '0')}` : year.toString().padStart(4, '0');
}

function zoneText(code: string, offset: number): string {
  if (offset === 0 && code.startsWith('Z')) return 'Z';
  const sign = offset < 0 ? '-' : '+';
  const size = Math.abs(offset);
  const minutes = Math.floor(size / 60);
  const colon = code.includes(':') ? ':' : '';
  let out = sign + two(Math.floor(minutes / 60));
  if (code.length > 3) out += colon + two(minutes % 60);
  if (code.length >= 7 && code !== 'Z07:00' && code !== '-07:00') out += colon + two(size % 60);
  return out;
}

function fractionText(code: string, nanos: number): string {
  const digits = nanos.toString().padStart(9, '0');
  const wanted = code.length - 1;
  if (code.endsWith('0')) return code.slice(0, 1) + digits.padEnd(wanted, '0').slice(0, wanted);
  const short = digits.slice(0, wanted).replace(/0+$/, '');
  return short === '' ? '' : code.slice(0, 1) + short;
}

function part(code: string, at: Fields): string {
  const hour12 = at.hour % 12 === 0 ? 12 : at.hour % 12;
  switch (code) {
    case '06':
      return two(Math.abs(at.year) % 100);
    case '2006':
      return yearText(at.year);
    case 'Jan':
      return (MONTHS[at.month - 1] ?? '').slice(0, 3);
    case 'January':
      return MONTHS[at.month - 1] ?? '';
    case '1':
      return String(at.month);
    case '01':
      return two(at.month);
    case 'Mon':
      return (WEEKDAYS[at.weekday] ?? '').slice(0, 3);
    case 'Monday':
      return WEEKDAYS[at.weekday] ?? '';
    case '2':
      return String(at.day);
    case '_2':
      return String(at.day).padStart(2, ' ');
    case '02':
      return two(at.day);
    case '__2':
      return String(at.yearDay).padStart(3, ' ');
    case '002':
      return String(at.yearDay).padStart(3, '0');
    case '15':
      return two(at.hour);
    case '3':
      return String(hour12);
    case '03':
      return two(hour12);
    case '4':
      return String(at.minute);
    case '04':
      return two(at.minute);
    case '5':
      return String(at.second);
    case '05':
      return two(at.second);
    default:
      return lesserPart(code, at);
  }
}

function lesserPart(code: string, at: Fields): string {
  if (code === 'PM') return at.hour >= 12 ? 'PM' : 'AM';
  if (code === 'pm') return at.hour >= 12 ? 'pm' : 'am';
  if (code === 'MST') return at.zoneName === '' ? zoneText('-0700', at.offset) : at.zoneName;
  if (code.startsWith('.') || code.startsWith(',')) return fractionText(code, at.nanos);
  return zoneText(code, at.offset);
}

/** time.Time.Format */
export function formatTime(moment: Moment, layout: string): string {
  const fields = fieldsOf(moment);
  let out = '';
  for (let rest = layout; rest !== ''; ) {
    const { prefix, code, suffix } = nextChunk(rest);
    out += prefix;
    if (code === '') break;
    out += part(code, fields);
    rest = suffix;
  }
  return out;
}
