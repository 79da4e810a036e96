import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TemplateError } from '../../src/gotemplate/error.ts';
import { parseTemplate, type TemplateOptions } from '../../src/gotemplate/template.ts';

type Hostile = {
  readonly text: string;
  readonly data?: () => unknown;
  readonly says?: RegExp;
  readonly options?: TemplateOptions;
};

const LONG = 'a'.repeat(20_000);
const nested = (open: string, middle: string, close: string, depth: number): string =>
  open.repeat(depth) + middle + close.repeat(depth);

function cyclic(): unknown {
  const data: Record<string, unknown> = { name: 'x' };
  data['self'] = data;
  data['list'] = [data, data];
  return data;
}

function cyclicList(): unknown {
  const list: unknown[] = [1];
  list.push(list);
  return { l: list };
}

function doubling(): unknown {
  let list: unknown = ['x'];
  for (let i = 0; i < 60; i++) list = [list, list];
  return { l: list };
}

function deepData(): unknown {
  let data: unknown = 1;
  for (let i = 0; i < 10_000; i++) data = { a: data };
  return data;
}

function deepList(): unknown {
  let data: unknown = 1;
  for (let i = 0; i < 50_000; i++) data = [data];
  return { l: data };
}

const throwing = (): unknown => ({
  get secret(): never {
    throw new Error('the getter ran');
  },
  plain: 1,
});

const trapped = (): unknown => {
  const refuse = (): never => {
    throw new RangeError('trapped');
  };
  return { p: new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse }) };
};

const HOSTILE: Record<string, Hostile> = {
  'parentheses within parentheses': { text: `{{ ${nested('(', '1', ')', 5000)} }}`, says: /nested too deeply/ },
  'ifs within ifs': { text: nested('{{if .}}', 'x', '{{end}}', 5000), says: /nested too deeply/ },
  'ranges within ranges in the text': { text: nested('{{range .}}', 'x', '{{end}}', 3000), says: /nested too deeply/ },
  'withs with spaces within withs': {
    text: nested('{{ with  $x := . }}', 'x', '{{ end }}', 3000),
    says: /nested too deeply/,
  },
  'blocks within blocks': {
    text: `${'{{block "a" .}}'.repeat(2000)}${'{{end}}'.repeat(2000)}`,
    says: /nested too deeply/,
  },
  'a long chain of else if': { text: `{{if 0}}${'{{else if 0}}'.repeat(5000)}{{end}}`, says: /in a row/ },
  'a long chain of else with': { text: `{{with 0}}${'{{else with 0}}'.repeat(5000)}{{end}}`, says: /in a row/ },
  'a template that calls itself': {
    text: '{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}',
    says: /maximum template depth/,
  },
  'two templates that call each other': {
    text: '{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}',
    says: /maximum template depth/,
  },
  'include of itself': {
    text: '{{define "a"}}{{include "a" .}}{{end}}{{include "a" .}}',
    says: /maximum template depth/,
  },
  'templates that call twice each': {
    text: `${Array.from({ length: 60 }, (_, i) => `{{define "t${i}"}}{{template "t${i + 1}"}}{{template "t${i + 1}"}}{{end}}`).join('')}{{define "t60"}}x{{end}}{{template "t0"}}`,
    says: /too (much|long)/,
  },
  'include that doubles': {
    text: '{{define "d"}}{{$x := include "e" .}}{{$x}}{{$x}}{{end}}{{define "e"}}{{if gt (len .) 60}}x{{else}}{{include "d" (print . "x")}}{{end}}{{end}}{{include "d" "x"}}',
    says: /maximum template depth/,
  },
  'tpl that runs itself': {
    text: '{{ tpl .t . }}',
    data: () => ({ t: '{{ tpl .t . }}' }),
    says: /depth/,
    options: { tpl: true },
  },
  'tpl of ever longer text': {
    text: '{{ tpl .t (dict "t" .t) }}',
    data: () => ({ t: '{{ tpl (print .t .t) (dict "t" (print .t .t)) }}' }),
    says: /too|depth/,
    options: { tpl: true },
  },
  'ranges that multiply': {
    text: `${'{{range until 1000}}'.repeat(6)}x${'{{end}}'.repeat(6)}`,
    says: /too (much work|long)/,
  },
  'ranges that multiply and print nothing': {
    text: `${'{{range until 1000}}'.repeat(6)}${'{{end}}'.repeat(6)}`,
    says: /too much work/,
  },
  'range over a huge integer': { text: '{{range 9223372036854775807}}{{end}}', says: /too much work/ },
  'until a huge integer': { text: '{{ until 9223372036854775807 }}', says: /list too long/ },
  'untilStep by one over everything': {
    text: '{{ untilStep -9223372036854775808 9223372036854775807 1 }}',
    says: /list too long/,
  },
  'untilStep near the end of integers': { text: '{{ len (untilStep 9223372036854775800 9223372036854775807 5) }}' },
  'a long seq': { text: '{{ seq 1 900000000 }}', says: /list too long/ },
  'repeat of nothing for ever': { text: '{{ repeat 9223372036854775807 "" }}' },
  'repeat of much': { text: '{{ repeat 1000000000 "abc" }}', says: /string too long/ },
  'repeat of repeat': { text: '{{ repeat 1000 (repeat 1000 (repeat 1000 "x")) }}', says: /string too long/ },
  'repeat in a range': { text: '{{ range until 1000 }}{{ $x := repeat 1000000 "x" }}{{ end }}', says: /too much/ },
  'replace that grows': {
    text: `{{ replace "a" (repeat 1000 "b") .s }}`,
    data: () => ({ s: LONG }),
    says: /string too long/,
  },
  'replace of nothing': {
    text: `{{ replace "" (repeat 1000 "b") .s }}`,
    data: () => ({ s: LONG }),
    says: /string too long/,
  },
  'indent by much': { text: '{{ indent 100000000 "a\\nb" }}', says: /string too long/ },
  'indent of many lines': { text: '{{ indent 10000 (repeat 10000 "\\n") }}', says: /string too long/ },
  'wrapWith a long separator': {
    text: '{{ wrapWith 1 (repeat 1000 "x") (repeat 10000 "ab") }}',
    says: /string too long/,
  },
  'printf of a huge width': { text: '{{ printf "%999999d" 1 | len }}' },
  'printf of many huge widths': { text: `{{ printf "${'%999999d'.repeat(40)}" 1 2 3 }}`, says: /too/ },
  'printf of a width beyond all': { text: '{{ printf "%99999999999d" 1 }}' },
  'printf of a width from the arguments': { text: '{{ printf "%*d" 1000000 1 | len }}' },
  'printf of a huge precision': { text: '{{ printf "%.999999f" 1.5 | len }}' },
  'printf of the smallest float': { text: '{{ printf "%.1100f" 5e-324 | len }}' },
  'printf of bad verbs': { text: `{{ printf "${'%!'.repeat(10_000)}" 1 }}` },
  'quotes that quote quotes': { text: `{{ ${nested('(quote ', '"\\"\\\\"', ')', 90)} }}`, says: /too/ },
  'html of html': { text: `{{ "&&&&" ${'| html '.repeat(400)} | len }}` },
  'urlquery of urlquery': { text: `{{ "%%%%" ${'| urlquery '.repeat(95)} | len }}` },
  'a regular expression that backtracks elsewhere': {
    text: '{{ regexMatch "^(a+)+$" .s }}',
    data: () => ({ s: `${'a'.repeat(5000)}b` }),
  },
  'alternatives that backtrack elsewhere': {
    text: '{{ regexMatch "^(a|a|aa)*$" .s }}',
    data: () => ({ s: `${'a'.repeat(5000)}!` }),
  },
  'a regular expression with huge repeats': { text: '{{ regexMatch "((a{1,1000}){1,1000}){1,1000}" "a" }}' },
  'a regular expression of thousand repeats': {
    text: '{{ regexMatch "(a{0,999}b{0,999}c{0,999})" .s }}',
    data: () => ({ s: LONG }),
  },
  'a deep regular expression': { text: `{{ regexMatch .p "a" }}`, data: () => ({ p: nested('(', 'a', ')', 4000) }) },
  'a long regular expression': { text: '{{ regexMatch .p "a" }}', data: () => ({ p: 'a|'.repeat(200_000) }) },
  'regexReplaceAll that grows': {
    text: '{{ regexReplaceAll "" .s (repeat 1000 "x") }}',
    data: () => ({ s: LONG }),
    says: /too/,
  },
  'regexSplit at everything': { text: '{{ regexSplit "" (repeat 300000 "a") -1 | len }}', says: /too/ },
  'split at everything': { text: '{{ splitList "" (repeat 300000 "a") | len }}', says: /list too long/ },
  'semver constraints that backtrack elsewhere': {
    text: '{{ semverCompare .c "1.2.3" }}',
    data: () => ({ c: `>1.2${' '.repeat(20_000)}x` }),
  },
  'uniq of many different items': { text: '{{ uniq (until 50000) | len }}', says: /too much work/ },
  'without of many items': {
    text: '{{ range until 200 }}{{ $x := without (until 5000) "x" "y" "z" }}{{ end }}',
    says: /too much work/,
  },
  'append in a range': {
    text: '{{ $l := list }}{{ range until 100000 }}{{ $l = append $l . }}{{ end }}',
    says: /too much/,
  },
  'concat that doubles': {
    text: '{{ $l := list 1 2 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}',
    says: /too/,
  },
  'cat that doubles': { text: '{{ $s := "ab" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}', says: /too/ },
  'a dict that holds itself': {
    text: '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}',
    says: /nested too deeply|too much/,
  },
  'a dict that holds itself, as JSON': {
    text: '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}',
    says: /nested too deeply/,
  },
  'a dict that holds itself twice, as YAML': {
    text: '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $_ := set $d "b" $d }}{{ toYaml $d }}',
    says: /nested too deeply|too much/,
  },
  'a dict that holds itself, as TOML': {
    text: '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toToml $d }}',
    says: /nested too deeply/,
  },
  'a dict that holds itself, copied': {
    text: '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ deepCopy $d }}',
    says: /nested too deeply/,
  },
  'dicts that hold themselves, merged': {
    text: '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $e := dict }}{{ $_ := set $e "d" $e }}{{ merge $d $e }}',
    says: /nested too deeply|too much/,
  },
  'dicts that hold themselves, compared': {
    text: '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $e := dict }}{{ $_ := set $e "d" $e }}{{ deepEqual $d $e }}',
    says: /nested too deeply/,
  },
  'a list that doubles, printed': {
    text: '{{ $l := list 1 }}{{ range until 90 }}{{ $l = list $l $l }}{{ end }}{{ $l }}',
    says: /too/,
  },
  'cyclic data, printed': { text: '{{ . }}', data: cyclic, says: /nested too deeply|too/ },
  'cyclic data, followed': { text: `{{ ${'.self'.repeat(500)}.name }}`, data: cyclic },
  'a cyclic list': { text: '{{ .l }}', data: cyclicList, says: /holds itself/ },
  'a list of itself twice, sixty deep': { text: '{{ .l }}', data: doubling, says: /too/ },
  'data ten thousand deep': { text: '{{ . }}', data: deepData, says: /nested too deeply/ },
  'lists fifty thousand deep': { text: '{{ .l }}', data: deepList, says: /nested too deeply/ },
  'JSON ten thousand deep': { text: '{{ fromJson (repeat 10000 "[") }}', says: /nested too deeply/ },
  'YAML ten thousand deep': { text: '{{ fromYaml (repeat 10000 "[") }}' },
  'YAML of many laughs': {
    text: '{{ fromYaml .y | toJson }}',
    data: () => ({
      y: `a0: &a0 [x, x]\n${Array.from({ length: 50 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n')}`,
    }),
    says: /too/,
  },
  'TOML ten thousand deep': { text: '{{ fromToml (print "a = " (repeat 10000 "[")) }}', says: /nested too deeply/ },
  'a TOML key of ten thousand parts': {
    text: '{{ fromToml (print (repeat 10000 "a.") "b = 1") }}',
    says: /nested too deeply/,
  },
  'long TOML': { text: '{{ fromToml (repeat 100000 "# c\\n") }}' },
  'long YAML': { text: '{{ fromYaml (repeat 100000 "a: 1\\n") }}' },
  'a getter': { text: '{{ .secret }}', data: throwing, says: /accessor/ },
  'a getter, printed with the rest': { text: '{{ . }}', data: throwing, says: /accessor/ },
  'a proxy that throws': { text: '{{ .p.x }}{{ .p }}', data: trapped, says: /trapped/ },
  'a function in the data': {
    text: '{{ .f }}{{ call .f }}',
    data: () => ({ f: () => 'ran' }),
    says: /holds a function/,
  },
  'a symbol in the data': { text: '{{ .s }}', data: () => ({ s: Symbol('s') }), says: /holds a symbol/ },
  'a class instance in the data': { text: '{{ .d }}', data: () => ({ d: new Date(0) }), says: /not plain/ },
  'prototype names': {
    text: '{{ .__proto__ }}{{ .constructor }}{{ .toString }}{{ .hasOwnProperty }}{{ index . "__proto__" }}{{ get . "constructor" }}{{ hasKey . "valueOf" }}',
    data: () => ({}),
  },
  'prototype names as keys': {
    text: '{{ $d := dict "__proto__" 1 "constructor" 2 }}{{ $d.__proto__ }}{{ $d.constructor }}{{ set $d "__proto__" (dict "polluted" true) }}{{ .polluted }}',
    data: () => ({}),
  },
  'prototype names as functions': { text: '{{ constructor }}', says: /function "constructor" not defined/ },
  'prototype names as templates': { text: '{{ template "__proto__" }}', says: /not defined/ },
  'prototype names as verbs, units and codes': {
    text: '{{ toDate "constructor" "x" }}{{ fromJson "\\"\\\\constructor\\"" }}',
  },
  'lone surrogates': { text: 'a\ud800b{{ .s | quote }}{{ .\udc00 }}', data: () => ({ s: '\udfff', '\udc00': 1 }) },
  'lone surrogates in keys': {
    text: '{{ range $k, $v := . }}{{ $k }}={{ $v }}{{ end }}',
    data: () => ({ '\ud800': 1, '\ud801': 2 }),
  },
  'NUL everywhere': {
    text: '\0{{ "\\x00" }}{{ .s }}{{ html .s }}{{ js .s }}{{ toJson .s }}{{ toYaml .s }}',
    data: () => ({ s: '\0\0' }),
  },
  'NUL in an action': { text: '{{ \0 }}', says: /unrecognized character/ },
  'text that is not UTF-8': {
    text: '{{ "\\xff\\xfe" | quote }}{{ "\\xc3" | upper }}{{ "\\xe6\\xbc" | toJson }}{{ "\\xff" | toYaml }}',
  },
  'a title of 256 KiB and more': { text: 'x'.repeat(300_000), says: /template too long/ },
  'an action that never ends': { text: `{{ ${LONG}`, says: /unclosed action|not defined/ },
  'many actions': { text: '{{.}}'.repeat(50_000), data: () => 'x'.repeat(100), says: /output too long/ },
  'many variables': { text: `${'{{$x := 1}}'.repeat(20_000)}{{$x}}` },
  'a lot of variables looked up': {
    text: `${Array.from({ length: 5000 }, (_, i) => `{{$v${i} := 1}}`).join('')}{{range until 3000}}{{$v0}}{{end}}`,
    says: /too much work|output/,
  },
  'many arguments': { text: `{{ print ${'1 '.repeat(50_000)} }}` },
  'many pipes': { text: `{{ 1 ${'| print '.repeat(30_000)} }}` },
  'a hash of a megabyte': {
    text: '{{ range until 20 }}{{ sha512sum (repeat 1000000 "x") }}{{ end }}',
    says: /too much/,
  },
  'decimals far apart': {
    text: '{{ addf 1e308 1e-308 }}{{ mulf 1e308 1e308 1e308 }}{{ divf 1e-308 1e308 }}{{ round 1e308 300 }}',
  },
  'decimals in a range': {
    text: '{{ $f := 1.1 }}{{ range until 100000 }}{{ $f = mulf $f 1e300 1e-300 1.0000001 }}{{ end }}',
    says: /too much work/,
  },
  'numbers that are none': { text: '{{ div 1 0 }}', says: /divide by zero/ },
  'a chunk of nothing': { text: '{{ chunk 0 (list 1) }}', says: /makeslice/ },
  'dates out of time': { text: '{{ date "2006" 9223372036854775807 }}', says: /out of range/ },
  'a date layout of a megabyte': {
    text: '{{ range until 100 }}{{ date (repeat 50000 "2006 ") 0 }}{{ end }}',
    says: /too/,
  },
  'zones that are paths': { text: '{{ dateInZone "MST" 0 "../../etc/passwd" }}{{ dateInZone "MST" 0 "\\x00" }}' },
  'snake case of a long text': {
    text: '{{ range until 50 }}{{ snakecase (repeat 100000 "aB1_") }}{{ end }}',
    says: /too/,
  },
  'a comparison of big values': {
    text: '{{ range until 1000 }}{{ eq . . | not }}{{ deepEqual $ $ }}{{ end }}',
    data: () => ({ l: Array.from({ length: 1000 }, (_, i) => i) }),
  },
};

/** Runs once without being counted, so that no test pays for the compiler. */
function warmUp(): void {
  for (let i = 0; i < 3; i++) {
    parseTemplate(
      '{{ range until 200 }}{{ printf "%5d" . | quote | regexFind "[0-9]+" | fromYaml | toJson }}{{ end }}',
    ).execute({});
  }
}

test('hostile templates end in an error or a bounded output, in time and space', async (t) => {
  warmUp();
  assert.ok(Object.keys(HOSTILE).length >= 60);
  for (const [name, { text, data, says, options }] of Object.entries(HOSTILE)) {
    await t.test(name, () => {
      const given = data?.();
      const space = process.memoryUsage();
      const start = process.threadCpuUsage();
      let message = '';
      try {
        const output = parseTemplate(text, { clock: () => performance.now(), ...options }).execute(given);
        assert.ok(output.length <= 1_048_576, 'the output is bounded');
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
        ({ message } = error);
        assert.ok(message.length < 2_000_000, 'the message is bounded');
      }
      // CPU time: what else runs on the machine is no matter of the template's.
      const { user, system } = process.threadCpuUsage(start);
      const took = (user + system) / 1000;
      const grown = process.memoryUsage().rss - space.rss;
      assert.ok(took < 250 * SLOW, `took ${took.toFixed()} ms`);
      assert.ok(grown < 64 * 2 ** 20 * SLOW, `grew by ${(grown / 2 ** 20).toFixed()} MiB`);
      if (says !== undefined) assert.match(message, says);
    });
  }
});

/** A shared machine may be a few times slower than a quiet one. */
const SLOW = process.env['CI'] === undefined && process.env['HOSTILE_STRICT'] !== undefined ? 1 : 2;

test('no prototype was touched on the way', () => {
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
