import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { mainFile, startProcess } from './support/agent.ts';
import { scratch } from './support/place.ts';
import { type PullClient, pullOnce, startClients } from './support/pull-client.ts';
import { type Fault, faults } from './support/pull-faults.ts';
import { createPullNode, createPullWorld, type PullNode, type PullWorld } from './support/pull-node.ts';

// The part of docs/pulls.md that fits here: each fault, beside either file, with each containerd, once.

/** As often as a test can bear; `npm run bench:pulls` measures with the settings that users have. */
const fast = 'handspegel: {probe: {interval: 500ms, timeout: 500ms, deepInterval: 1s, remoteInterval: 1s}}\n';
const image = 'small-64k';
/** Some fifty times what it takes. */
const generousMs = 20_000;
/** A pull through such a mirror takes at least 9 s, or for ever. */
const cutMs = 4_000;

/** With it, 2.x waits for a connection no longer than the 200 ms that the file says. */
const waitsBriefly = (fault: Fault, { name }: PullClient): boolean => fault.name === 'drops' && name.startsWith('2.');

const startNodes = async (t: TestContext, world: PullWorld): Promise<readonly PullNode[]> => {
  const wanted = faults.flatMap((fault) => (['us', 'Spegel'] as const).map((writer) => ({ fault, writer })));
  const start = (at: number, group: typeof wanted): Promise<readonly PullNode[]> =>
    Promise.all(
      group.map((one, i) => createPullNode(t, world, { ...one, address: `10.78.0.${at + i + 1}`, config: fast })),
    );
  const nodes: PullNode[] = [];
  for (let at = 0; at < wanted.length; at += 4) nodes.push(...(await start(at, wanted.slice(at, at + 4))));
  return nodes;
};

const having = (nodes: readonly PullNode[], name: string): readonly PullNode[] =>
  nodes.filter(({ fault }) => fault.name === name);

it('a pull is whole and ends, whatever is wrong with the mirrors', async (t) => {
  const dir = scratch(t);
  const world = await createPullWorld(t, dir);
  const clients = await startClients(t, world);
  const nodes = await startNodes(t, world);
  const costly = nodes.filter(({ fault }) => fault.costly);
  await Promise.all(nodes.map((node) => node.break()));

  await t.test('the gate takes out what is costly, and nothing else', async () => {
    for (const node of nodes) {
      await node.settled();
      assert.equal(node.namesMirrors(), !node.fault.costly, `${node.fault.title}, file by ${node.writer}`);
    }
  });

  for (const fault of faults) {
    if (fault.seenBy === 'nothing') continue;
    await t.test(`pulls when a mirror ${fault.title}`, async () => {
      for (const node of having(nodes, fault.name)) {
        for (const client of clients) {
          // Mirrors that die in a blob do so anew for each.
          if (fault.name === 'dies') await node.break();
          const pull = { image, hostsDir: node.place.certsDir, limitMs: generousMs };
          const { outcome, error } = await pullOnce(client, pull);
          assert.equal(outcome, 'pulled', `${client.name}, file by ${node.writer}: ${error}`);
        }
      }
    });
  }

  await t.test('a mirror that died during a pull refuses from then on, and stays in the file', async () => {
    for (const { agent, namesMirrors } of having(nodes, 'dies')) {
      await agent.whenStatus('it is seen', ({ mirrors }) => mirrors.every(({ verdict }) => verdict === 'refused'));
      assert.ok(namesMirrors());
    }
  });

  await t.test('doctor --image names a mirror that stalls in the middle of a blob, which no probe sees', async () => {
    const found = having(nodes, 'stalls-in-blobs').map(async ({ agent, place }) => {
      const { mirrors } = await agent.status();
      assert.ok(mirrors.some(({ verdict }) => verdict === 'up'));
      const words = ['doctor', '--image', `registry.test/tools/${image}:v1`, '--certs-dir', place.certsDir, '--json'];
      const { code, stdout } = await startProcess(t, [...world.wrap, process.execPath, mainFile, ...words]).ended;
      assert.equal(code, 1);
      const { findings } = JSON.parse(stdout) as { findings: { code: string; message: string }[] };
      const stalls = findings.find((one) => one.code === 'mirror-stalls');
      assert.match(stalls?.message ?? stdout, /:30020: blob sha256:\w+…: \d+ of \d+ bytes, then nothing for 10 s/);
    });
    await Promise.all(found);
  });

  await t.test('the same files without the gate stop pulls or break images', async () => {
    const asked = costly.flatMap((node) =>
      clients.filter((client) => !waitsBriefly(node.fault, client)).map((client) => ({ node, client })),
    );
    const pulls = asked.map(async ({ node, client }, i) => {
      const pull = { image: `other-${i}`, hostsDir: node.unguarded, limitMs: cutMs, together: true };
      const { outcome } = await pullOnce(client, pull);
      assert.notEqual(outcome, 'pulled', `${client.name}: ${node.fault.title}, file by ${node.writer}`);
    });
    await Promise.all(pulls);
  });

  await t.test('the same bytes are back when the mirrors are well again', async () => {
    await Promise.all(costly.map((node) => node.mend()));
    for (const node of costly) {
      const isBack = (): true | undefined => node.isAsBefore() || undefined;
      await node.agent.until(`back: ${node.fault.title}, file by ${node.writer}`, isBack, 3 * generousMs);
    }
  });
});
