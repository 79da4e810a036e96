import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/core/config/config.ts';
import { awayFrom, namesKeptOut } from '../../../src/core/spegel/affinity.ts';
import { type ClusterNode, chooseSpegel } from '../../../src/core/spegel/choice.ts';

const choose = (config: string, nodes: readonly ClusterNode[] | undefined) => {
  const parsed = parseConfig(config, 'config.yaml').config;
  assert.ok(parsed !== undefined);
  return chooseSpegel(parsed, nodes);
};
const linux = { 'kubernetes.io/os': 'linux' };
const node = (
  name: string,
  runtime: string | undefined,
  labels: Readonly<Record<string, string>> = {},
): ClusterNode => ({
  name,
  runtime,
  labels: { ...linux, ...labels },
});
const enabled = (value: boolean): string => `cluster: {addon: {spegel: {enabled: ${value}}}}\n`;
const mixed = [node('a', 'containerd'), node('b', 'cri-o'), node('c', undefined), node('d', 'docker')];

describe('whether Spegel is to be there', () => {
  it('is yes by default, and on nodes with containerd or an unknown runtime alone; the others are named', () => {
    const { wanted, by, nodes, keptOut, reason } = choose('', mixed);
    assert.deepEqual(
      { wanted, by, nodes, keptOut },
      { wanted: true, by: 'nodes', nodes: ['a', 'c'], keptOut: ['b', 'd'] },
    );
    assert.equal(reason, '2 nodes run containerd: a, c; kept out by node affinity: b (cri-o), d (docker)');
  });

  it('is no where no node runs containerd, and says which', () => {
    const { wanted, by, reason } = choose('', [node('b', 'cri-o')]);
    assert.deepEqual([wanted, by, reason], [false, 'nodes', 'no node runs containerd: b (cri-o)']);
  });

  it('is what enabled says, whatever the nodes run; those where Spegel cannot start are a warning', () => {
    assert.equal(choose(enabled(false), mixed).wanted, false);
    const { wanted, keptOut, problems } = choose(enabled(true), mixed);
    assert.deepEqual([wanted, keptOut], [true, []]);
    assert.match(
      problems.map(({ code, message }) => `${code} ${message}`).join(),
      /^spegel-other-runtime .* b \(cri-o\), d \(docker\)$/,
    );
    assert.deepEqual(choose(enabled(true), [node('a', 'containerd')]).problems, []);
  });

  it('is decided by the nodes that the chart lets it onto', () => {
    const windows = { name: 'w', runtime: 'docker', labels: { 'kubernetes.io/os': 'windows' } };
    assert.deepEqual(choose('', [node('a', 'containerd'), windows]).keptOut, []);
    const selector = 'cluster: {addon: {spegel: {helm_values: {nodeSelector: {pool: x}}}}}\n';
    const nodes = [node('a', 'containerd', { pool: 'x' }), node('b', 'cri-o'), node('c', 'cri-o', { pool: 'x' })];
    assert.deepEqual(choose(selector, nodes).keptOut, ['c']);
  });

  it('is yes while there are no nodes, or nobody looked', () => {
    assert.equal(choose('', []).wanted, true);
    assert.equal(choose('', undefined).wanted, true);
  });

  it('names ten nodes at most, and how many more', () => {
    const many = Array.from({ length: 12 }, (_, i) => node(`n${i}`, 'containerd'));
    assert.match(choose('', many).reason, /^12 nodes run containerd: n0, .*n9 and 2 more$/);
  });
});

describe('the affinity that keeps nodes out', () => {
  it('excludes each by its name, in every term that was given', () => {
    const pool = { matchExpressions: [{ key: 'pool', operator: 'Exists' }] };
    const zone = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['z'] }] };
    const required = 'requiredDuringSchedulingIgnoredDuringExecution';
    const given = { podAffinity: {}, nodeAffinity: { [required]: { nodeSelectorTerms: [pool, zone] } } };
    const not = (name: string) => ({ key: 'metadata.name', operator: 'NotIn', values: [name] });
    assert.deepEqual(awayFrom(['a', 'b'], given), {
      podAffinity: {},
      nodeAffinity: {
        [required]: {
          nodeSelectorTerms: [
            { ...pool, matchFields: [not('a'), not('b')] },
            { matchFields: [...zone.matchFields, not('a'), not('b')] },
          ],
        },
      },
    });
    assert.deepEqual(namesKeptOut(awayFrom(['a', 'b'], given)), ['a', 'b']);
    assert.deepEqual(namesKeptOut(awayFrom(['a'], undefined)), ['a']);
    assert.deepEqual(namesKeptOut(undefined), []);
  });
});
