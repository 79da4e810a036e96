import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileText, rendered } from './config-cases.ts';
import { at, unitCodes, withExtensions } from './documents.ts';

describe('a template that cannot be rendered', () => {
  test('a broken template is an error of its registry alone, with extension, line and reason', () => {
    const desired = rendered(
      withExtensions({
        bad: { path: at('bad.io/hosts.toml'), content: '{{ .config.nope }}' },
        good: { path: at('good.io/hosts.toml'), content: '# good' },
      }),
    );
    assert.deepEqual(unitCodes(desired, 'bad.io'), ['error template-error']);
    assert.deepEqual(desired.units.get('bad.io')?.files, []);
    assert.deepEqual(unitCodes(desired, 'good.io'), []);
    const [problem] = desired.units.get('bad.io')?.problems ?? [];
    assert.match(problem?.message ?? '', /the extension "bad", line 1 of its content: .*no entry for key "nope"/);
    assert.equal(problem?.path, 'extensions.bad.content');
  });

  test('the line of a broken template is that of the configuration file', () => {
    const text = `extensions:\n  bad:\n    path: ${at('bad.io/hosts.toml')}\n    content: |\n      # one\n\n      # {{ .config.nope }}\n`;
    const [problem] = rendered(text).units.get('bad.io')?.problems ?? [];
    assert.deepEqual([problem?.file, problem?.line, problem?.column], ['config.yaml', 7, 19]);
  });

  test('missingKey decides what an absent key is', () => {
    const text = (missingKey: string): string | undefined =>
      fileText(
        rendered(
          withExtensions(
            { a: { path: at('a.io/hosts.toml'), content: '# {{ .config.nope }}' } },
            { handspegel: { missingKey } },
          ),
        ),
        'a.io/hosts.toml',
      );
    assert.equal(text('default'), '# <no value>');
    assert.equal(text('error'), undefined);
  });

  test('a template that never ends is stopped and said', () => {
    const content = '{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}';
    const desired = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } }));
    assert.deepEqual(unitCodes(desired, 'a.io'), ['error template-limit']);
  });
});

describe('credentials', () => {
  const mode = (content: string, name = 'hosts.toml'): number | undefined =>
    rendered(withExtensions({ a: { path: at(`a.io/${name}`), content } }), {
      secrets: { s: { k: 'v' }, t: { k: 'v' } },
    })
      .units.get('a.io')
      ?.files.at(0)?.mode;

  test('a file whose template reads a Secret is for root alone, however it reads it', () => {
    assert.equal(mode('# {{ .secrets.s.k }}'), 0o600);
    assert.equal(mode('# {{ range $name, $secret := .secrets }}{{ $secret.k | b64enc }}{{ end }}'), 0o600);
    assert.equal(mode('# {{ toJson . }}'), 0o600);
    assert.equal(mode('# {{ if .secrets }}there are Secrets{{ end }}'), 0o600);
    assert.equal(mode('# {{ with . }}{{ index .secrets "s" "k" }}{{ end }}'), 0o600);
  });

  test('other files are readable by all', () => {
    assert.equal(mode('# {{ .config.node_name }}'), 0o644);
  });

  test('a key or a header written out is a credential as well', () => {
    assert.equal(mode('-----BEGIN EC PRIVATE KEY-----\n', 'client.key'), 0o600);
    assert.equal(mode("[host.'https://m.io'.header]\nAuthorization = 'Basic eDp5'\n"), 0o600);
    assert.equal(mode("[host.'https://m.io'.header]\n\"X-Auth-Token\" = 'x'\n"), 0o600);
  });

  test('one file that reads a Secret does not make the next one secret', () => {
    const desired = rendered(
      withExtensions({
        a: { path: at('a.io/hosts.toml'), content: '# {{ .secrets.s.k }}' },
        b: { path: at('b.io/hosts.toml'), content: '# b' },
      }),
      { secrets: { s: { k: 'v' } } },
    );
    assert.deepEqual(
      [...desired.units.values()].map(({ files }) => files[0]?.mode),
      [0o644, 0o600, 0o644],
    );
  });
});
