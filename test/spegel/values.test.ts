import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanupCommand, configurationCommand } from '../support/spegel/binary.ts';
import type { Family } from '../support/spegel/families.ts';
import { chartArguments, mergeValues, type Values } from '../support/spegel/values.ts';

const targets = (family: Family, values: Values): readonly string[] =>
  chartArguments(family, values, '10.0.0.1').mirrorTargets;

test('the targets of each chart', () => {
  const both = ['http://10.0.0.1:30020', 'http://10.0.0.1:30021'];
  const sameNode = { service: { registry: { usePreferSameNodeTrafficDistribution: true } } };
  assert.deepEqual(targets('v0.2', {}), both);
  assert.deepEqual(targets('v0.4', {}), both);
  assert.deepEqual(targets('v0.4', sameNode), both, 'the value is unknown before v0.5.0');
  assert.deepEqual(targets('v0.5', sameNode), ['http://10.0.0.1:30021']);
  assert.deepEqual(targets('v0.7', sameNode), ['http://10.0.0.1:30021']);
  assert.deepEqual(targets('main', {}), ['http://10.0.0.1:30020']);
  assert.deepEqual(targets('main', { service: { registry: { internalTrafficLocal: true, hostPort: 1 } } }), [
    'http://10.0.0.1:30020',
  ]);
});

test('ports, node address and additional targets come from the values', () => {
  const values = {
    service: { registry: { hostPort: 31000, nodePort: 31001, nodeIp: '192.168.0.7' } },
    spegel: { additionalMirrorTargets: ['https://mirror.example'] },
  };
  assert.deepEqual(targets('v0.4', values), [
    'http://192.168.0.7:31000',
    'http://192.168.0.7:31001',
    'https://mirror.example',
  ]);
  assert.deepEqual(targets('v0.0.23', values), ['http://10.0.0.1:31000', 'http://10.0.0.1:31001']);
});

test('helm merges maps, replaces lists and drops what is null', () => {
  const defaults = { a: { b: 1, c: [1, 2] }, d: 'x' };
  assert.deepEqual(mergeValues(defaults, { a: { c: [3] }, d: null, e: 2 }), { a: { b: 1, c: [3] }, e: 2 });
  const noHostPort = { service: { registry: { hostPort: null, usePreferSameNodeTrafficDistribution: true } } };
  assert.deepEqual(targets('v0.7', noHostPort), ['http://10.0.0.1:30021']);
  assert.throws(() => targets('v0.4', noHostPort), /null port/);
  assert.throws(() => chartArguments('v0.4', { spegel: { resolveTags: 'no' } }, '10.0.0.1'), /invalid syntax/);
  const unset = chartArguments('v0.4', { spegel: { resolveTags: null, prependExisting: null } }, '10.0.0.1');
  assert.deepEqual([unset.resolveTags, unset.prependExisting], [true, true], 'a flag without value is true');
});

test('the command lines are those of the chart', () => {
  const values = { spegel: { mirroredRegistries: ['https://quay.io'], registries: ['https://ghcr.io'] } };
  assert.deepEqual(configurationCommand('main', chartArguments('main', values, '10.0.0.1')), [
    'configuration',
    '--log-level=INFO',
    '--containerd-registry-config-path=/etc/containerd/certs.d',
    '--mirrored-registries',
    'https://quay.io',
    '--mirror-targets',
    'http://10.0.0.1:30020',
    '--resolve-tags=true',
    '--prepend-existing=false',
  ]);
  assert.deepEqual(configurationCommand('v0.0.30', chartArguments('v0.0.30', values, '10.0.0.1')), [
    'configuration',
    '--log-level=INFO',
    '--containerd-registry-config-path=/etc/containerd/certs.d',
    '--registries',
    'https://ghcr.io',
    '--mirror-registries',
    'http://10.0.0.1:30020',
    'http://10.0.0.1:30021',
    '--resolve-tags=true',
    '--append-mirrors=false',
  ]);
  assert.deepEqual(cleanupCommand('/x'), ['cleanup', '--containerd-registry-config-path=/x', '--addr=127.0.0.1:0']);
});
