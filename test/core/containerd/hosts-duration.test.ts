import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatGoDuration, parseGoDuration } from '../../../src/core/containerd/hosts-duration.ts';

test('durations are read as Go reads them', () => {
  const read = [
    ['200ms', 200_000_000n],
    ['1m30s', 90_000_000_000n],
    ['0', 0n],
    ['-1.5h', -5_400_000_000_000n],
    ['.5s', 500_000_000n],
    ['1us', 1_000n],
    ['1\u00b5s', 1_000n],
    ['+1ns', 1n],
  ] as const;
  for (const [text, nanoseconds] of read) assert.equal(parseGoDuration(text), nanoseconds, text);
});

test('what Go refuses is undefined', () => {
  for (const text of [
    '',
    '5',
    '1d',
    ' 1s',
    '1 s',
    '.s',
    '-',
    '1.5',
    's',
    '1s2',
    '9223372036854775808ns',
    '2562048h',
    '1.s.',
  ]) {
    assert.equal(parseGoDuration(text), undefined, text);
  }
});

test('durations are written as Go writes them', () => {
  const written = [
    [0n, '0s'],
    [1n, '1ns'],
    [1_500n, '1.5\u00b5s'],
    [200_000_000n, '200ms'],
    [90_000_000_000n, '1m30s'],
    [3_600_000_000_000n, '1h0m0s'],
    [-5_000_000_000n, '-5s'],
  ] as const;
  for (const [nanoseconds, text] of written) assert.equal(formatGoDuration(nanoseconds), text);
});

test('what is written is read back', () => {
  const limit = 1n << 62n;
  fc.assert(
    fc.property(fc.bigInt({ min: -limit, max: limit }), (value) => parseGoDuration(formatGoDuration(value)) === value),
  );
});
