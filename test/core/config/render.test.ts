import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfig } from '../../../src/core/config/config.ts';
import { prepare } from '../../../src/core/config/render.ts';
import type { Desired } from '../../../src/core/desired.ts';
import { fileText, rendered, tools, workerFacts } from './config-cases.ts';
import { at, policies, spegel, unitCodes, withExtensions } from './documents.ts';

describe('which files there are', () => {
  test('later keys replace earlier ones of the same path, in the order of their bytes', () => {
    const desired = rendered(
      withExtensions({
        '9-x': { path: at('a.io/hosts.toml'), content: '# nine' },
        '10-x': { path: at('a.io/hosts.toml'), content: '# ten' },
      }),
    );
    assert.equal(fileText(desired, 'a.io/hosts.toml'), '# nine');
  });

  test("content '' switches a file off, the built-in one too; a later key counts in both directions", () => {
    const file = (...contents: readonly string[]): string | undefined => {
      const entries = contents.map((content, index) => [`k${index}`, { path: at('_default/hosts.toml'), content }]);
      return fileText(rendered(withExtensions(Object.fromEntries(entries))), '_default/hosts.toml');
    };
    assert.equal(file(''), undefined);
    assert.equal(file('# on', ''), undefined);
    assert.equal(file('', '# on'), '# on');
    assert.match(file() ?? '', /^\[host/);
  });

  test('white space and comments are rendered as they are', () => {
    for (const content of [' ', '\n', '# no mirrors', '\t# x\n\n']) {
      const desired = rendered(withExtensions({ a: { path: at('_default/hosts.toml'), content } }));
      assert.equal(fileText(desired, '_default/hosts.toml'), content);
      assert.deepEqual(unitCodes(desired, '_default'), []);
    }
  });

  test('a template may render to nothing: that is an empty file', () => {
    const content = '{{ if false }}x{{ end }}';
    assert.equal(
      fileText(rendered(withExtensions({ a: { path: at('_default/hosts.toml'), content } })), '_default/hosts.toml'),
      '',
    );
  });

  test('all files of a registry are one unit, certificates before hosts.toml', () => {
    const desired = rendered(
      withExtensions({
        a: { path: at('a.io/hosts.toml'), content: "server = 'https://a.io'\n" },
        b: { path: at('a.io/z.crt'), content: 'z' },
        c: { path: at('a.io/ca.crt'), content: 'c' },
      }),
    );
    assert.deepEqual(
      desired.units.get('a.io')?.files.map(({ name }) => name),
      ['ca.crt', 'z.crt', 'hosts.toml'],
    );
  });

  test('disabled, _default is an empty file, and files for registries are still there', () => {
    for (const [config, facts, reason] of [
      [spegel({ enabled: false }), {}, /enabled is false/],
      [{}, { runtime: 'cri-o' }, /runtime of this node is cri-o/],
      [{}, { runtime: 'docker' }, /docker/],
    ] as const) {
      const desired = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content: '# a' } }, config), facts);
      assert.equal(desired.spegel, 'disabled');
      assert.match(desired.spegelReason, reason);
      assert.equal(fileText(desired, '_default/hosts.toml'), '');
      assert.equal(fileText(desired, 'a.io/hosts.toml'), '# a');
      assert.deepEqual(policies(desired), { _default: 'hold', 'a.io': 'hold' });
    }
  });

  test('disabled, an extension for _default still overrides the built-in template, or switches it off', () => {
    const text = (content: string): Desired =>
      rendered(withExtensions({ a: { path: at('_default/hosts.toml'), content } }, spegel({ enabled: false })));
    assert.equal(fileText(text('# mine'), '_default/hosts.toml'), '# mine');
    assert.deepEqual([...text('').units.keys()], []);
    const certificate = withExtensions(
      { a: { path: at('_default/hosts.toml'), content: '' }, b: { path: at('_default/ca.crt'), content: 'x' } },
      spegel({ enabled: false }),
    );
    assert.deepEqual(
      rendered(certificate)
        .units.get('_default')
        ?.files.map(({ name }) => name),
      ['ca.crt'],
    );
  });

  test('the runtime decides only when enabled is not given; unknown counts as containerd', () => {
    assert.equal(rendered('', { runtime: 'containerd' }).spegel, 'adds-mirrors');
    assert.equal(rendered(JSON.stringify(spegel({ enabled: true })), { runtime: 'cri-o' }).spegel, 'adds-mirrors');
    const { runtime: _runtime, ...unknown } = workerFacts;
    const parsed = parseConfig('', 'c.yaml');
    assert.ok(parsed.config);
    assert.equal(prepare(parsed.config, tools)(unknown).spegel, 'adds-mirrors');
  });

  test('with listed registries each has a file and _default has none; disabled, only an empty _default is left', () => {
    const values = { helm_values: { spegel: { mirroredRegistries: ['https://docker.io'], prependExisting: true } } };
    const desired = rendered(JSON.stringify(spegel(values)));
    assert.deepEqual(policies(desired), { 'docker.io': 'yield' });
    assert.equal(desired.units.get('docker.io')?.prependExisting, true);
    assert.deepEqual(policies(rendered(JSON.stringify(spegel({ ...values, enabled: false })))), { _default: 'hold' });
  });
});

test('500 registries are rendered, each once', () => {
  const entries = Array.from({ length: 500 }, (_, index) => [
    `k${index}`,
    {
      path: at(`r${index}.example.com/hosts.toml`),
      content: "[host.'http://{{ .config.node_address_ip }}:30020']\ncapabilities = ['pull', 'resolve']\n",
    },
  ]);
  const desired = rendered(withExtensions(Object.fromEntries(entries)));
  assert.equal(desired.units.size, 501);
});
