import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Float64 } from '../../src/gotemplate/data.ts';
import { TemplateError } from '../../src/gotemplate/error.ts';
import { parseTemplate, type TemplateOptions } from '../../src/gotemplate/template.ts';

function render(text: string, data?: unknown, options?: TemplateOptions): string {
  return parseTemplate(text, options).execute(data);
}

function failure(act: () => unknown): TemplateError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof TemplateError, String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('a template is parsed once and executed many times', () => {
  const template = parseTemplate('{{range .l}}{{.}},{{end}}');
  assert.equal(template.execute({ l: [1, 2] }), '1,2,');
  assert.equal(template.execute({ l: ['x'] }), 'x,');
  assert.equal(template.execute({}), '');
});

test('set and merge of one execution reach neither the data nor the next execution', () => {
  const data = { m: { a: 1, inner: { x: 1 } }, l: [{ k: 1 }] };
  const template = parseTemplate(
    '{{ $_ := set .m "a" 2 }}{{ $_ := merge .m.inner (dict "y" 2) }}{{ $_ := set (first .l) "k" 9 }}{{ $_ := unset .m "b" }}{{ .m }}{{ .l }}',
  );
  const once = template.execute(data);
  assert.equal(once, 'map[a:2 inner:map[x:1 y:2]][map[k:9]]');
  assert.equal(template.execute(data), once);
  assert.deepEqual(data, { m: { a: 1, inner: { x: 1 } }, l: [{ k: 1 }] });
});

test('frozen data is data like any other', () => {
  const data = Object.freeze({ m: Object.freeze({ a: 1 }) });
  assert.equal(render('{{ set .m "b" 2 }}', data), 'map[a:1 b:2]');
});

test('a parse error tells line, Go text and caret block, but no column', () => {
  const error = failure(() => parseTemplate('first\nsecond {{ .a-b }}\nthird'));
  assert.equal(error.message, "template: t:2: bad character U+002D '-'");
  assert.equal(error.phase, 'parse');
  assert.equal(error.line, 2);
  assert.equal(error.column, undefined);
  assert.equal(error.caret, '    1 | first\n    2 | second {{ .a-b }}\n    3 | third');
});

test('an execution error tells line and column and points at the place', () => {
  const error = failure(() => render('first\nä {{ index .l 9 }}\n', { l: [1] }));
  assert.equal(
    error.message,
    'template: t:2:6: executing "t" at <index .l 9>: error calling index: index out of range: 9',
  );
  assert.deepEqual([error.phase, error.line, error.column], ['exec', 2, 6]);
  assert.equal(error.caret, '    1 | first\n    2 | ä {{ index .l 9 }}\n      |      ^\n    3 | ');
});

test('an unknown field names the known ones nearby, beside the text of Go', () => {
  const error = failure(() =>
    render('{{ .config.node_adress_ip }}', { config: { node_address_ip: 'x', other: 1 } }, { missingKey: 'error' }),
  );
  assert.equal(
    error.message,
    'template: t:1:10: executing "t" at <.config.node_adress_ip>: map has no entry for key "node_adress_ip"',
  );
  assert.equal(error.hint, 'did you mean node_address_ip?');
  const far = failure(() => render('{{ .zzz }}', { alpha: 1, beta: 2 }, { missingKey: 'error' }));
  assert.equal(far.hint, 'known names: alpha, beta');
});

test('the name given is the one in messages', () => {
  const error = failure(() => render('{{ fail "no" }}', {}, { name: 'hosts.toml' }));
  assert.equal(
    error.message,
    'template: hosts.toml:1:3: executing "hosts.toml" at <fail "no">: error calling fail: no',
  );
});

test('each function set has its own functions, and tpl is there on demand only', () => {
  assert.equal(failure(() => parseTemplate('{{ upper "x" }}', { funcs: 'core' })).phase, 'parse');
  assert.equal(render('{{ upper "x" }}', {}, { funcs: 'sprig' }), 'X');
  assert.equal(failure(() => parseTemplate('{{ toToml . }}', { funcs: 'sprig' })).phase, 'parse');
  assert.equal(failure(() => parseTemplate('{{ tpl "x" . }}')).message, 'template: t:1: function "tpl" not defined');
  assert.equal(render('{{ tpl "{{ .a }}" . }}', { a: 1 }, { tpl: true }), '1');
});

const EXCLUDED =
  'now ago randAlpha randAlphaNum randAscii randNumeric randInt randBytes shuffle uuidv4 env expandenv getHostByName bcrypt htpasswd genPrivateKey derivePassword buildCustomCert genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey encryptAES decryptAES lookup';

test('clock, chance, environment, network and keys are not defined at all', () => {
  for (const name of EXCLUDED.split(' ')) {
    const error = failure(() => parseTemplate(`{{ ${name} }}`, { tpl: true }));
    assert.equal(error.message, `template: t:1: function "${name}" not defined`);
  }
});

test('whole numbers are ints unless floats are asked for, and a Float64 stays a float', () => {
  assert.equal(render('{{ printf "%T" .n }}', { n: 5 }), 'int');
  assert.equal(render('{{ printf "%T" .n }}', { n: 5 }, { numbers: 'float64' }), 'float64');
  assert.equal(render('{{ printf "%T %v" .n .n }}', { n: new Float64(5) }), 'float64 5');
  assert.equal(render('{{ .n }}', { n: 2n ** 62n }), '4611686018427387904');
});

test('bytes that are not UTF-8 come out as they are', () => {
  const template = parseTemplate('{{ slice "é" 0 1 }}{{ "\\xff" }}', { funcs: 'core' });
  assert.deepEqual([...template.executeBytes({})], [0xc3, 0xff]);
  assert.equal(template.execute({}), '\ufffd\ufffd');
});

test('maps and objects without a prototype are data too', () => {
  assert.equal(render('{{ .a.b }}', new Map([['a', new Map([['b', 1]])]])), '1');
  assert.equal(render('{{ .a }}', Object.assign(Object.create(null), { a: 1 })), '1');
});

test('the order of maps is that of their bytes', () => {
  const data = { '\u{1f600}': 1, '\uffee': 2, z: 3, a: 4, 10: 5, 9: 6 };
  assert.equal(
    render('{{ range $k, $v := . }}{{ $v }}{{ end }}{{ keys . | join "" }}', data),
    '564321' + '109az\uffee\u{1f600}',
  );
});

test('what is printed parses to the same tree', () => {
  const text =
    'a{ {{- .x }}b{{/* c */}}c{{ define "d" }}[{{ . }}]{{ end }}{{ template "d" (.x | printf "%d" | print) }}{{ if and .a (not .b) }}1{{ else if .c }}2{{ else }}3{{ end }}{{ range $i, $e := .l }}{{ $e.f.g }}{{ break }}{{ end }}';
  const printed = parseTemplate(text).print();
  assert.equal(parseTemplate(printed).print(), printed);
});

test('the clock is the last resort', () => {
  let now = 0;
  const options = { clock: () => (now += 50), limits: { steps: 1e9 } };
  const error = failure(() => render('{{ range until 90000 }}{{ . }}{{ end }}', {}, options));
  assert.equal(error.phase, 'limit');
  assert.match(error.message, /too much work: more than 200 ms/);
});

test('each bound names itself', () => {
  const cases: [string, TemplateOptions['limits'], RegExp][] = [
    ['{{ range until 100 }}xxxxxxxxxx{{ end }}', { output: 500 }, /output too long: more than 500 bytes/],
    ['{{ repeat 100 "abc" }}', { string: 200 }, /string too long: 300 bytes, at most 200 are allowed/],
    ['{{ until 100 }}', { list: 99 }, /list too long: 100 items, at most 99 are allowed/],
    ['{{ range until 1000 }}{{ end }}', { steps: 500 }, /too much work: more than 500 steps/],
    [
      '{{ range until 50 }}{{ $x := repeat 100 "x" }}{{ end }}',
      { memory: 2000 },
      /too much memory: more than 2000 bytes/,
    ],
    ['{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', { nesting: 5 }, /maximum template depth \(5\)/],
    ['{{ ((((1)))) }}', { nesting: 3 }, /nested too deeply: more than 3 levels/],
    ['12345678901', { template: 10 }, /template too long: 11 bytes, at most 10 are allowed/],
  ];
  for (const [text, limits, wanted] of cases) {
    const error = failure(() => render(text, {}, { limits: limits ?? {} }));
    assert.equal(error.phase, 'limit', text);
    assert.match(error.message, wanted);
  }
});
