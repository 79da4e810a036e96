import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Facts, noFacts } from '../../../src/core/facts.ts';
import { type MirrorContext, mirrorsOfFile, ownPorts, uniqueMirrors } from '../../../src/core/gate/mirrors.ts';
import { createTools } from '../../../src/tools.ts';

const node = '10.0.0.5';
const facts: Facts = { ...noFacts, nodeAddresses: [node, 'fd00::5'], controlPlane: ['10.0.0.1'] };
const tools = createTools({ agentVersion: '0.0.0', object: () => undefined });
const twoPorts: MirrorContext = { facts, ports: { host: 30020, node: 30021 }, tools };
const context = (host: number, port: number): MirrorContext => ({ ...twoPorts, ports: { host, node: port } });

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const one = (url: string, options: { context?: MirrorContext; spegel?: boolean; more?: string } = {}) => {
  const place = { registry: 'a.io', beside: () => undefined, spegel: options.spegel ?? false };
  const [mirror] = mirrorsOfFile(bytesOf(`[host.'${url}']\n${options.more ?? ''}`), place, options.context ?? twoPorts);
  assert.ok(mirror, url);
  return mirror;
};

/** Each row of the table "What is asked" of docs/gate.md. */
describe('how a mirror is asked', () => {
  for (const [what, url, options, expected] of [
    ["this node's host port", `http://${node}:30020`, {}, 'local often deep kept'],
    ["this node's Service", `http://${node}:30021`, {}, 'service often deep new'],
    ['the same over IPv6', 'http://[fd00::5]:30021', {}, 'service often deep new'],
    ['loopback', 'http://127.0.0.1:30020', {}, 'local often deep kept'],
    ['another program of this node', `http://${node}:5000/v2/hub`, {}, 'local often - kept'],
    ['a control-plane node', 'http://10.0.0.1:30020', {}, 'control-plane seldom - new'],
    ['a foreign mirror', 'https://harbor.example', {}, 'foreign seldom - new'],
    ["a foreign mirror of Spegel's file", 'https://harbor.example', { spegel: true }, 'foreign often deep new'],
    [
      'ports that the chart moves, the host port',
      `http://${node}:31000`,
      { context: context(31000, 31001) },
      'local often deep kept',
    ],
    [
      'ports that the chart moves, the Service',
      `http://${node}:31001`,
      { context: context(31000, 31001) },
      'service often deep new',
    ],
    [
      "the document's port as host port",
      `http://${node}:30021`,
      { context: context(30021, 30022) },
      'local often deep kept',
    ],
    [
      'one port for all, which is the Service',
      `http://${node}:30020`,
      { context: context(30020, 30020) },
      'local often deep new',
    ],
    ['the Service alone', `http://${node}:30021`, { context: context(30021, 30021) }, 'service often deep new'],
  ] as const) {
    it(`${what}: ${expected}`, () => {
      const { role, near, deep, onePod } = one(url, options);
      const words = [role, near ? 'often' : 'seldom', deep ? 'deep' : '-', onePod ? 'kept' : 'new'];
      assert.equal(words.join(' '), expected);
    });
  }

  for (const { ports } of [twoPorts, context(31000, 31001), context(30020, 30020), context(30021, 30021)]) {
    it(`watches 30020 and 30021 in a file or not, as the same mirrors that a file names: ${JSON.stringify(ports)}`, () => {
      const here = { ...twoPorts, ports };
      const own = ownPorts(here);
      for (const port of [30020, 30021, ports.host, ports.node]) {
        const watched = own.filter((mirror) => mirror.port === port);
        assert.equal(watched.length, 1, String(port));
        const named = one(`http://${node}:${port}`, { context: here });
        assert.deepEqual({ ...named, registries: [] }, watched[0]);
      }
    });
  }

  it('is one mirror where several files name it, asked as the most demanding of them wants', () => {
    const url = 'https://harbor.example';
    const [mirror, ...others] = uniqueMirrors([one(url), { ...one(url, { spegel: true }), registries: ['b.io'] }]);
    assert.deepEqual(others, []);
    assert.deepEqual([mirror?.near, mirror?.deep, mirror?.registries], [true, true, ['a.io', 'b.io']]);
    const header = one(url, { more: "header = { authorization = 'Basic c2VjcmV0' }\n" });
    assert.equal(uniqueMirrors([one(url), header]).length, 2);
    assert.doesNotMatch(header.key, /c2VjcmV0/);
  });
});
