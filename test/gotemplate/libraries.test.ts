import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeRune, encodeRune, fromBytes, isAscii, runeCount, runes, toBytes } from '../../src/gotemplate/bytes.ts';
import { decode32, decode64, encode32, encode64 } from '../../src/gotemplate/funcs/encoding.ts';
import { adler32, sha1, sha256, sha512 } from '../../src/gotemplate/funcs/hash.ts';
import { nearby } from '../../src/gotemplate/nearby.ts';
import { formatFloat, parseFloat64 } from '../../src/gotemplate/strconv/float.ts';
import { quote, unquote } from '../../src/gotemplate/strconv/quote.ts';
import { dateOf, daysOf, weekdayOf } from '../../src/gotemplate/time/calendar.ts';
import { durationText, parseDuration } from '../../src/gotemplate/time/duration.ts';
import { loadZone } from '../../src/gotemplate/time/zone.ts';

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('latin1'));
const RUNS = { numRuns: 500 };

test('hashes are those of the platform, for any bytes and around every block size', () => {
  const check = (text: string): void => {
    const hash = (name: string): string => createHash(name).update(Buffer.from(text, 'latin1')).digest('hex');
    assert.equal(sha1(text), hash('sha1'));
    assert.equal(sha256(text), hash('sha256'));
    assert.equal(sha512(text), hash('sha512'));
  };
  for (const size of [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000]) check('a'.repeat(size));
  fc.assert(fc.property(bytes, check), { numRuns: 50 });
  assert.equal(adler32('Wikipedia'), '300286872');
});

test('base64 and base32 are those of the platform and read back', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      assert.equal(encode64(text), Buffer.from(text, 'latin1').toString('base64'));
      assert.equal(decode64(encode64(text)), text);
      assert.equal(decode32(encode32(text)), text);
    }),
    RUNS,
  );
});

test('a quoted string reads back, whatever its bytes', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      assert.equal(unquote(quote(text)), text);
      const ascii = quote(text, true);
      assert.ok(isAscii(ascii));
      assert.equal(unquote(ascii), text);
    }),
    RUNS,
  );
});

test('text goes to bytes and back as UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const raw = toBytes(text);
      assert.deepEqual(Buffer.from(raw, 'latin1'), Buffer.from(text));
      assert.equal(fromBytes(raw), text);
      assert.equal(runeCount(raw), Array.from(text).length);
      assert.equal(runes(raw).map(encodeRune).join(''), raw);
    }),
    RUNS,
  );
});

test('decoding takes every byte, valid or not', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      let at = 0;
      while (at < text.length) {
        const width = decodeRune(text, at) & 7;
        assert.ok(width >= 1 && width <= 4);
        at += width;
      }
      assert.equal(at, text.length);
    }),
    RUNS,
  );
});

test('the shortest form of a float reads back as the same float, in every verb', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      for (const verb of ['g', 'e', 'f', 'x']) {
        const parsed = parseFloat64(formatFloat(value, verb, -1));
        assert.ok(parsed.error === undefined && Object.is(parsed.value, value), `${verb} of ${value}`);
      }
    }),
    RUNS,
  );
});

test('floats round half to even on their exact value', () => {
  assert.equal(formatFloat(0.25, 'f', 1), '0.2');
  assert.equal(formatFloat(0.35, 'f', 1), '0.3');
  assert.equal(formatFloat(2.5, 'f', 0), '2');
  assert.equal(formatFloat(1e23, 'g', -1), '1e+23');
  assert.equal(formatFloat(5e-324, 'g', 3), '4.94e-324');
});

test('the calendar agrees with the platform for ten thousand years', () => {
  for (let days = -800_000; days < 3_000_000; days += 997) {
    const date = new Date(days * 86_400_000);
    const { year, month, day } = dateOf(days);
    assert.deepEqual([year, month, day], [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
    assert.equal(weekdayOf(days), date.getUTCDay());
    assert.equal(daysOf(year, month, day), days);
  }
});

test('durations read back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanos) => {
      const shown = durationText(nanos);
      const error = parseDuration(shown) - nanos;
      assert.ok(error >= -1n && error <= 1n, shown);
    }),
    RUNS,
  );
});

test('zones know summer and winter, and unknown ones are UTC', () => {
  assert.deepEqual(loadZone('Europe/Berlin')(1_709_164_800), { offset: 3600, name: 'CET' });
  assert.deepEqual(loadZone('Europe/Berlin')(1_719_792_000), { offset: 7200, name: 'CEST' });
  assert.deepEqual(loadZone('America/New_York')(1_709_164_800), { offset: -18_000, name: 'EST' });
  assert.deepEqual(loadZone('Nowhere/Else')(0), { offset: 0, name: 'UTC' });
});

test('near names are found, far ones listed', () => {
  assert.equal(nearby('nmae', ['name', 'other']), 'did you mean name?');
  assert.equal(nearby('x', []), undefined);
  assert.equal(nearby('qqq', ['alpha']), 'known names: alpha');
});
