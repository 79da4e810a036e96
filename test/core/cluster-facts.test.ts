import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controlPlaneOfSlices, factsOfNode } from '../../src/core/cluster-facts.ts';
import { combineFacts } from '../../src/inputs.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const nodeOf = (runtime: string, names: readonly string[] = []) => ({
  metadata: { name: 'n1', labels: { zone: 'a', odd: 1 } },
  status: { nodeInfo: { containerRuntimeVersion: runtime }, images: [{ names }] },
});

describe('what a Node object tells', () => {
  it('runtime, version and labels', () => {
    assert.deepEqual(factsOfNode(nodeOf('containerd://1.6.20~ds1')), {
      runtime: 'containerd',
      containerdVersion: '1.6.20~ds1',
      labels: { zone: 'a' },
      heldImages: [],
    });
    assert.deepEqual(factsOfNode(nodeOf('cri-o://1.30.2')), {
      runtime: 'cri-o',
      labels: { zone: 'a' },
      heldImages: [],
    });
  });

  it('images by digest only, at most 20, with their registry', () => {
    const names = [
      `docker.io/library/nginx@${digest}`,
      'docker.io/library/nginx:1.29',
      `172.30.0.1:5000/a/b@${digest}`,
      `localhost/x@${digest}`,
      `noregistry/x@${digest}`,
      'evil/../x@sha256:12',
    ];
    assert.deepEqual(factsOfNode(nodeOf('containerd://2.4.2', names)).heldImages, [
      { registry: 'docker.io', repository: 'library/nginx', digest },
      { registry: '172.30.0.1:5000', repository: 'a/b', digest },
      { registry: 'localhost', repository: 'x', digest },
    ]);
    const many = Array.from({ length: 50 }, (_, i) => `docker.io/x${i}@${digest}`);
    assert.equal(factsOfNode(nodeOf('containerd://2.4.2', many)).heldImages?.length, 20);
  });

  for (const odd of [
    undefined,
    null,
    [],
    'x',
    {},
    { status: 1 },
    { status: { nodeInfo: null, images: [null, { names: 'x' }] } },
  ]) {
    it(`nothing is learned of ${JSON.stringify(odd)}`, () => {
      assert.deepEqual(factsOfNode(odd), { labels: {}, heldImages: [] });
    });
  }
});

describe('what EndpointSlices tell', () => {
  const slice = (addressType: string, ...endpoints: readonly unknown[]) => ({ addressType, endpoints });

  it('addresses of both families, each once, without those that are not ready and names', () => {
    const slices = {
      items: [
        slice(
          'IPv4',
          { addresses: ['10.0.0.1', '10.0.0.2'] },
          { addresses: ['10.0.0.3'], conditions: { ready: false } },
        ),
        slice('IPv4', { addresses: ['10.0.0.1'], conditions: { ready: true } }),
        slice('IPv6', { addresses: ['fd00::1'] }),
        slice('FQDN', { addresses: ['api.example.com'] }),
      ],
    };
    assert.deepEqual(controlPlaneOfSlices(slices), ['10.0.0.1', '10.0.0.2', 'fd00::1']);
    for (const odd of [undefined, {}, { items: 1 }, { items: [null] }]) assert.deepEqual(controlPlaneOfSlices(odd), []);
  });
});

describe('which facts count', () => {
  const given = { nodeAddresses: ['10.0.0.5'], controlPlane: [], secrets: {} };
  const seen = { nodeAddresses: ['10.0.0.5'] };
  const remembered = {
    nodeAddresses: [],
    controlPlane: ['10.0.0.9'],
    labels: { old: 'yes' },
    runtime: 'containerd',
    containerdVersion: '1.7.8',
  };

  it('given before learned, learned before remembered', () => {
    const learned = { runtime: 'containerd', containerdVersion: '2.4.2', controlPlane: ['10.0.0.1'], labels: {} };
    const facts = combineFacts(given, seen, remembered, learned);
    assert.deepEqual([facts.containerdVersion, facts.controlPlane, facts.labels], ['2.4.2', ['10.0.0.1'], {}]);
    assert.equal(
      combineFacts({ ...given, containerdVersion: '1.6.20' }, seen, remembered, learned).containerdVersion,
      '1.6.20',
    );
    assert.deepEqual(combineFacts(given, seen, remembered).controlPlane, ['10.0.0.9']);
    assert.equal(combineFacts(given, seen, remembered).containerdVersion, '1.7.8');
  });

  it('the version of another runtime is forgotten', () => {
    const facts = combineFacts(given, seen, remembered, { runtime: 'cri-o' });
    assert.equal(facts.runtime, 'cri-o');
    assert.equal(facts.containerdVersion, undefined);
  });
});
