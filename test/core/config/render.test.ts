import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../../src/core/config/config.ts';
import { prepare, type RenderTools } from '../../../src/core/config/render.ts';
import type { Verdict } from '../../../src/core/containerd/judge.ts';
import type { Desired } from '../../../src/core/desired.ts';
import type { Facts } from '../../../src/core/facts.ts';
import { codes, fileText, rendered, tools, workerFacts } from './config-cases.ts';

const at = (path: string): string => `templates/root_dir/etc/containerd/certs.d/${path}`;
type Entry = { path: string; content: string; handoff?: string };
const withExtensions = (extensions: Record<string, Entry>, rest: object = {}): string =>
  JSON.stringify({ extensions, ...rest });
const spegel = (values: object): object => ({ cluster: { addon: { spegel: values } } });
const policies = (desired: Desired): Record<string, string> =>
  Object.fromEntries([...desired.units].map(([registry, { policy }]) => [registry, policy]));
const unitCodes = (desired: Desired, registry: string): string[] => codes(desired.units.get(registry)?.problems ?? []);
const verdictTools = (verdict: Verdict): RenderTools => ({
  judge: () => ({
    verdict,
    problems: [
      {
        code: 'hosts-x',
        severity: 'error',
        message: 'a reason',
        hint: 'a hint',
        line: 3,
        versions: ['1.7.35', '2.4.2'],
      },
      { code: 'hosts-y', severity: 'warning', message: 'advice', hint: 'a hint', versions: ['1.6.36'] },
    ],
    hosts: [],
  }),
});

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

describe('who wins where Spegel writes too', () => {
  const extensions = {
    a: { path: at('_default/hosts.toml'), content: '# a' },
    b: { path: at('docker.io/hosts.toml'), content: '# b' },
    c: { path: at('quay.io/ca.crt'), content: 'c' },
  };
  const listed = { spegel: { mirroredRegistries: ['https://docker.io', 'https://quay.io', 'https://ghcr.io'] } };

  test('_default and built-in files yield, extensions for registries hold and replace Spegel there', () => {
    const desired = rendered(withExtensions(extensions, spegel({ helm_values: listed })));
    assert.deepEqual(policies(desired), {
      _default: 'yield',
      'docker.io': 'hold',
      'ghcr.io': 'yield',
      'quay.io': 'yield',
    });
    assert.match(
      desired.units.get('docker.io')?.policyReason ?? '',
      /"b" names this registry and replaces Spegel there/,
    );
    assert.deepEqual(codes(desired.problems), ['info extension-replaces-spegel']);
    assert.match(desired.problems[0]?.message ?? '', /docker\.io/);
  });

  test('all hold when Spegel adds no mirrors', () => {
    const values = { ...listed, spegel: { ...listed.spegel, containerdMirrorAdd: false } };
    const desired = rendered(withExtensions(extensions, spegel({ helm_values: values })));
    assert.deepEqual(new Set(Object.values(policies(desired))), new Set(['hold']));
    assert.equal(desired.spegel, 'no-mirrors');
    assert.deepEqual(desired.problems, []);
  });

  test('handoff changes it for one registry, whatever else holds', () => {
    const asked = { ...extensions, a: { ...extensions.a, handoff: 'hold' }, b: { ...extensions.b, handoff: 'merge' } };
    assert.deepEqual(policies(rendered(withExtensions(asked))), {
      _default: 'hold',
      'docker.io': 'merge',
      'quay.io': 'hold',
    });
    const off = rendered(withExtensions({ b: { ...extensions.b, handoff: 'yield' } }, spegel({ enabled: false })));
    assert.equal(policies(off)['docker.io'], 'yield');
  });

  test('the handoff of hosts.toml counts before that of its certificates', () => {
    const both = {
      a: { path: at('a.io/hosts.toml'), content: '# a', handoff: 'merge' },
      b: { path: at('a.io/ca.crt'), content: 'x', handoff: 'yield' },
    };
    assert.equal(policies(rendered(withExtensions(both)))['a.io'], 'merge');
  });
});

describe('what is wrong with one file', () => {
  const broken = {
    bad: { path: at('bad.io/hosts.toml'), content: '{{ .config.nope }}' },
    good: { path: at('good.io/hosts.toml'), content: '# good' },
  };

  test('a broken template is an error of its registry alone, with extension, line and reason', () => {
    const desired = rendered(withExtensions(broken));
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

  test('any verdict but ok is an error of the registry', () => {
    for (const verdict of ['ignored', 'breaks-pulls', 'deadly'] as const) {
      const desired = rendered(withExtensions({ good: broken.good }), {}, verdictTools(verdict));
      assert.deepEqual(unitCodes(desired, 'good.io'), [`error rendered-${verdict}`, 'warning hosts-y']);
      const [first] = desired.units.get('good.io')?.problems ?? [];
      assert.match(
        first?.message ?? '',
        /good\.io\/hosts\.toml line 3 from extension:good, for containerd 2\.2\.9: .*: a reason$/,
      );
    }
  });

  test('a verdict of ok lets the file through; what was an error is then advice', () => {
    const desired = rendered(withExtensions({ good: broken.good }), {}, verdictTools('ok'));
    assert.deepEqual(unitCodes(desired, 'good.io'), ['warning hosts-x', 'warning hosts-y']);
    assert.deepEqual(unitCodes(desired, '_default'), []);
  });

  test('with an unknown version advice for old versions alone is left out', () => {
    const desired = rendered(withExtensions({ good: broken.good }), { containerdVersion: '' }, verdictTools('ok'));
    assert.deepEqual(unitCodes(desired, 'good.io'), ['warning hosts-x']);
  });

  test('output that is no TOML, or that containerd would refuse or die of, is an error with its reason', () => {
    const verdict = (content: string, facts: Partial<Facts> = {}): string | undefined =>
      unitCodes(rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } }), facts), 'a.io')[0];
    assert.equal(verdict('just words'), 'error rendered-ignored');
    assert.equal(verdict("[host.'https://m.io']\ncapabilities = ['fetch']\n"), 'error rendered-ignored');
    assert.equal(verdict("[host.'https://m.io']\nca = ''\n"), 'error rendered-breaks-pulls');
    assert.equal(verdict("[host.'https://m.io']\ndial_timeout = 00:00:05\n"), 'error rendered-deadly');
    assert.equal(
      verdict("[host.'http://[fd00::1]:30020']\n", { containerdVersion: '1.7.28' }),
      'error rendered-ignored',
    );
    assert.equal(verdict("[host.'http://[fd00::1]:30020']\n"), undefined);
  });

  test('a certificate that may stand in its directory is a warning, until somebody has looked there', () => {
    const content = "[host.'https://m.io']\nca = 'theirs.crt'\n";
    const unit = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } })).units.get('a.io');
    assert.deepEqual(unit?.problems, []);
    assert.deepEqual(
      unit?.beside?.map(({ severity, code }) => `${severity} ${code}`),
      ['warning hosts-certificate-missing'],
    );
  });

  test('one mistake is told once, whatever each TOML reader says of it', () => {
    const content = "[host.'https://m.io']\ncapabilities = ['fetch'\n";
    for (const containerdVersion of ['1.6.20', '2.4.2', '']) {
      const desired = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } }), { containerdVersion });
      assert.equal(unitCodes(desired, 'a.io').length, 1, unitCodes(desired, 'a.io').join());
    }
  });

  test('a version that is none is not named as one', () => {
    for (const containerdVersion of ['unknown', '2']) {
      const desired = rendered('', { nodeAddresses: ['10.0.0.5'], controlPlane: ['fd00::1'], containerdVersion });
      const left = desired.problems.find(({ code }) => code === 'mirror-ipv6-left-out');
      assert.match(left?.message ?? '', /^containerd of an unknown version may ignore/);
      const wrong = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content: 'x' } }), {
        containerdVersion,
      });
      assert.match(wrong.units.get('a.io')?.problems[0]?.message ?? '', /for containerd of an unknown version:/);
    }
  });

  test('a broken certificate makes the whole registry an error', () => {
    const desired = rendered(
      withExtensions({
        a: { path: at('a.io/hosts.toml'), content: "[host.'https://m.io']\nca = 'ca.crt'\n" },
        b: { path: at('a.io/ca.crt'), content: '{{ nosuch }}' },
      }),
    );
    assert.equal(unitCodes(desired, 'a.io').includes('error template-error'), true);
  });

  test('an IPv6 node with an unknown version gets its bootstrap file', () => {
    const desired = rendered('', { nodeAddresses: ['fd00::5'], controlPlane: ['fd00::1'], containerdVersion: '' });
    assert.deepEqual(unitCodes(desired, '_default'), []);
    assert.match(fileText(desired, '_default/hosts.toml') ?? '', /fd00::5.*fd00::1/s);
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

describe('laws', () => {
  const content = fc.constantFrom(
    '',
    '# x',
    '{{ .config.node_address_ip }}',
    '{{ bad',
    "[host.'https://m.io']\n",
    '{{ .node.version }}',
    '{{ toJson . }}',
  );
  const path = fc
    .constantFrom(
      '_default/hosts.toml',
      'a.io/hosts.toml',
      'a.io/ca.crt',
      'docker.io/hosts.toml',
      'b.io:5000/hosts.toml',
    )
    .map(at);
  const handoff = fc.constantFrom('yield', 'hold', 'merge');
  const entry = fc.record({ path, content, handoff }, { requiredKeys: ['path', 'content'] });
  const config = fc.record({
    extensions: fc.dictionary(fc.string({ maxLength: 3 }), entry, { maxKeys: 5, noNullPrototype: true }),
    enabled: fc.option(fc.boolean()),
  });
  const facts = fc.record({
    nodeAddresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 2 }),
    controlPlane: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 3 }),
    runtime: fc.constantFrom('containerd', 'cri-o'),
    containerdVersion: fc.constantFrom('', '1.6.20~ds1', '1.7.28', '2.0.7', '2.4.2'),
  });

  test('the same configuration and facts give the same, whatever was rendered before', () => {
    fc.assert(
      fc.property(config, facts, facts, ({ extensions, enabled }, one, other) => {
        const text = withExtensions(extensions as Record<string, Entry>, enabled === null ? {} : spegel({ enabled }));
        const parsed = parseConfig(text, 'config.yaml');
        assert.ok(parsed.config);
        const run = prepare(parsed.config, tools);
        const first = run({ ...workerFacts, ...one });
        assert.equal(run({ ...workerFacts, ...one }), first);
        run({ ...workerFacts, ...other });
        assert.deepEqual(run({ ...workerFacts, ...one }), first);
        assert.deepEqual(rendered(text, one), first);
      }),
      { numRuns: 60 },
    );
  });

  test('the built-in file is right for every containerd and any addresses', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const desired = rendered('', given);
        assert.deepEqual(unitCodes(desired, '_default'), []);
        const urls = [...(fileText(desired, '_default/hosts.toml') ?? '').matchAll(/^\[host\.'(.*)'\]$/gm)].map(
          ([, url]) => url,
        );
        assert.equal(new Set(urls).size, urls.length);
      }),
      { numRuns: 150 },
    );
  });
});

test('500 registries are prepared once and rendered fast enough for each pass', () => {
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
