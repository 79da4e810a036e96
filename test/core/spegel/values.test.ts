import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/core/config/config.ts';
import { defaultCertsDir } from '../../../src/core/config/settings-certs-dir.ts';
import { printYaml } from '../../../src/core/spegel/print-yaml.ts';
import { hasNull, spegelValues } from '../../../src/core/spegel/values.ts';

const document = (name: string): string =>
  readFileSync(new URL(`../../document/${name}.yaml`, import.meta.url), 'utf8');

const valuesOf = (text: string, certsDir = defaultCertsDir) => {
  const { config, problems } = parseConfig(text, 'config.yaml');
  assert.ok(config !== undefined, JSON.stringify(problems));
  return spegelValues(config, certsDir);
};
const helmValues = (text: string): string =>
  `cluster:\n  addon:\n    spegel:\n      helm_values:${text.startsWith('|') ? ' ' : '\n'}${text}`;

describe("the values of Spegel's chart", () => {
  it('agree with what the agent writes, when nothing is configured', () => {
    assert.deepEqual(valuesOf(''), {
      service: { registry: { hostPort: 30020, nodePort: 30021 } },
      spegel: { containerdMirrorAdd: true, containerdRegistryConfigPath: '/etc/containerd/certs.d' },
    });
  });

  it('take helm_values over ours: the example of a map, whose filters reach the place where charts read them', () => {
    const filters = ['.*:latest$', '^docker\\\\.io/', '^ghcr\\\\.io/'];
    const { spegel, registryFilters } = valuesOf(document('02-helm-values-map'));
    assert.deepEqual(registryFilters, filters);
    assert.deepEqual(spegel, {
      containerdMirrorAdd: true,
      containerdRegistryConfigPath: '/etc/containerd/certs.d',
      registryFilters: filters,
    });
    const below = helmValues('        registryFilters: [a]\n        spegel: {registryFilters: [b]}\n');
    assert.deepEqual((valuesOf(below)['spegel'] as { registryFilters: unknown }).registryFilters, ['b']);
  });

  it('keep the nulls of a string: the example that unsets the memory', () => {
    const values = valuesOf(document('03-helm-values-string'));
    assert.deepEqual(values['resources'], { limits: { memory: null }, requests: { memory: null } });
    assert.ok(hasNull(values));
    assert.match(printYaml(values), /requests:\n {4}memory: null\n/);
  });

  it('drop the nulls of a map', () => {
    const values = valuesOf(helmValues('        resources: {requests: {memory: null, cpu: 5m}}\n'));
    assert.deepEqual(values['resources'], { requests: { cpu: '5m' } });
    assert.ok(!hasNull(values));
  });

  it("switch Spegel's own files off: the example of registry-specific files", () => {
    assert.deepEqual(valuesOf(document('08-specific-registries'))['spegel'], {
      containerdMirrorAdd: false,
      containerdRegistryConfigPath: '/etc/containerd/certs.d',
    });
  });

  it('have one port for a chart that has one', () => {
    const values = valuesOf('handspegel: {spegel: {layout: single-port}}\n');
    assert.deepEqual(values['service'], { registry: { nodePort: 30020 } });
    const unset = helmValues('|\n        service: {registry: {hostPort: null}}\n');
    assert.deepEqual(valuesOf(unset)['service'], { registry: { hostPort: null, nodePort: 30020 } });
  });

  it("name the distribution's places", () => {
    const k3s = '/var/lib/rancher/k3s/agent/etc/containerd/certs.d';
    assert.deepEqual(valuesOf('handspegel: {certsDir: {preset: k3s}}\n', k3s)['spegel'], {
      containerdContentPath: '/var/lib/rancher/k3s/agent/containerd/io.containerd.content.v1.content',
      containerdMirrorAdd: true,
      containerdRegistryConfigPath: k3s,
      containerdSock: '/run/k3s/containerd/containerd.sock',
    });
  });

  it('are printed so that YAML 1.1, which Helm reads, sees the same', () => {
    const text = helmValues(
      `        a: 'yes'\n        b: 'on'\n        c: '0x10'\n        d: '1e3'\n        e: 'null'\n        f: '012'\n`,
    );
    const values = valuesOf(text);
    const read = parse(printYaml(values), { version: '1.1' }) as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      [read['a'], read['b'], read['c'], read['d'], read['e'], read['f']],
      ['yes', 'on', '0x10', '1e3', 'null', '012'],
    );
    assert.deepEqual(parse(printYaml(values)), values);
  });
});
