import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startAgent } from './support/agent.ts';
import { startContainerd, startRegistry } from './support/containerd.ts';
import { buildImage, pushImage } from './support/image.ts';
import { createNetwork } from './support/namespaces.ts';
import { createPlace } from './support/place.ts';

const nodeIp = '10.77.0.2';
const upstream = 'registry.example.com';

describe('an empty node, before Spegel', () => {
  it("gets its first file, and Debian's containerd pulls through it while the upstream cannot be reached", async (t) => {
    const place = createPlace(t, { nodeIp: [nodeIp], controlPlane: ['10.77.0.3', nodeIp, '10.77.0.4', '10.77.0.3'] });
    rmSync(place.etc, { recursive: true });
    // What Spegel would serve on this node, and nobody else anywhere.
    const store = join(place.dir, 'registry');
    mkdirSync(store);
    const filling = await startRegistry(t, { dir: store, listen: '127.0.0.1:0' });
    const filled = /listening on (127\.0\.0\.1:\d+)/.exec(filling.output())?.[1];
    await pushImage(`http://${filled}`, 'tools/hello', 'v1', buildImage(place.dir, 'hello'));
    await filling.stop();

    // The control plane refuses: one whose packets are dropped would not be in a first file.
    const network = await createNetwork(t, [`${nodeIp}/24`, '10.77.0.3/32', '10.77.0.4/32']);
    const agent = startAgent(t, place, { wrap: network.wrap });
    const ms = await agent.until('the first file', () => place.body('_default/hosts.toml'), 30_000);
    t.diagnostic(`first file ${Math.round(ms)} ms after the start of the process`);
    assert.equal(
      place.body('_default/hosts.toml'),
      [nodeIp, '10.77.0.3', '10.77.0.4']
        .map((ip) => `[host.'http://${ip}:30020']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n`)
        .join('\n'),
    );
    assert.deepEqual(Object.keys(place.files()), ['_default/hosts.toml']);

    const registry = await startRegistry(t, { dir: store, listen: `${nodeIp}:30020`, wrap: network.wrap });
    const { certsDir } = place;
    const containerd = await startContainerd(t, { dir: place.dir, certsDir, wrap: network.wrap });
    const reference = `${upstream}/tools/hello:v1`;
    await assert.rejects(
      containerd.ctr('images', 'pull', '--snapshotter', 'native', reference),
      'without the file there is nothing to pull from',
    );
    await containerd.ctr('images', 'pull', '--snapshotter', 'native', '--hosts-dir', certsDir, reference);
    assert.match(await containerd.ctr('images', 'list', '--quiet'), new RegExp(`^${reference}$`, 'm'));
    const asked = (): number => registry.output().split(`/v2/tools/hello/manifests/v1?ns=${upstream}`).length - 1;
    const askedByCtr = asked();
    assert.ok(askedByCtr > 0, registry.output());

    // The way that kubelet goes: containerd's own config_path.
    const id = await containerd.pullOverCri(reference);
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.ok(asked() > askedByCtr, registry.output());
    assert.equal((await agent.stop()).code, 0);
  });
});
