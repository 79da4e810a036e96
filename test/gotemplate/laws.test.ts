import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBytes } from '../../src/gotemplate/bytes.ts';
import { TemplateError } from '../../src/gotemplate/error.ts';
import { functionSet } from '../../src/gotemplate/funcs/table.ts';
import { DEFAULT_LIMITS } from '../../src/gotemplate/limits.ts';
import type { Node, Trees } from '../../src/gotemplate/node.ts';
import { parseTrees } from '../../src/gotemplate/parse.ts';
import { printTrees } from '../../src/gotemplate/print.ts';
import { ParseFailure } from '../../src/gotemplate/reader.ts';
import { parseTemplate } from '../../src/gotemplate/template.ts';

/** 2,000 in a test run; `npm run fuzz` asks for more. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000);

const FUNCS = functionSet('helm', true);
const NAMES = Object.keys(FUNCS);

const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    'a,b',
    'x: 1',
    '{"a":[1]}',
    'a = 1',
    '2024-02-29',
    '1.2.3',
    '%d',
    '(a+)+$',
    '\u{1f600}',
    '\ud800',
    '-1',
  ),
);
const key = fc.constantFrom('a', 'b', 'c', 'l', '__proto__', 'constructor', 'é', '');
const { value: data } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

const literal = fc.constantFrom(
  ...'. $ nil true false 0 1 -3 7 2.5 1e3 0x1f 1i "" "a" "%v|%5.2q" "a b,c" `raw` .a .b .l .a.b .__proto__ $.c $x'.split(
    ' ',
  ),
  '"[a-z]*"',
  '"2006-01-02"',
  '100000',
  '9223372036854775807',
);
const { pipe } = fc.letrec<{ pipe: string }>((tie) => ({
  pipe: fc.oneof(
    { maxDepth: 4 },
    literal,
    fc
      .tuple(fc.constantFrom(...NAMES), fc.array(tie('pipe'), { maxLength: 4 }), fc.boolean())
      .map(([name, args, piped]) => {
        const shown = args.map((arg) => (/[ |]/.test(arg) && !/^["`]/.test(arg) ? `(${arg})` : arg));
        const last = piped ? shown.pop() : undefined;
        return `${last === undefined ? '' : `${last} | `}${[name, ...shown].join(' ')}`;
      }),
  ),
}));
const { block } = fc.letrec<{ block: string }>((tie) => ({
  block: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'text',
      ' {',
      '\n',
      '{{/* c */}}',
      '{{- "x" -}}',
      '{ ',
      '{{$x = 2}}',
      '{{template "d" .}}',
      '{{include "d" .}}',
    ),
    pipe.map((inner) => `{{ ${inner} }}`),
    pipe.map((inner) => `{{$x := ${inner}}}`),
    fc
      .tuple(fc.constantFrom('if', 'with', 'range', 'range $i, $e :='), pipe, tie('block'), tie('block'), fc.boolean())
      .map(([word, inner, yes, no, both]) => `{{${word} ${inner}}}${yes}${both ? `{{else}}${no}` : ''}{{end}}`),
    fc.tuple(tie('block'), tie('block')).map(([first, second]) => first + second),
    tie('block').map((inner) => `{{range .l}}${inner}{{break}}{{end}}`),
  ),
}));
const DEFINITIONS = '{{define "d"}}[{{.}}]{{end}}{{$x := 1}}';
const text = fc.oneof(
  block.map((body) => DEFINITIONS + body),
  fc
    .array(
      fc.constantFrom(
        ...'{{ }} {{- -}} { } ( ) | . $ $x := = , " ` \' \\ if else end range with define block template break nil print .a 1 0x 1i + /* */ é - ; \0'.split(
          ' ',
        ),
        ' ',
        '\n',
        '\ud800',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
);

/** Runs a template; whatever is thrown must be the engine's own error. */
function run(body: string, given: unknown): string | TemplateError {
  try {
    return parseTemplate(body, { tpl: true, limits: { steps: 50_000, memory: 4_000_000 } }).execute(given);
  } catch (error) {
    assert.ok(error instanceof TemplateError, `${String(error)}\n${error instanceof Error ? error.stack : ''}`);
    return error;
  }
}

test('any template with any data ends in bounds or in the one error class, in time, and twice in the same way', () => {
  let slowest = 0;
  fc.assert(
    fc.property(text, data, (body, given) => {
      const before = JSON.stringify(given);
      const start = performance.now();
      const first = run(body, given);
      slowest = Math.max(slowest, performance.now() - start);
      const second = run(body, given);
      if (typeof first === 'string') assert.ok(first.length <= DEFAULT_LIMITS.output);
      else assert.ok(first.message.startsWith('template: '), first.message);
      assert.equal(String(second), String(first));
      assert.equal(JSON.stringify(given), before);
    }),
    { numRuns: RUNS },
  );
  assert.ok(slowest < 1000, `the slowest took ${slowest.toFixed()} ms`);
});

/** A tree without its places. */
function shape(trees: Trees): string {
  const withoutPlace = (name: string, value: unknown): unknown => {
    if (name === 'at') return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  };
  const show = (node: Node): string => JSON.stringify(node, withoutPlace);
  const defined = [...trees.defined].sort(([a], [b]) => (a < b ? -1 : 1));
  return [show(trees.main), ...defined.map(([name, tree]) => `${name}: ${show(tree)}`)].join('\n');
}

function parsed(body: string): Trees | undefined {
  try {
    return parseTrees(toBytes(body), { name: 't', funcs: FUNCS, limits: DEFAULT_LIMITS });
  } catch (error) {
    assert.ok(error instanceof ParseFailure, String(error));
    return undefined;
  }
}

test('what a tree prints parses to the same tree', () => {
  fc.assert(
    fc.property(text, (body) => {
      const trees = parsed(body);
      fc.pre(trees !== undefined);
      const printed = printTrees(trees);
      const again = parseTrees(printed, { name: 't', funcs: FUNCS, limits: DEFAULT_LIMITS });
      assert.equal(shape(again), shape(trees), printed);
    }),
    { numRuns: RUNS },
  );
});

test('text without actions comes out as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (body) => {
      fc.pre(!body.includes('{{'));
      assert.equal(run(body, null), body);
    }),
    { numRuns: RUNS },
  );
});

test('toJson of any data reads back as the same data', () => {
  fc.assert(
    fc.property(data, (given) => {
      const shown = run('{{ toJson .v }}', { v: given });
      fc.pre(typeof shown === 'string' && shown !== '');
      const again = run('{{ toJson .v }}', { v: JSON.parse(shown) as unknown });
      assert.equal(again, shown);
    }),
    { numRuns: RUNS },
  );
});
