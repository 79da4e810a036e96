import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../../src/core/config/config.ts';
import { compareText, isMap, type Json } from '../../../src/core/config/config-json.ts';
import { configProblemCodes } from '../../../src/core/config/config-problems.ts';
import { defaultSettings } from '../../../src/core/config/settings.ts';
import { codes } from './config-cases.ts';

const good = (text: string): NonNullable<ReturnType<typeof parseConfig>['config']> => {
  const { config, problems } = parseConfig(text, 'c.yaml');
  assert.ok(config, JSON.stringify(problems));
  return config;
};

const isFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));

describe('a configuration', () => {
  test('of nothing, of comments and of an empty map means all defaults', () => {
    for (const text of ['', '\n', '# nothing', '{}', '---\n', 'spec:\n', 'kublrAgentConfig:\n', 'cluster: {addon: }']) {
      const { config, problems } = parseConfig(text, 'c.yaml');
      assert.deepEqual(problems, [], text);
      assert.deepEqual(config?.settings, defaultSettings);
      assert.equal(config.spegelEnabled, undefined);
      assert.equal(config.helmValuesForm, 'absent');
      assert.deepEqual(config.extensions, []);
    }
  });

  test('is the same bare, under kublrAgentConfig and under spec.kublrAgentConfig', () => {
    const body = {
      cluster: { addon: { spegel: { enabled: false, helm_values: { spegel: { resolveTags: false } } } } },
    };
    const [bare, wrapped, whole] = [body, { kublrAgentConfig: body }, { spec: { kublrAgentConfig: body } }].map(
      (value) => good(JSON.stringify(value)),
    );
    assert.deepEqual(bare, wrapped);
    assert.deepEqual(bare, whole);
    assert.deepEqual(bare?.document, body);
  });

  test('is frozen to its depth', () => {
    assert.ok(
      isFrozen(good('extensions: {a: {path: templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml, content: x}}')),
    );
  });

  test('starts with a BOM and has CRLF line ends, as some editors write it', () => {
    const text = '\uFEFFcluster:\r\n  addon:\r\n    spegel:\r\n      enabled: false\r\n';
    assert.equal(good(text).spegelEnabled, false);
  });

  test('shows templates the map of chart values without its nulls, and the string as it is', () => {
    const map = good('cluster: {addon: {spegel: {helm_values: {a: null, b: {c: ~, d: 1}}}}}');
    assert.deepEqual(map.document, { cluster: { addon: { spegel: { helm_values: { b: { d: 1 } } } } } });
    const string = good('cluster: {addon: {spegel: {helm_values: "a: null"}}}');
    assert.deepEqual(string.document, { cluster: { addon: { spegel: { helm_values: 'a: null' } } } });
    assert.deepEqual(string.helmValues, { a: null });
  });

  test('with an error is none, and all its errors are told at once with file, line and column', () => {
    const { config, problems } = parseConfig('cluster: [1]\nextensions: 5\nhandspegel: {gate: never}\n', 'my.yaml');
    assert.equal(config, undefined);
    assert.deepEqual(
      problems.map(({ file, line, column, path }) => [file, line, column, path]),
      [
        ['my.yaml', 1, 10, 'cluster'],
        ['my.yaml', 2, 13, 'extensions'],
        ['my.yaml', 3, 20, 'handspegel.gate'],
      ],
    );
  });

  test("names in one line all that is somebody else's", () => {
    const text =
      'kind: Cluster\nspec: {network: {}, kublrAgentConfig: {x: 1, extensions: {m: {path: templates/root_dir/etc/motd, content: 5}}}}';
    const { config, problems } = parseConfig(text, 'c.yaml');
    assert.ok(config);
    assert.deepEqual(codes(problems), ['info config-not-ours']);
    assert.match(problems[0]?.message ?? '', /kind, spec\.network, spec\.kublrAgentConfig\.x, extensions\.m$/);
  });

  test('quotes keys in paths that are no plain words', () => {
    const { problems } = parseConfig('extensions: {"a.b c": {path: x}, "1": 5}', 'c.yaml');
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['extensions.1', undefined],
    );
    const [bad] = parseConfig('extensions: {"a.b c": 5}', 'c.yaml').problems;
    assert.equal(bad?.path, 'extensions."a.b c"');
  });
});

describe('laws', () => {
  const word = fc.constantFrom(
    ...(
      'spec kublrAgentConfig cluster addon spegel enabled helm_values extensions handspegel path content handoff probe ' +
      'gate controlPlane addresses interval x __proto__ service registry hostPort mirroredRegistries constructor policy ' +
      'mirrors cidrs server listen'
    ).split(' '),
  );
  const leaf = fc.oneof(
    fc.constantFrom<Json>(null, true, false, 'true', '', 0, -1, 1e308, 30020, '5s', 'hold', 'a: [', '10.0.0.0/8', '{{'),
    fc.constant('templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml'),
    fc.string(),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 7, withCrossShrink: true },
      leaf,
      fc.dictionary(word, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
      fc.array(tie('tree'), { maxLength: 3 }),
    ),
  }));

  test('parsing never throws, and gives a configuration exactly if there is no error', () => {
    const check = (text: string): void => {
      const { config, problems } = parseConfig(text, 'c.yaml');
      assert.equal(
        config === undefined,
        problems.some(({ severity }) => severity === 'error'),
      );
      for (const { code, hint, line } of problems) {
        assert.ok(Object.hasOwn(configProblemCodes, code));
        assert.ok(hint.length > 0 && (line ?? 0) > 0);
      }
    };
    fc.assert(
      fc.property(tree, (value) => check(JSON.stringify(value))),
      { numRuns: 250 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), check), { numRuns: 100 });
  });

  test('the same text gives the same configuration', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseConfig(text, 'c.yaml'), parseConfig(text, 'c.yaml'));
      }),
      { numRuns: 60 },
    );
  });

  test('texts are ordered as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        assert.equal(Math.sign(compareText(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

test('a map knows only its own keys', () => {
  assert.equal(isMap(null), false);
  assert.equal(isMap([]), false);
});
