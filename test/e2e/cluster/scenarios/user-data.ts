import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { run, startProcess } from '../../support/agent.ts';
import { buildImage, pushImage } from '../../support/image.ts';
import { boot, stampsOf } from '../../support/user-data.ts';
import { origin, upstream, world } from '../support/addresses.ts';
import { whenAgentsReady, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { bootstrapFile, originFile, whenDefault } from '../support/expected.ts';
import { helmHandspegel } from '../support/install.ts';
import { type ClusterNode, startNode } from '../support/node.ts';
import { startRegistry } from '../support/registry.ts';
import { runPod } from '../support/sleeper.ts';

const main = new URL('../../../../src/main.ts', import.meta.url).pathname;

/** A machine that has pulled nothing and remembers nothing; nothing of Kubernetes runs. */
const renew = async (t: TestContext, { kubelet, containerd, inside, stateDir, etc }: ClusterNode): Promise<void> => {
  await kubelet.kill();
  const images = 'ctr --namespace=k8s.io images';
  const script = `${images} rm --sync $(${images} ls --quiet) >/dev/null; ${images} ls --quiet`;
  assert.equal(await run(t, [...inside, 'sh', '-euc', script]), '');
  await containerd.kill();
  for (const name of readdirSync(stateDir)) rmSync(join(stateDir, name), { recursive: true });
  // The pause image goes by `_default` too: the origin registry has a file of its own.
  const config = join(etc, 'config.toml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(`${origin}/pause:1`, `${upstream}/pause:1`));
};

const reaches = async (t: TestContext, node: ClusterNode, port: string): Promise<boolean> =>
  (await startProcess(t, [...node.inNetwork, 'busybox', 'nc', '-w', '1', world, port, '-e', '/bin/true']).ended)
    .code === 0;

/** 8. A machine that has user-data before it has an agent. */
export const bootsWithUserData = (cluster: () => Cluster): void => {
  let stamps: Readonly<Record<string, string>> | undefined;

  it('8. node 2, a new machine with user-data alone, has its pause and CNI images from node 1 while the origin is blocked', async (t) => {
    const { dir, n1, n2 } = cluster();
    const listen = `${n1.address}:30020`;
    const mirror = await startRegistry(t, { dir, listen, storage: join(dir, 'mirror'), wrap: n1.inNetwork });
    for (const name of ['pause', 'cni']) {
      mkdirSync(join(dir, `mirror-${name}`));
      const image = buildImage(join(dir, `mirror-${name}`), `${name}\n`, ['/bin/busybox', 'sleep', 'infinity']);
      await pushImage(`http://${listen}`, name, '1', image);
    }
    await renew(t, n2);
    const toOrigin = ['OUTPUT', '-d', world, '-p', 'tcp', '-j', 'REJECT'];
    await run(t, [...n2.inNetwork, 'iptables', '-I', ...toOrigin]);
    for (const port of ['443', '5000']) assert.ok(!(await reaches(t, n2, port)), `port ${port} is blocked`);

    const words = [process.execPath, main, 'user-data', '--format=shell', `--control-plane=${n1.address}`];
    const script = join(n2.dir, 'user-data.sh');
    writeFileSync(script, await run(t, words));
    const booted = await boot(t, script, { wrap: n2.inside });
    assert.equal(booted.code, 0, booted.output);
    await whenDefault(n2, bootstrapFile([n2.address, n1.address]));
    stamps = stampsOf(n2);

    await startNode(cluster().t, n2);
    await runPod(cluster(), n2, `${upstream}/cni:1`);
    for (const name of ['pause', 'cni']) {
      assert.ok(mirror.output().includes(`/v2/${name}/manifests/1?ns=${upstream}`), `${name} came from node 1`);
      assert.match(mirror.output(), new RegExp(`GET[^\\n]*/v2/${name}/blobs/`));
    }
    assert.deepEqual(stampsOf(n2), stamps);
    await run(t, [...n2.inNetwork, 'iptables', '-D', ...toOrigin]);
    await mirror.stop();
  });

  it('8. installed again it starts afresh, and takes over what user-data wrote as it stands', async () => {
    const { nodes, n1, n2 } = cluster();
    await helmHandspegel(cluster(), 'install');
    await whenAgentsReady(cluster());
    await whenPhase(nodes, 'bootstrap');
    await whenDefault(n1, bootstrapFile([n1.address]));
    await whenDefault(n2, bootstrapFile([n2.address, n1.address]));
    assert.deepEqual(stampsOf(n2), stamps, 'the same inodes and times of writing');
    assert.deepEqual(Object.keys(n2.files()).toSorted(), [`${origin}/hosts.toml`, '_default/hosts.toml']);
    assert.equal(n2.files()[`${origin}/hosts.toml`], originFile);
    for (const { stateDir } of nodes) assert.ok(!readdirSync(stateDir).includes('released'));
  });
};
