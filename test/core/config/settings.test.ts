import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultTemplate } from '../../../src/core/config/builtin.ts';
import { parseConfig } from '../../../src/core/config/config.ts';
import { defaultSettings, type Settings } from '../../../src/core/config/settings.ts';
import { certsDirPresets, chooseCertsDir, presetCertsDir } from '../../../src/core/config/settings-certs-dir.ts';
import { formatDuration, parseDuration } from '../../../src/core/config/settings-duration.ts';
import { parseListen } from '../../../src/core/config/settings-listen.ts';
import { isCidr, isHostPattern } from '../../../src/core/config/settings-policy.ts';

const settingsOf = (value: unknown): Settings => {
  const { config, problems } = parseConfig(JSON.stringify({ handspegel: value }), 'c.yaml');
  assert.ok(config, JSON.stringify(problems));
  return config.settings;
};

test('every setting is read', () => {
  const given = {
    controlPlane: { addresses: ['10.0.0.1', 'fd00::1', 'master.example.com'] },
    probe: { interval: '1s', timeout: '500ms', deepInterval: '1m30s', remoteInterval: '2m' },
    gate: 'observe',
    handoff: { orphanAfter: '1h' },
    preserve: false,
    deadlyFiles: 'quarantine',
    policy: { mirrors: { cidrs: ['10.0.0.0/8'], hosts: ['*.example.com'], schemes: ['https'] } },
    certsDir: { preset: 'k3s' },
    spegel: { layout: 'single-port' },
    server: { listen: ':9000', adminListen: '[::1]:9001' },
    onTermination: 'release',
    missingKey: 'zero',
    release: true,
  };
  assert.deepEqual(Object.keys(given), Object.keys(defaultSettings));
  assert.deepEqual(settingsOf(given), {
    ...given,
    probe: { interval: 1000, timeout: 500, deepInterval: 90_000, remoteInterval: 120_000 },
    handoff: { orphanAfter: 3_600_000 },
    server: { listen: { host: undefined, port: 9000 }, adminListen: { host: '::1', port: 9001 } },
  });
});

test('a setting that is null or absent has its default', () => {
  const nulls = Object.fromEntries(Object.keys(defaultSettings).map((key) => [key, null]));
  assert.deepEqual(settingsOf(nulls), defaultSettings);
  assert.deepEqual(settingsOf({ probe: { interval: null }, server: {} }), defaultSettings);
});

test("durations are Go's", () => {
  const cases: [string, number | undefined][] = [
    ['5s', 5000],
    ['200ms', 200],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1h2m3s4ms', 3_723_004],
    ['1us', 0.001],
    ['0', 0],
    ['', undefined],
    ['5', undefined],
    ['1d', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['s', undefined],
    ['1s1', undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (ms) =>
      assert.ok(Math.abs((parseDuration(formatDuration(ms)) ?? 0) - ms) < 1e-3),
    ),
  );
});

test('an address to listen on has a port and perhaps a host', () => {
  assert.deepEqual(parseListen(':9847'), { host: undefined, port: 9847 });
  assert.deepEqual(parseListen('127.0.0.1:0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(parseListen('[FD00::0]:1'), { host: 'fd00::', port: 1 });
  for (const text of ['9847', 'a', 'a:', ':99999', '::1:80', '[::1]', '10.0.0.1:x', ' :1'])
    assert.equal(parseListen(text), undefined, text);
});

test('policies know networks and host patterns', () => {
  for (const text of ['10.0.0.0/8', '0.0.0.0/0', 'fd00::/8', '::/0']) assert.ok(isCidr(text), text);
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'a.io/8', '10.0.0.0/8/8', '/8'])
    assert.ok(!isCidr(text), text);
  for (const text of ['a.io', '*.a.io', '10.0.0.1']) assert.ok(isHostPattern(text), text);
  for (const text of ['', '*', 'a*.io', '*.*.io', 'https://a.io', 'a.io:80']) assert.ok(!isHostPattern(text), text);
});

test('certs.d is where the flag says, then the preset, then the chart, and a difference is said', () => {
  assert.deepEqual(chooseCertsDir({}), { path: '/etc/containerd/certs.d', source: 'default', problems: [] });
  const all = chooseCertsDir({ flag: '/srv/certs.d/', preset: 'k3s', helmValues: '/srv/certs.d' });
  assert.equal(all.path, '/srv/certs.d');
  assert.equal(all.problems.length, 1);
  assert.match(all.problems[0]?.message ?? '', /handspegel\.certsDir\.preset says \/var\/lib\/rancher\/k3s/);
  assert.equal(chooseCertsDir({ preset: 'talos', helmValues: '/etc/cri/conf.d/hosts/' }).problems.length, 0);
  assert.equal(chooseCertsDir({ helmValues: '/x' }).source, 'helm_values');
});

test('docs/configuration.md names every setting with its default, and every preset', () => {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const keys = (value: object, prefix: string): string[] =>
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) && key !== 'listen' && key !== 'adminListen'
        ? keys(inner, `${prefix}${key}.`)
        : [`${prefix}${key}`],
    );
  for (const key of keys(defaultSettings, '')) assert.ok(text.includes(`\`${key}\``), key);
  for (const preset of certsDirPresets) {
    assert.ok(text.includes(`\`${preset}\``), preset);
    assert.ok(text.includes(presetCertsDir(preset)), preset);
  }
  for (const duration of [5000, 1000, 60_000, 600_000]) assert.ok(text.includes(`\`${formatDuration(duration)}\``));
});

test('the examples of docs/configuration.md are configurations, and its template is the built-in one', () => {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const blocks = (language: string): string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, body]) => body ?? '');
  assert.ok(blocks('yaml').length > 0);
  for (const yaml of blocks('yaml')) assert.deepEqual(parseConfig(yaml, 'docs').problems, []);
  assert.deepEqual(blocks('gotemplate'), [defaultTemplate]);
});
