import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { placeInText, readYaml, yamlLimits } from '../../../src/core/config/yaml-positions.ts';

const problem = (text: string): string => {
  const [first] = readYaml(text).problems;
  return first === undefined ? 'none' : `${first.kind} ${first.place.line}:${first.place.column}`;
};

test('each key and value has its line and column', () => {
  const { root, problems } = readYaml('a:\n  b: [x, 7]\n');
  const b = root.entries?.get('a')?.node.entries?.get('b');
  assert.deepEqual(problems, []);
  assert.deepEqual(root.value, { a: { b: ['x', 7] } });
  assert.deepEqual(b?.key, { line: 2, column: 3 });
  assert.deepEqual(b?.node.items?.[1]?.place, { line: 2, column: 10 });
});

test('a line of a literal text is found in the file, also behind empty lines, an explicit indentation and CRLF', () => {
  for (const text of ['k:\n  t: |\n    one\n      two\n', 'k:\r\n  t: |4\r\n      one\r\n        two\r\n']) {
    const source = readYaml(text).root.entries?.get('k')?.node.entries?.get('t')?.node;
    assert.ok(source?.text);
    const { line, column } = placeInText(source.text, 2, 3);
    assert.equal(line, 4);
    assert.equal(
      text
        .split('\n')[3]
        ?.slice((column ?? 1) - 1, column)
        .trim() !== '',
      true,
    );
  }
  const empty = readYaml('t: |\n\n  x\n').root.entries?.get('t')?.node.text;
  assert.ok(empty);
  assert.deepEqual(placeInText(empty, 2, 1), { line: 3, column: 3 });
});

test('text in quotes or folded is placed at its start', () => {
  for (const text of ["t: 'a b'", 't: >\n  a\n  b\n', 't: a b']) {
    const source = readYaml(text).root.entries?.get('t')?.node.text;
    assert.ok(source);
    assert.deepEqual(placeInText(source, 2), { line: 1, column: 4 });
  }
});

test('scalars follow the core schema of YAML 1.2, and large numbers keep all digits', () => {
  assert.deepEqual(readYaml('[yes, on, 010, 0x10, 1.5, ~, "1", 123456789012345678901234567890]').root.value, [
    'yes',
    'on',
    10,
    16,
    1.5,
    null,
    '1',
    123456789012345678901234567890n,
  ]);
});

test('keys are strings, and names that objects have by birth are keys like others', () => {
  const { value } = readYaml('1: a\ntrue: b\n~: c\n__proto__: {x: 1}\nconstructor: d\n').root;
  assert.deepEqual(Object.keys(value as object), ['1', 'true', '~', '__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(readYaml('{}').root.entries?.get('constructor'), undefined);
});

test('merge keys take what a map does not have itself', () => {
  const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  y: 3\n  <<: [*a, *b]\n';
  assert.deepEqual((readYaml(text).root.value as { c: unknown }).c, { y: 3, x: 1, z: 2 });
  assert.equal(problem('a:\n  <<: 5\n'), 'syntax 2:7');
  assert.deepEqual(readYaml('"<<": 1').root.value, { '<<': 1 });
});

test('what is wrong is said with its place', () => {
  assert.equal(problem('a: 1\nb: {c: 1, c: 2}\n'), 'duplicate-key 2:11');
  assert.equal(problem('a: *nowhere\n'), 'alias 1:4');
  assert.equal(problem('a: &a [*a]\n'), 'alias 1:8');
  assert.equal(problem('a: !unknown x\n'), 'warning 1:4');
  assert.equal(problem('? [a]\n: b\n'), 'syntax 1:3');
  assert.equal(problem('a: b: c\n').startsWith('syntax 1:'), true);
});

test('an anchor that is given anew counts from there on', () => {
  assert.deepEqual(readYaml('[&a 1, *a, &a 2, *a]').root.value, [1, 1, 2, 2]);
});

test('bombs of aliases, size and depth end in a limit', () => {
  let bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
  for (let i = 1; i < 12; i++)
    bomb += `a${i}: &a${i} [${Array(9)
      .fill(`*a${i - 1}`)
      .join(', ')}]\n`;
  const deep = Array.from({ length: 120 }, (_, i) => `${' '.repeat(i)}a:\n`).join('');
  for (const text of [
    bomb,
    '['.repeat(50_000),
    '- '.repeat(50_000),
    `${'['.repeat(900)}${']'.repeat(900)}`,
    deep,
    'x'.repeat(yamlLimits.characters + 1),
  ]) {
    assert.equal(problem(text).split(' ')[0], 'limit', text.slice(0, 20));
  }
});

test('reading gives back what was written, and never throws', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const normal = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner)).replaceAll(
        /(?<![\d.e"])-0(?![\d.])/g,
        '0',
      ),
    );
  fc.assert(
    fc.property(json, (value) => {
      const { root, problems } = readYaml(stringify(value));
      assert.deepEqual(problems, []);
      assert.deepEqual(normal(root.value), normal(value));
    }),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab:-?&*!|>\'"%@`{}[],#\n \t<~0\r'.split('')) }),
      (text) => void readYaml(text),
    ),
  );
});
