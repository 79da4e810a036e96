import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { judgeHostsFile } from '../../src/core/containerd/judge.ts';
import { bodyOf, readDirectory, writeDirectory } from '../support/directory.ts';
import { createSimulatedNode, hostsText, nodeIp, type SimulatedNode } from '../support/simulated-node.ts';
import type { Family } from '../support/spegel/families.ts';
import { createSpegel } from '../support/spegel/spegel.ts';

const families: readonly Family[] = ['v0.2', 'v0.4', 'main'];
/** A certificate of nobody, whose key is thrown away. */
const ca = `-----BEGIN CERTIFICATE-----
MIIBNDCB56ADAgECAhQovzJu6dkHHB/KkNdR9/Wm/L3mXDAFBgMrZXAwDzENMAsG
A1UEAwwEdGVzdDAgFw0yNjExMjIyMjM3MTdaGA8yMTI2MTAyOTIyMzcxN1owDzEN
MAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhALjIa8/zgVDHbVI/E5C7JveUYLt/Dq4u
9ZYe8x3STkHHo1MwUTAdBgNVHQ4EFgQUt/KT0kSCpKhI/Q2kh6yhlLGbTskwHwYD
VR0jBBgwFoAUt/KT0kSCpKhI/Q2kh6yhlLGbTskwDwYDVR0TAQH/BAUwAwEB/zAF
BgMrZXADQQCosQjENcQ7xLUOfobIquGTRB/wp8M4p/5bhEpzLedumUvQNDkXr2ES
DUgdEEOHOadNi2o6hOW7bom560akdlQA
-----END CERTIFICATE-----
`;
const path = '_default/hosts.toml';
const document = `
extensions:
  default:
    path: templates/root_dir/etc/containerd/certs.d/_default/hosts.toml
    handoff: merge
    content: |
      [host.'https://my-mirror.internal']
      capabilities = ['pull', 'resolve']

      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull', 'resolve']
`;

const hostsOf = (text: string | undefined): readonly string[] => {
  const bytes = new TextEncoder().encode(text ?? '');
  const judged = judgeHostsFile(bytes, { version: undefined, filesBeside: new Map() });
  assert.equal(judged.verdict, 'ok', JSON.stringify(judged.problems));
  return judged.hosts.map((host) => host.url);
};

describe("a file that is merged with Spegel's, or mended", () => {
  let node: SimulatedNode;

  beforeEach(() => {
    node = createSimulatedNode();
    node.mirrorsAre('up', 2);
  });
  afterEach(() => node.remove());

  const file = (): string | undefined => readDirectory(node.certsDir)[path];

  for (const family of families) {
    it(`names each host once, before, during and after Spegel ${family}`, async () => {
      node.configure(document);
      node.advance(1_000);
      const alone = ['https://my-mirror.internal', `http://${nodeIp}:30020`];
      assert.deepEqual(hostsOf(bodyOf(file())), alone);
      const spegel = createSpegel({ family, certsDir: node.certsDir, nodeIp });
      for (let start = 0; start < 7; start += 1) {
        await spegel.start();
        const result = node.advance(1_000);
        assert.deepEqual(
          hostsOf(bodyOf(file())),
          spegel.family === 'main' ? alone : [...alone, `http://${nodeIp}:30021`],
        );
        assert.equal(node.ledger().phase?.phase, 'spegel');
        const decision = result.decisions.flatMap((one) => one.files).find((one) => one.path === path);
        assert.equal(decision?.standIn, 'merged', 'it is said in the status');
      }
      node.restart({ loseState: true });
      node.configure('');
      node.advance(3_000);
      assert.equal(file(), spegel.expectedFile('_default'), "Spegel's bytes come back, the state directory lost");
      node.configure(document);
      node.advance(1_000);
      assert.deepEqual((await spegel.uninstall()).failures, []);
      node.advance(1_000);
      assert.deepEqual(hostsOf(bodyOf(file())), alone);
      assert.equal(node.ledger().phase?.phase, 'bootstrap');
    });

    it(`mends the file of Spegel ${family} with prependExisting, which names a host twice`, async () => {
      node.configure('cluster: { addon: { spegel: { helm_values: { spegel: { prependExisting: true } } } } }');
      const spegel = createSpegel({
        family,
        certsDir: node.certsDir,
        nodeIp,
        values: { spegel: { prependExisting: true } },
      });
      // v0.2 and older look for the old `_default` at the top of `_backup/`.
      if (spegel.family === 'v0.2')
        writeDirectory(node.certsDir, { 'hosts.toml': hostsText(`http://${nodeIp}:30020`) });
      node.advance(1_000);
      await spegel.start();
      const wrote = file();
      assert.equal(wrote?.split(`[host.'http://${nodeIp}:30020']`).length, 3, 'Spegel names it twice');
      const result = node.advance(1_000);
      const hosts = hostsOf(bodyOf(file()));
      assert.equal(new Set(hosts).size, hosts.length);
      assert.equal(hosts[0], `http://${nodeIp}:30020`);
      if (spegel.family !== 'v0.2') assert.equal(hosts.at(-1), 'http://10.1.2.9:30020');
      const decision = result.decisions.flatMap((one) => one.files).find((one) => one.path === path);
      assert.equal(decision?.standIn, 'mended');
      assert.equal(node.ledger().phase?.phase, 'spegel');
      node.releasing = true;
      assert.equal(node.advance(1_000).released, true);
      assert.equal(file(), wrote, "Spegel's own bytes are back on release");
    });
  }

  it("keeps somebody's certificate beside a file of Spegel that names it (prependExisting)", async () => {
    const values = { spegel: { prependExisting: true, mirroredRegistries: ['https://quay.io'] } };
    node.configure(`cluster: { addon: { spegel: { helm_values: ${JSON.stringify(values)} } } }`);
    writeDirectory(node.certsDir, {
      'quay.io/hosts.toml':
        "server = 'https://quay.io'\n\n[host.'https://m.example']\ncapabilities = ['pull']\nca = 'ca.crt'\n",
      'quay.io/ca.crt': ca,
    });
    node.advance(1_000);
    for (const family of families) {
      const spegel = createSpegel({ family, certsDir: node.certsDir, nodeIp, values });
      await spegel.start();
      node.advance(2_000);
      const seen = readDirectory(node.certsDir);
      assert.equal(seen['quay.io/ca.crt'], ca, family);
      assert.match(seen['quay.io/hosts.toml'] ?? '', /m\.example/);
      await spegel.uninstall();
      node.advance(1_000);
      assert.match(bodyOf(readDirectory(node.certsDir)['quay.io/hosts.toml']) ?? '', /m\.example/);
    }
  });
});
