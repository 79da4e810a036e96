import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codes, rendered } from './config-cases.ts';
import { at, policies, spegel, withExtensions } from './documents.ts';

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
