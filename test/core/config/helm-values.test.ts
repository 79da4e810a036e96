import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/core/config/config.ts';
import type { ChartValues } from '../../../src/core/config/helm-values-chart.ts';
import { registryUrl } from '../../../src/core/config/helm-values-url.ts';
import { codes } from './config-cases.ts';

const parse = (values: unknown, layout = 'auto'): ReturnType<typeof parseConfig> =>
  parseConfig(
    JSON.stringify({ cluster: { addon: { spegel: { helm_values: values } } }, handspegel: { spegel: { layout } } }),
    'c.yaml',
  );

const chart = (values: unknown, layout = 'auto'): ChartValues => {
  const { config, problems } = parse(values, layout);
  assert.ok(config, JSON.stringify(problems));
  return config.chart;
};

const registry = (values: object): unknown => ({ service: { registry: values } });

test("no values are the chart's defaults", () => {
  for (const values of [undefined, null, {}, '', '# nothing', '{}']) {
    assert.deepEqual(chart(values), {
      ports: { layout: 'two-ports', host: 30_020, node: 30_021 },
      nodeIp: undefined,
      containerdMirrorAdd: true,
      containerdRegistryConfigPath: undefined,
      resolveTags: true,
      mirroredRegistries: [],
      additionalMirrorTargets: [],
      prependExisting: false,
      basicAuthSecretName: '',
    });
  }
});

test('a map and a string with the same values say the same', () => {
  const values = {
    basicAuthSecretName: 's',
    service: { registry: { hostPort: 1, nodePort: 2, nodeIp: 'FD00::5' } },
    spegel: {
      containerdMirrorAdd: false,
      containerdRegistryConfigPath: '/srv/certs.d',
      resolveTags: false,
      mirroredRegistries: ['https://docker.io', '*', 'HTTP://reg.io:5000'],
      additionalMirrorTargets: ['https://harbor.example.com'],
      prependExisting: true,
    },
  };
  assert.deepEqual(chart(values), chart(JSON.stringify(values)));
  assert.deepEqual(chart(values), {
    ports: { layout: 'two-ports', host: 1, node: 2 },
    nodeIp: 'fd00::5',
    containerdMirrorAdd: false,
    containerdRegistryConfigPath: '/srv/certs.d',
    resolveTags: false,
    mirroredRegistries: ['https://docker.io', '_default', 'http://reg.io:5000'],
    additionalMirrorTargets: ['https://harbor.example.com'],
    prependExisting: true,
    basicAuthSecretName: 's',
  });
});

test('the layout of the ports is told from the values, or given', () => {
  const layout = (values: object, setting = 'auto'): string => {
    const { ports } = chart(registry(values), setting);
    return `${ports.layout} ${ports.host} ${ports.node}`;
  };
  assert.equal(layout({}), 'two-ports 30020 30021');
  assert.equal(layout({ nodePort: 31_000 }), 'two-ports 30020 31000');
  assert.equal(layout({ nodePort: 30_020 }), 'single-port 30020 30020');
  assert.equal(layout({ internalTrafficLocal: false }), 'single-port 30020 30020');
  assert.equal(layout({ internalTrafficLocal: true, nodePort: 31_000 }), 'single-port 31000 31000');
  assert.equal(layout({ internalTrafficLocal: true, hostPort: 30_020 }), 'two-ports 30020 30021');
  assert.equal(layout({ usePreferSameNodeTrafficDistribution: true }), 'same-node 30021 30021');
  assert.equal(layout({ usePreferSameNodeTrafficDistribution: true }, 'single-port'), 'single-port 30020 30020');
  assert.equal(layout({}, 'single-port'), 'single-port 30020 30020');
  assert.equal(layout({ nodePort: 30_020 }, 'two-ports'), 'two-ports 30020 30020');
  assert.equal(chart('service: {registry: {hostPort: null}}').ports.layout, 'single-port');
  assert.equal(chart(registry({ hostPort: null })).ports.layout, 'two-ports');
});

test("two equal ports in two roles are said: containerd would ignore Spegel's file", () => {
  assert.deepEqual(codes(parse(registry({ hostPort: 30_020, nodePort: 30_020 })).problems), [
    'warning helm-values-value',
  ]);
});

test('null in a string unsets a default, as Helm does, and is an error where the chart would fail', () => {
  assert.equal(chart('spegel: {containerdMirrorAdd: null}').containerdMirrorAdd, false);
  assert.equal(chart('basicAuthSecretName: null').basicAuthSecretName, '');
  assert.deepEqual(chart('spegel: {mirroredRegistries: null}').mirroredRegistries, []);
  assert.equal(chart('service: {registry: {nodeIp: null}}').nodeIp, undefined);
  for (const text of [
    'spegel: null',
    'spegel: {resolveTags: null}',
    'spegel: {prependExisting: null}',
    'spegel: {containerdRegistryConfigPath: null}',
    'service: null',
    'service: {registry: {nodePort: null}}',
    'spegel: {mirroredRegistries: [null]}',
  ]) {
    assert.equal(parse(text).config, undefined, text);
  }
});

test('null in a map is dropped with one warning that names the string form; in a list it stays', () => {
  const { config, problems } = parse({
    a: null,
    spegel: { containerdMirrorAdd: null },
    tolerations: [null, { key: null }],
  });
  assert.deepEqual(config?.helmValues, { spegel: {}, tolerations: [null, {}] });
  assert.deepEqual(codes(problems), ['warning helm-values-null']);
  assert.match(problems[0]?.hint ?? '', /as a string: `helm_values: \|`/);
  assert.equal(config?.chart.containerdMirrorAdd, true);
});

test('what Helm renders right in spite of its type is a warning, the rest an error', () => {
  const fine = parse({ service: { registry: { hostPort: '31000' } }, spegel: { resolveTags: 'false' } });
  assert.equal(fine.config?.chart.ports.host, 31_000);
  assert.equal(fine.config?.chart.resolveTags, false);
  assert.deepEqual(codes(fine.problems), ['warning helm-values-type', 'warning helm-values-type']);
  for (const values of [
    registry({ hostPort: true }),
    registry({ hostPort: 1.5 }),
    registry({ nodePort: 0 }),
    registry({ nodePort: 'x' }),
    registry({ nodeIp: 5 }),
    registry({ usePreferSameNodeTrafficDistribution: 'yes' }),
    { service: 5 },
    { service: { registry: [] } },
    { spegel: 'x' },
    { spegel: { containerdMirrorAdd: 'false' } },
    { spegel: { resolveTags: 1 } },
    { spegel: { prependExisting: 'yes' } },
    { spegel: { mirroredRegistries: 'https://docker.io' } },
    { spegel: { mirroredRegistries: [5] } },
    { spegel: { mirroredRegistries: ['*', '_default'] } },
    { spegel: { additionalMirrorTargets: ['*'] } },
    { spegel: { additionalMirrorTargets: { a: 1 } } },
    { spegel: { containerdRegistryConfigPath: 'certs.d' } },
    { spegel: { containerdRegistryConfigPath: '/etc/../certs.d' } },
    { basicAuthSecretName: 5 },
    [],
    5,
    'just words',
  ]) {
    assert.equal(parse(values).config, undefined, JSON.stringify(values));
  }
});

test('a registry or mirror is scheme, host and perhaps a port', () => {
  for (const text of [
    'https://docker.io',
    'http://10.0.0.1:5000',
    'https://[fd00::1]:5000',
    'https://localhost',
    'http://my_registry:5000',
  ]) {
    assert.ok(registryUrl(text).ok, text);
  }
  for (const text of [
    'docker.io',
    'https://',
    'ftp://a.io',
    'https://a.io/',
    'https://a.io/v2',
    'https://a.io?x',
    'https://a.io#x',
    'https://u:p@a.io',
    'https://a.io:',
    'https://fd00::1',
    "https://a'.io",
    'https://a.io:0',
    'https://a b',
  ]) {
    assert.ok(!registryUrl(text).ok, text);
  }
});

test('a problem in a string of values stands in the line of the file', () => {
  const text = [
    'cluster:',
    '  addon:',
    '    spegel:',
    '      helm_values: |',
    '        spegel:',
    '          resolveTags: 5',
    '',
  ].join('\n');
  const [problem] = parseConfig(text, 'c.yaml').problems;
  assert.deepEqual(
    [problem?.line, problem?.column, problem?.path],
    [6, 24, 'cluster.addon.spegel.helm_values.spegel.resolveTags'],
  );
  const broken = parseConfig(text.replace('5', '[5'), 'c.yaml').problems[0];
  assert.deepEqual([broken?.code, broken?.path], ['helm-values-syntax', 'cluster.addon.spegel.helm_values']);
  assert.match(broken?.message ?? '', /^line 3 of the string/);
});

test('old names of values count where the new ones are absent', () => {
  const old = { registries: ['https://a.io'], additionalMirrorRegistries: ['https://m.io'], appendMirrors: true };
  const { mirroredRegistries, additionalMirrorTargets, prependExisting } = chart({ spegel: old });
  assert.deepEqual(
    [mirroredRegistries, additionalMirrorTargets, prependExisting],
    [['https://a.io'], ['https://m.io'], true],
  );
  assert.deepEqual(chart({ spegel: { ...old, mirroredRegistries: [] } }).mirroredRegistries, []);
});
