import { int, int64, type Method, type Opaque, type Value } from '../values.ts';
import { daysOf, MONTHS, WEEKDAYS } from './calendar.ts';
import { type Fields, fieldsOf, formatTime, type Moment } from './format.ts';
import { UTC } from './zone.ts';

/** A month or a weekday: a number that prints as a name. */
class Named implements Opaque {
  readonly type: string;
  readonly kind = 'struct';
  private readonly name: string;
  constructor(type: string, name: string) {
    this.type = type;
    this.name = name;
  }
  text(): string {
    return this.name;
  }
  json(): string {
    return `"${this.name}"`;
  }
  equals(other: Value): boolean {
    return other instanceof Named && other.type === this.type && other.name === this.name;
  }
  method(name: string): Method | undefined {
    return name === 'String' ? { params: [], call: () => this.name } : undefined;
  }
}

/** Go's time.Time. */
export class Time implements Opaque {
  readonly type = 'time.Time';
  readonly kind = 'struct';
  readonly hidden: readonly string[] = ['wall', 'ext', 'loc'];
  readonly moment: Moment;

  constructor(moment: Moment) {
    this.moment = moment;
  }

  text(): string {
    return formatTime(this.moment, '2006-01-02 15:04:05.999999999 -0700 MST');
  }

  json(): string {
    return `"${formatTime(this.moment, '2006-01-02T15:04:05.999999999Z07:00')}"`;
  }

  equals(other: Value): boolean {
    return other instanceof Time && this.text() === other.text();
  }

  /** This time and so many nanoseconds. */
  plus(nanos: bigint): Time {
    const total = BigInt(this.moment.seconds) * 1_000_000_000n + BigInt(this.moment.nanos) + nanos;
    const seconds = total >= 0n ? total / 1_000_000_000n : (total - 999_999_999n) / 1_000_000_000n;
    const rest = Number(total - seconds * 1_000_000_000n);
    return new Time({ ...this.moment, seconds: Number(seconds), nanos: rest });
  }

  method(name: string): Method | undefined {
    const getter = Object.hasOwn(GETTERS, name) ? GETTERS[name] : undefined;
    if (getter !== undefined) return { params: [], call: () => getter(fieldsOf(this.moment), this) };
    const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
    if (test !== undefined) {
      return { params: ['time.Time'], call: (other) => other instanceof Time && test(compare(this, other)) };
    }
    if (name === 'Format') {
      return {
        params: ['string'],
        call: (layout) => formatTime(this.moment, typeof layout === 'string' ? layout : ''),
      };
    }
    if (name === 'AddDate') return { params: ['int', 'int', 'int'], call: (...parts) => this.addDate(parts) };
    return undefined;
  }

  private addDate(parts: readonly Value[]): Time {
    const [years = 0, months = 0, days = 0] = parts.map((part) => Number(part));
    const at = fieldsOf(this.moment);
    const moved = daysOf(at.year + years, at.month + months, 1) + at.day - 1 + days;
    const local = moved * 86_400 + at.hour * 3600 + at.minute * 60 + at.second;
    return new Time({ ...this.moment, seconds: local - at.offset });
  }
}

function compare(a: Time, b: Time): number {
  return a.moment.seconds - b.moment.seconds || a.moment.nanos - b.moment.nanos;
}

const ZERO_SECONDS = daysOf(1, 1, 1) * 86_400;

/** The time that a failed parse leaves behind. */
export const ZERO_TIME: Time = new Time({ seconds: ZERO_SECONDS, nanos: 0, zone: UTC });

const GETTERS: Record<string, (at: Fields, time: Time) => Value> = {
  Year: ({ year }) => int(year),
  Month: ({ month }) => new Named('time.Month', MONTHS[month - 1] ?? ''),
  Day: ({ day }) => int(day),
  Hour: ({ hour }) => int(hour),
  Minute: ({ minute }) => int(minute),
  Second: ({ second }) => int(second),
  Nanosecond: ({ nanos }) => int(nanos),
  YearDay: ({ yearDay }) => int(yearDay),
  Weekday: ({ weekday }) => new Named('time.Weekday', WEEKDAYS[weekday] ?? ''),
  Unix: (_, { moment }) => int64(BigInt(moment.seconds)),
  UnixMilli: (_, { moment }) => int64(BigInt(moment.seconds * 1000 + Math.floor(moment.nanos / 1e6))),
  UnixNano: (_, { moment }) => int64(BigInt(moment.seconds) * 1_000_000_000n + BigInt(moment.nanos)),
  IsZero: (_, { moment }) => moment.seconds === ZERO_SECONDS && moment.nanos === 0,
  UTC: (_, { moment }) => new Time({ ...moment, zone: UTC }),
  Local: (_, { moment }) => new Time({ ...moment, zone: UTC }),
  String: (_, time) => time.text(),
};

const TESTS: Record<string, (order: number) => boolean> = {
  Before: (order) => order < 0,
  After: (order) => order > 0,
  Equal: (order) => order === 0,
};
