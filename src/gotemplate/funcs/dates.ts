import { CallError } from '../error.ts';
import { parseInt64 } from '../strconv/int.ts';
import { durationText, parseDuration, roundedDuration } from '../time/duration.ts';
import { formatTime, type Moment } from '../time/format.ts';
import { parseTime } from '../time/parse.ts';
import { Time, ZERO_TIME } from '../time/value.ts';
import { loadZone, UTC } from '../time/zone.ts';
import { type Opaque, Sized, typeOf, type Value } from '../values.ts';
import { type Func, type Funcs, fn } from './signature.ts';

/** Beyond this Go's own calendar wraps around. */
const FAR = 1e12;

/** Where Go falls back to the present, which would change the output each time, there is an error instead. */
function momentOf(value: Value): Moment {
  if (value instanceof Time) return value.moment;
  const seconds = value instanceof Sized && value.kind !== 'uint8' && value.kind !== 'uint64' ? value.value : value;
  if (typeof seconds !== 'bigint') throw new CallError(`no time: ${typeOf(value)}`);
  if (seconds > FAR || seconds < -FAR) throw new CallError(`time out of range: ${seconds}`);
  return { seconds: Number(seconds), nanos: 0, zone: UTC };
}

function timeOf(value: Opaque): Time {
  return value instanceof Time ? value : ZERO_TIME;
}

const dateInZone = fn(['string', 'interface {}', 'string'], ({ budget }, layout, value, zone) => {
  budget.text(layout.length * 4);
  return formatTime({ ...momentOf(value), zone: loadZone(zone) }, layout);
});

const DAY = '2006-01-02';

function modify(must: boolean): Func {
  return fn(['string', 'time.Time'], (_, text, value) => {
    try {
      return timeOf(value).plus(parseDuration(text));
    } catch (error) {
      if (must || !(error instanceof CallError)) throw error;
      return timeOf(value);
    }
  });
}

function toDate(must: boolean): Func {
  return fn(['string', 'string'], ({ budget }, layout, text) => {
    budget.step(layout.length + text.length);
    if (layout.length + text.length > 10_000) throw new CallError('time layout too long');
    try {
      return new Time(parseTime(layout, text));
    } catch (error) {
      if (must || !(error instanceof CallError)) throw error;
      return ZERO_TIME;
    }
  });
}

function duration(value: Value): string {
  let seconds = 0n;
  if (typeof value === 'string') seconds = parseInt64(value, 10).value;
  else if (value instanceof Sized && value.kind === 'int64') seconds = value.value;
  return durationText(BigInt.asIntN(64, seconds * 1_000_000_000n));
}

function durationRound(value: Value): string {
  if (value instanceof Sized && value.kind === 'int64') return roundedDuration(value.value);
  if (value instanceof Time) throw new CallError('the time since a date changes: not available');
  if (typeof value !== 'string') return '0s';
  try {
    return roundedDuration(parseDuration(value));
  } catch (error) {
    if (error instanceof CallError) return '0s';
    throw error;
  }
}

const modified = modify(false);
const mustModify = modify(true);

/** sprig's functions of dates that do not ask for the present time; the local zone is UTC. */
export const DATES: Funcs = {
  date: fn(['string', 'interface {}'], ({ budget }, layout, value) => {
    budget.text(layout.length * 4);
    return formatTime({ ...momentOf(value), zone: UTC }, layout);
  }),
  dateInZone,
  date_in_zone: dateInZone,
  htmlDate: fn(['interface {}'], (_, value) => formatTime({ ...momentOf(value), zone: UTC }, DAY)),
  htmlDateInZone: fn(['interface {}', 'string'], (_, value, zone) =>
    formatTime({ ...momentOf(value), zone: loadZone(zone) }, DAY),
  ),
  dateModify: modified,
  date_modify: modified,
  mustDateModify: mustModify,
  must_date_modify: mustModify,
  toDate: toDate(false),
  mustToDate: toDate(true),
  unixEpoch: fn(['time.Time'], (_, value) => String(timeOf(value).moment.seconds)),
  duration: fn(['interface {}'], (_, value) => duration(value)),
  durationRound: fn(['interface {}'], (_, value) => durationRound(value)),
};
