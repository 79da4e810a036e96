import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { modelledVersions, rulesOf } from '../../../../src/core/containerd/containerd-version.ts';
import { readHosts } from '../../../../src/core/containerd/hosts.ts';
import { parseToml } from '../../../../src/core/containerd/toml/standard.ts';

/** For each version: r(ead), i(gnored), or p(anic). */
const verdicts = (text: string): string =>
  modelledVersions
    .map((version) => readHosts(new TextEncoder().encode(text), '/d', rulesOf(version)).kind.charAt(0))
    .join('');

const host = "[host.'http://a']\n";

test('where the TOML libraries of containerd part company, version by version', () => {
  // 1.6, 1.7, 2.0, 2.1, 2.2, 2.3, 2.4
  const expected: Readonly<Record<string, string>> = {
    [host]: 'rrrrrrr',
    [`\ufeff${host}`]: 'rriiiii',
    [`${host}foo = { a = 1, }\n`]: 'iiiiiir',
    [`${host}foo = { a = 1\n}\n`]: 'rriiiir',
    [`${host}foo = "\\x41"\n`]: 'iiiiiir',
    [`${host}foo = "\\e"\n`]: 'iirrrrr',
    [`${host}foo = 1__0\n`]: 'iirrrri',
    [`${host}foo = 2026-01-01\n`]: 'iirrrrr',
    [`${host}foo = 2026-13-01T00:00:00Z\n`]: 'iirrrrr',
    [`${host}# \u0001\n`]: 'rriiiii',
    [`${host}foo = 1\rbar = 2\n`]: 'rriiiii',
    [`${host}'foo' = 'x' # c`]: 'rrrrrrr',
    "[host.'http://[::1]']\n": 'iirrrrr',
    "[host.'http://a'] foo = 1\n": 'rriiiii',
    [`${host}${host}`]: 'iiiiiii',
    [`[[host.'http://a']]\n`]: 'iiiiiii',
    '[server.x]\n[host]\n': 'iippppi',
    'dial_timeout = 00:00:05\n[host]\n': 'rrpppii',
    '[host]\nx = 1\ny = 2\n': 'ppiiiii',
    'host = 2026-01-01T00:00:00Z\n': 'iipppii',
  };
  for (const [text, kinds] of Object.entries(expected)) assert.equal(verdicts(text), kinds, JSON.stringify(text));
});

test('what every version reads, plain TOML reads too', () => {
  const line = fc.constantFrom(
    "a = 'b'",
    'a.b = 1',
    '[t]',
    "[t.'u v']",
    'x = [1, 2]',
    'y = { z = true }',
    '# c',
    '',
    '[host]',
    'n = 1.5',
    's = """\nx"""',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = `[host.'http://a']\n${lines.join('\n')}\n`;
      fc.pre(verdicts(text) === 'rrrrrrr');
      assert.ok(parseToml(text).ok, text);
    }),
  );
});
