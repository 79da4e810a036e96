import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../../src/core/config/config.ts';
import { prepare } from '../../../src/core/config/render.ts';
import { fileText, rendered, tools, workerFacts } from './config-cases.ts';
import { at, type Entry, spegel, unitCodes, withExtensions } from './documents.ts';

describe('laws of rendering', () => {
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
