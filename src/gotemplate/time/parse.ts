import { CallError } from '../error.ts';
import { daysIn, daysOf, MONTHS, WEEKDAYS } from './calendar.ts';
import type { Moment } from './format.ts';
import { nextChunk } from './layout.ts';
import { fixedZone, UTC, type Zone } from './zone.ts';

/** A complaint about one part of a value: it cannot be read, or it is out of range. */
class BadPart extends Error {
  override readonly name = 'BadPart';
  readonly range: string | undefined;
  constructor(range?: string) {
    super(range ?? 'bad');
    this.range = range;
  }
}

function quoted(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

type Read = {
  rest: string;
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanos: number;
  half: 'am' | 'pm' | undefined;
  zone: Zone | undefined;
  offset: number | undefined;
  zoneName: string;
};

function take(read: Read, pattern: RegExp): string {
  const match = pattern.exec(read.rest);
  if (match === null) throw new BadPart();
  read.rest = read.rest.slice(match[0].length);
  return match[0];
}

function number(read: Read, pattern: RegExp, check?: { name: string; least: number; most: number }): number {
  const value = Number(take(read, pattern));
  if (check !== undefined && (value < check.least || value > check.most)) throw new BadPart(check.name);
  return value;
}

function name(read: Read, names: readonly string[], length?: number): number {
  const found = names.findIndex((full) => {
    const wanted = length === undefined ? full : full.slice(0, length);
    return read.rest.slice(0, wanted.length).toLowerCase() === wanted.toLowerCase();
  });
  if (found < 0) throw new BadPart();
  read.rest = read.rest.slice(length ?? names[found]?.length ?? 0);
  return found;
}

const ONE_OR_TWO = /^[0-9]{1,2}/;
const TWO = /^[0-9]{2}/;
const MINUTE = { name: 'minute', least: 0, most: 59 };

function nanoseconds(digits: string): number {
  return Number(digits.slice(1, 10).padEnd(9, '0'));
}

function offset(read: Read, code: string): void {
  if (code.startsWith('Z') && read.rest.startsWith('Z')) {
    read.rest = read.rest.slice(1);
    read.zone = UTC;
    return;
  }
  const shape = code.slice(1).replace(/07|00/g, '..').replace(/\.\./g, '([0-9]{2})');
  const match = new RegExp(`^([+-])${shape}`).exec(read.rest);
  if (match === null) throw new BadPart();
  read.rest = read.rest.slice(match[0].length);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  if (Number(seconds) > 60) throw new BadPart('time zone offset second');
  if (Number(minutes) > 60) throw new BadPart('time zone offset minute');
  if (Number(hours) > 24) throw new BadPart('time zone offset hour');
  const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  read.offset = sign === '-' ? -size : size;
}

function zoneName(read: Read): void {
  const { rest } = read;
  if (rest.startsWith('UTC')) {
    read.zone = UTC;
    read.rest = rest.slice(3);
    return;
  }
  const special = /^(ChST|MeST|GMT([+-][0-9]{1,2})?|[+-][0-9]{1,2})/.exec(rest)?.[0];
  const letters = /^[A-Z]{0,6}/.exec(rest)?.[0] ?? '';
  let found = special;
  if (found === undefined && (letters.length === 3 || (letters.length === 5 && letters.endsWith('T')))) found = letters;
  if (found === undefined && letters.length === 4 && (letters.endsWith('T') || letters === 'WITA')) found = letters;
  if (found === undefined) throw new BadPart();
  read.zoneName = found;
  read.rest = rest.slice(found.length);
}

function second(read: Read, code: string, after: string): void {
  read.second = number(read, code === '05' ? TWO : ONE_OR_TWO, { name: 'second', least: 0, most: 59 });
  if (!/^[.,][0-9]/.test(read.rest)) return;
  if (/^[.,][09]/.test(nextChunk(after).code)) return;
  read.nanos = nanoseconds(take(read, /^[.,][0-9]+/));
}

function fraction(read: Read, code: string): void {
  if (code.endsWith('0')) read.nanos = nanoseconds(take(read, new RegExp(`^[.,][0-9]{${code.length - 1}}`)));
  else if (/^[.,][0-9]/.test(read.rest)) read.nanos = nanoseconds(take(read, /^[.,][0-9]+/));
}

function half(read: Read, names: readonly string[]): void {
  const found = names.indexOf(read.rest.slice(0, 2));
  if (found < 0) throw new BadPart();
  read.half = found === 0 ? 'am' : 'pm';
  read.rest = read.rest.slice(2);
}

function readPart(read: Read, code: string, after: string): void {
  const hour = { name: 'hour', least: 0, most: 23 };
  const month = { name: 'month', least: 1, most: 12 };
  switch (code) {
    case '06':
      read.year = number(read, TWO);
      read.year += read.year >= 69 ? 1900 : 2000;
      break;
    case '2006':
      read.year = number(read, /^[0-9]{4}/);
      break;
    case 'Jan':
      read.month = name(read, MONTHS, 3) + 1;
      break;
    case 'January':
      read.month = name(read, MONTHS) + 1;
      break;
    case '1':
    case '01':
      read.month = number(read, code === '01' ? TWO : ONE_OR_TWO, month);
      break;
    case 'Mon':
      name(read, WEEKDAYS, 3);
      break;
    case 'Monday':
      name(read, WEEKDAYS);
      break;
    case '2':
    case '_2':
    case '02':
      if (code === '_2') read.rest = read.rest.replace(/^ /, '');
      read.day = number(read, code === '02' ? TWO : ONE_OR_TWO);
      break;
    case '__2':
    case '002':
      if (code === '__2') read.rest = read.rest.replace(/^ {0,2}/, '');
      read.yearDay = number(read, code === '002' ? /^[0-9]{3}/ : /^[0-9]{1,3}/);
      break;
    case '15':
      read.hour = number(read, ONE_OR_TWO, hour);
      break;
    case '3':
    case '03':
      read.hour = number(read, code === '03' ? TWO : ONE_OR_TWO, { ...hour, most: 12 });
      break;
    default:
      readSmallPart(read, code, after);
  }
}

function readSmallPart(read: Read, code: string, after: string): void {
  switch (code) {
    case '4':
    case '04':
      read.minute = number(read, code === '04' ? TWO : ONE_OR_TWO, MINUTE);
      break;
    case '5':
    case '05':
      second(read, code, after);
      break;
    case 'PM':
      half(read, ['AM', 'PM']);
      break;
    case 'pm':
      half(read, ['am', 'pm']);
      break;
    case 'MST':
      zoneName(read);
      break;
    default:
      if (code.startsWith('.') || code.startsWith(',')) fraction(read, code);
      else offset(read, code);
  }
}

/** Skips the plain text of a layout; a run of blanks matches any run of blanks. */
function skip(value: string, prefix: string): { rest: string; ok: boolean } {
  let rest = value;
  for (let wanted = prefix; wanted !== ''; ) {
    if (wanted.startsWith(' ')) {
      if (rest !== '' && !rest.startsWith(' ')) return { rest, ok: false };
      wanted = wanted.replace(/^ +/, '');
      rest = rest.replace(/^ +/, '');
      continue;
    }
    if (rest[0] !== wanted[0]) return { rest, ok: false };
    wanted = wanted.slice(1);
    rest = rest.slice(1);
  }
  return { rest, ok: true };
}

/** time.Parse; the text of what is wrong is Go's. */
export function parseTime(layout: string, value: string): Moment {
  const bad = (part: string, code: string): never => {
    const problem = `cannot parse ${quoted(part)} as ${quoted(code)}`;
    throw new CallError(`parsing time ${quoted(value)} as ${quoted(layout)}: ${problem}`);
  };
  const wrong = (problem: string): never => {
    throw new CallError(`parsing time ${quoted(value)}: ${problem}`);
  };
  const read: Read = {
    rest: value,
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    half: undefined,
    zone: undefined,
    offset: undefined,
    zoneName: '',
  };
  for (let left = layout; ; ) {
    const { prefix, code, suffix } = nextChunk(left);
    const skipped = skip(read.rest, prefix);
    read.rest = skipped.rest;
    if (!skipped.ok) bad(read.rest, prefix);
    if (code === '') break;
    const hold = read.rest;
    try {
      readPart(read, code, suffix);
    } catch (error) {
      if (!(error instanceof BadPart)) throw error;
      if (error.range !== undefined) wrong(`${error.range} out of range`);
      bad(hold, code);
    }
    left = suffix;
  }
  if (read.rest !== '') wrong(`extra text: ${quoted(read.rest)}`);
  return assemble(read, wrong);
}

function assemble(read: Read, wrong: (problem: string) => never): Moment {
  let { hour, month, day } = read;
  if (read.half === 'pm' && hour < 12) hour += 12;
  else if (read.half === 'am' && hour === 12) hour = 0;
  if (read.yearDay >= 0) {
    const length = daysOf(read.year + 1, 1, 1) - daysOf(read.year, 1, 1);
    if (read.yearDay < 1 || read.yearDay > length) wrong('day-of-year out of range');
    let left = read.yearDay;
    let found = 1;
    for (; left > daysIn(read.year, found); found++) left -= daysIn(read.year, found);
    if (month >= 0 && month !== found) wrong('day-of-year does not match month');
    if (day >= 0 && day !== left) wrong('day-of-year does not match day');
    month = found;
    day = left;
  }
  if (month < 0) month = 1;
  if (day < 0) day = 1;
  if (day < 1 || day > daysIn(read.year, month)) wrong('day out of range');
  const seconds = daysOf(read.year, month, day) * 86_400 + hour * 3600 + read.minute * 60 + read.second;
  return placed({ seconds, nanos: read.nanos, zone: UTC }, read);
}

/** Puts the clock that was read into the zone that was read. */
function placed(moment: Moment, { zone, offset: east, zoneName: label }: Read): Moment {
  if (zone !== undefined) return moment;
  if (east !== undefined) {
    const isLocal = east === 0 && (label === '' || label === 'UTC');
    return { ...moment, seconds: moment.seconds - east, zone: isLocal ? UTC : fixedZone(label, east) };
  }
  if (label === '') return moment;
  const hours = label.startsWith('GMT') ? Number(label.slice(3)) : 0;
  return { ...moment, zone: fixedZone(label, hours * 3600) };
}
