import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationSchema } from '../../../src/core/config/json-schema-duration.ts';
import { orphanBounds, probeBounds } from '../../../src/core/config/settings.ts';
import { type Bounds, parseDuration } from '../../../src/core/config/settings-duration.ts';
import { agree, nested } from './schema-agreement.ts';

const bounds: Readonly<Record<string, Bounds>> = {
  'probe.interval': probeBounds.interval,
  'probe.timeout': probeBounds.timeout,
  'probe.deepInterval': probeBounds.deepInterval,
  'probe.remoteInterval': probeBounds.remoteInterval,
  'handoff.orphanAfter': orphanBounds,
};

test('schema and parser agree on durations at their bounds, in each unit and in several', async () => {
  const written = [
    ['10ms', '9ms', '9.999ms', '0010ms', '0.01s', '.01s', '0.009s', '.009s', '10000us', '9999us', '10000µs', '1ns'],
    ['10000000ns', '9999999ns', '0.0001m', '0.0002m', '0.000002h', '0.000003h', '0s', '0', '0.0h', '0h0m0s', '0h10ms'],
    ['0h9ms', '9ms0s', '30s', '30.0s', '30.1s', '31s', '30s1ms', '1ms30s', '30s0ms', '0h30s', '.5m', '0.5m', '0.6m'],
    [
      '1m',
      '0.4m',
      '0.008h',
      '0.009h',
      '30000ms',
      '30001ms',
      '24h',
      '24h0m0s',
      '24h1s',
      '1s24h',
      '24.001h',
      '23h59m59s',
    ],
    ['1440m', '1441m', '1439m59.9s', '86400s', '86401s', '86400s1ns', '86400000ms', '25h', '100h', '720h', '720h1ms'],
    ['721h', '719h59m', '43200m', '43201m', '2592000s', '2592001s', '999999999h', '1440ms', '5m', '24ms', '720ms1s'],
  ].flat();
  for (const path of Object.keys(bounds)) for (const text of written) await agree({ handspegel: nested(path, text) });
});

type Said = { readonly pattern: string; readonly not: { readonly anyOf: readonly { readonly pattern: string }[] } };

const takes = (range: Bounds) => {
  const { pattern, not } = durationSchema('', range) as Said;
  const [good, ...bad] = [pattern, ...not.anyOf.map((one) => one.pattern)].map((one) => new RegExp(one));
  return {
    schema: (text: string): boolean => good?.test(text) === true && !bad.some((one) => one.test(text)),
    parser: (text: string): boolean => {
      const ms = parseDuration(text);
      return ms !== undefined && ms >= range.min && ms <= range.max;
    },
  };
};

const unit = fc.constantFrom('ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h');
const digits = fc.integer({ min: 0, max: 10 ** 9 }).map(String);
const number = fc.oneof(
  fc.nat({ max: 100 }).map(String),
  digits,
  digits.map((text) => `00${text}`),
  fc.tuple(fc.nat({ max: 100 }), fc.stringMatching(/^[0-9]{0,4}$/)).map(([whole, rest]) => `${whole}.${rest}`),
  fc.stringMatching(/^\.[0-9]{1,6}$/),
);
const part = fc.tuple(number, unit).map(([text, its]) => `${text}${its}`);

for (const [name, range] of Object.entries({ ...bounds, odd: { min: 1, max: 90_061_001 } })) {
  const { schema, parser } = takes(range);

  test(`${name}: what the parser takes, the schema takes`, () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.join('');
        fc.pre(parser(text));
        assert.ok(schema(text), text);
      }),
    );
  });

  test(`${name}: of one number the schema refuses what the parser refuses`, () => {
    fc.assert(
      fc.property(part, (text) => assert.equal(schema(text), parser(text), text)),
      { numRuns: 500 },
    );
  });

  test(`${name}: so it does of hours, minutes, seconds and milliseconds as Go prints them`, () => {
    const hours = fc.oneof(fc.nat({ max: 30 }), fc.integer({ min: 715, max: 725 }));
    const below60 = fc.oneof(fc.constant(0), fc.nat({ max: 59 }));
    const below1000 = fc.oneof(fc.constant(0), fc.nat({ max: 999 }));
    fc.assert(
      fc.property(hours, below60, below60, below1000, (h, m, s, ms) => {
        const parts = [h > 0 ? `${h}h` : '', m > 0 ? `${m}m` : '', s > 0 ? `${s}s` : '', ms > 0 ? `${ms}ms` : ''];
        const text = parts.join('') || '0s';
        // A bound of several numbers has no pattern of its own.
        fc.pre(name !== 'odd' || h !== 25);
        assert.equal(schema(text), parser(text), text);
      }),
      { numRuns: 500 },
    );
  });
}
