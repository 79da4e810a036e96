import { test } from 'node:test';
import { agree, nested } from './schema-agreement.ts';

const leaves: Readonly<Record<string, readonly unknown[]>> = {
  basicAuthSecretName: ['', 'mirror'],
  'service.registry.hostPort': [
    1,
    30_020,
    65_535,
    65_536,
    0,
    -1,
    1.5,
    1e300,
    '31000',
    '00001',
    '0',
    '65536',
    '030020',
    'x',
  ],
  'service.registry.nodePort': [30_021, '30021', true, ''],
  'service.registry.nodeIp': [
    '',
    '10.0.0.5',
    'fd00::5',
    '[fd00::5]',
    'node-1',
    'http://a',
    '10.0.0.5:1',
    'a b',
    '1.2.3',
  ],
  'service.registry.usePreferSameNodeTrafficDistribution': [true, false, 'true', 0],
  'service.registry.internalTrafficLocal': [true, false, 'false'],
  'spegel.containerdMirrorAdd': [true, false, 'false', 1],
  'spegel.containerdRegistryConfigPath': [
    '/etc/containerd/certs.d',
    '/a/..b',
    'certs.d',
    '/a/../b',
    '/..',
    '/a\nb',
    '',
  ],
  'spegel.resolveTags': [true, false, 'true', 'false', 'True', 'no', 0],
  'spegel.prependExisting': [true, 'false', 'yes'],
  'spegel.appendMirrors': [true, 'yes'],
  ...Object.fromEntries(
    ['mirroredRegistries', 'registries', 'additionalMirrorTargets', 'additionalMirrorRegistries'].map((name) => [
      `spegel.${name}`,
      [
        [],
        ['_default'],
        ['*'],
        ['*', '_default'],
        ['https://docker.io', '*', 'HTTP://reg.io:5000'],
        ...[
          'http://10.0.0.1:5000',
          'https://[fd00::1]:5000',
          'https://[fd00::1]',
          'https://[10.0.0.1]',
          'http://my_registry:5000',
          'https://a.io.',
          'https://localhost',
          'https://a.io/',
          'https://a.io/v2',
          'https://a.io?x',
          'https://u:p@a.io',
          'https://a.io:',
          'https://a.io:0',
          'https://a.io:00080',
          'https://a.io:65535',
          'https://a.io:65536',
          'https://fd00::1',
          'https://a b',
          'https://-a',
          `https://${'a'.repeat(253)}`,
          `https://${'a'.repeat(254)}`,
          'ftp://a.io',
          'docker.io',
          'https://',
          '',
        ].map((url) => [url]),
        [5],
        [null],
        'https://docker.io',
      ],
    ]),
  ),
};

const withValues = (helm_values: unknown): unknown => ({ cluster: { addon: { spegel: { helm_values } } } });

for (const [path, values] of Object.entries(leaves)) {
  test(`schema and parser agree on helm_values.${path}`, async () => {
    for (const value of [...values, null, {}, [], 'x', 7]) await agree(withValues(nested(path, value)));
  });
}

test('schema and parser agree on tables of values that are none, and on values that nobody reads', async () => {
  for (const path of ['service', 'service.registry', 'spegel']) {
    for (const value of [null, {}, [], 'x', 7, true]) await agree(withValues(nested(path, value)));
  }
  for (const path of [
    'resources.limits.memory',
    'spegel.logLevel',
    'service.registry.port',
    'image',
    'spegle.resolveTags',
  ])
    for (const value of [null, {}, [], 'x', 7]) await agree(withValues(nested(path, value)));
});

test('schema and parser agree on old names of values beside the new ones', async () => {
  for (const now of [undefined, null, [], ['https://docker.io'], ['x']]) {
    for (const old of [null, [], ['https://quay.io'], ['y'], 'y']) {
      const given = now === undefined ? {} : { mirroredRegistries: now };
      await agree(withValues({ spegel: { ...given, registries: old } }));
    }
  }
});
