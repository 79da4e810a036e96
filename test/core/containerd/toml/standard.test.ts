import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTomlTable, parseToml } from '../../../../src/core/containerd/toml/standard.ts';

test('a document is read into plain values', () => {
  const reading = parseToml("server = 'x'\n[host.'http://a']\ncapabilities = ['pull']\n");
  assert.ok(reading.ok);
  assert.equal(reading.table['server'], 'x');
  const { host } = reading.table;
  assert.ok(isTomlTable(host) && isTomlTable(host['http://a']));
  assert.deepEqual(host['http://a']['capabilities'], ['pull']);
});

test('a mistake is told with line and column', () => {
  assert.deepEqual(parseToml('a = 1\nb = ]\n'), {
    ok: false,
    reason: 'Unexpected character, expecting string, number, datetime, boolean, inline array or inline table',
    line: 2,
    column: 5,
  });
});

test('dates and lists are no tables', () => {
  const reading = parseToml('a = 2026-01-01\nb = [1]\nc = {}\n');
  assert.ok(reading.ok);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => isTomlTable(reading.table[key])),
    [false, false, true],
  );
});
