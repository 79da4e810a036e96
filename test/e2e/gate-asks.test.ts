import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Agent, run, startReadyAgent } from './support/agent.ts';
import { builtContainerd } from './support/built.ts';
import { atEnd } from './support/cleanup.ts';
import { startContainerd } from './support/containerd.ts';
import { createNetwork } from './support/namespaces.ts';
import { createPlace, freshAddress, type Place, scratch } from './support/place.ts';
import { createPullWorld, startMirrors } from './support/pull-node.ts';

// How the gate of a real agent asks: over TLS, at containerd's own URLs, over IPv6, from the node's own address.

const probe = 'probe: {interval: 500ms, timeout: 1s, deepInterval: 1s, remoteInterval: 1s}';
const longMs = 60_000;

type File = { readonly name: string; readonly text: string };

/** A configuration with files of one registry. */
const configOf = (registry: string, files: readonly File[]): string => {
  const entry = ({ name, text }: File, i: number): string => `  f${i}:
    path: templates/root_dir/etc/containerd/certs.d/${registry}/${name}
    content: |
${text.replaceAll(/^/gm, '      ')}
`;
  return `handspegel: {${probe}}\nextensions:\n${files.map(entry).join('')}`;
};

const verdictOf = async (agent: Agent, url: string): Promise<string | undefined> =>
  (await agent.status()).mirrors.find((mirror) => mirror.url === url)?.verdict;

const names = (place: Place, path: string): boolean => /^\[host\./m.test(place.body(path) ?? '');

describe('a mirror over TLS', () => {
  /** An authority of its own, a server certificate for an address, and a client certificate. */
  const createAuthority = async (t: TestContext, address: string) => {
    const dir = scratch(t);
    const at = (name: string): string => join(dir, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const request = (name: string, ...more: readonly string[]): Promise<string> =>
      run(t, [
        'openssl',
        'req',
        '-x509',
        ...key,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.pem`),
        ...more,
      ]);
    await request('authority');
    const by = ['-CA', at('authority.pem'), '-CAkey', at('authority.key'), '-addext', 'basicConstraints=CA:FALSE'];
    await request('server', ...by, '-addext', `subjectAltName=IP:${address}`);
    await request('client', ...by);
    return (name: string): string => readFileSync(at(name), 'utf8');
  };

  it("is asked with the file's ca and client certificate, goes when it hangs and comes back", async (t) => {
    const address = freshAddress();
    const read = await createAuthority(t, address);
    const strangers: (string | undefined)[] = [];
    const server = { hangs: false };
    const tls = createServer(
      {
        key: read('server.key'),
        cert: read('server.pem'),
        ca: read('authority.pem'),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (_request, response) => {
        if (!server.hangs) response.end('{}');
      },
    );
    tls.on('tlsClientError', (error) => strangers.push(error.message));
    await new Promise<void>((resolve) => tls.listen(0, address, resolve));
    atEnd(t, () => {
      tls.closeAllConnections();
      tls.close();
    });
    const url = `https://${address}:${(tls.address() as AddressInfo).port}`;
    const hosts = (more: string): string => `[host.'${url}']\ncapabilities = ['pull']\nca = 'ca.crt'\n${more}`;
    const ca = { name: 'ca.crt', text: read('authority.pem') };
    const client = { name: 'client.pem', text: read('client.pem') + read('client.key') };
    const whole = configOf('tls.io', [{ name: 'hosts.toml', text: hosts("client = 'client.pem'\n") }, ca, client]);
    const place = createPlace(t, { config: whole });
    const agent = await startReadyAgent(t, place);
    const path = 'tls.io/hosts.toml';
    await agent.until('it is up', async () => (await verdictOf(agent, url)) === 'up' || undefined, longMs);
    assert.deepEqual(strangers, []);
    server.hangs = true;
    await agent.until('it is out', () => !names(place, path) || undefined, longMs);
    server.hangs = false;
    await agent.until('it is back', () => names(place, path) || undefined, longMs);

    // Without the client certificate the same mirror refuses: harmless, it stays.
    place.configure(configOf('tls.io', [{ name: 'hosts.toml', text: hosts('') }, ca]));
    await agent.until('it errs', async () => (await verdictOf(agent, url)) === 'erroring' || undefined, longMs);
    assert.ok(names(place, path));
    assert.notEqual(strangers.length, 0);
    assert.doesNotMatch(agent.output() + JSON.stringify(await agent.status()), /PRIVATE KEY/);
  });
});

/** A network with mirrors, and containerd 2.4.2 in it. */
const createGround = async (t: TestContext) => {
  const world = await createPullWorld(t, scratch(t));
  const client = await startContainerd(t, {
    dir: world.dir,
    certsDir: join(world.dir, 'none'),
    wrap: world.wrap,
    bin: builtContainerd('2.4.2'),
  });
  const pull = async (place: Place, image: string): Promise<void> => {
    const words = ['images', 'pull', '--snapshotter', 'native', '--hosts-dir', place.certsDir];
    await client.ctr(...words, `registry.test/tools/${image}:v1`);
  };
  const mirrorAt = async (address: string): Promise<void> => {
    await world.sh(`ip addr add ${address}/${address.includes(':') ? '128' : '32'} dev lo`);
    await world.become(address, 'up');
  };
  return { world, pull, mirrorAt };
};

describe('a mirror below a path, as Harbor and Artifactory have it', () => {
  it('is asked where containerd asks, with override_path and without', async (t) => {
    const { world, pull, mirrorAt } = await createGround(t);
    for (const [i, [path, more, probed]] of (
      [
        ['', '', '/v2/'],
        ['/v2/proxy-cache', 'override_path = true\n', '/v2/proxy-cache/'],
        ['/v2/proxy-cache', '', '/v2/proxy-cache/v2/'],
        ['/artifactory/api/docker/remote', '', '/artifactory/api/docker/remote/v2/'],
        ['/v2', 'override_path = true\n', '/v2/'],
      ] as const
    ).entries()) {
      const address = `10.78.1.${i + 1}`;
      await mirrorAt(address);
      const text = `[host.'http://${address}:30020${path}']\ncapabilities = ['pull', 'resolve']\n${more}`;
      const place = createPlace(t, { config: configOf('registry.test', [{ name: 'hosts.toml', text }]) });
      const agent = await startReadyAgent(t, place, { wrap: world.wrap });
      const url = `http://${address}:30020${path}`;
      await agent.until('it is up', async () => (await verdictOf(agent, url)) === 'up' || undefined, longMs);
      await agent.stop();
      const byAgent = await world.asked(address);
      assert.deepEqual([...new Set(byAgent.map((one) => one.path))], [probed]);
      await pull(place, `below-${i}`);
      const byContainerd = (await world.asked(address)).slice(byAgent.length);
      assert.ok(byContainerd.length >= 3, JSON.stringify(byContainerd));
      for (const one of byContainerd) assert.ok(one.path.startsWith(`${probed}tools/below-${i}/`), one.path);
    }
  });
});

describe('an IPv6 node', () => {
  it('pulls by its mirrors, without them when they hang, and by them again', async (t) => {
    const { world, pull, mirrorAt } = await createGround(t);
    const address = 'fd00:78::1';
    await mirrorAt(address);
    const place = createPlace(t, { nodeIp: [address], config: `handspegel: {${probe}}\n` });
    const agent = await startReadyAgent(t, place, { wrap: world.wrap });
    const path = '_default/hosts.toml';
    // This machine may be too busy for the half second before a first file.
    await agent.until('the mirror is in the file', () => names(place, path) || undefined, longMs);
    const before = place.body(path);
    assert.match(before ?? '', /^\[host\.'http:\/\/\[fd00:78::1\]:30020'\]$/m);
    await pull(place, 'six');
    const isPulled = async (image: string): Promise<boolean> =>
      (await world.asked(address)).some((one) => one.path.includes(`/${image}/blobs/`));
    assert.ok(await isPulled('six'));
    for (const fault of ['silent', 'drops']) {
      await world.become(address, fault);
      await agent.until(`${fault}: it is out`, () => !names(place, path) || undefined, longMs);
      await pull(place, `six-${fault}`);
      assert.equal(await isPulled(`six-${fault}`), false);
      await world.become(address, 'up');
      await agent.until('it is back', () => place.body(path) === before || undefined, longMs);
    }
    const { mirrors } = await agent.status();
    assert.deepEqual([...new Set(mirrors.map((mirror) => mirror.address))], [address]);
  });
});

describe('the way of a probe', () => {
  it("leaves the node as containerd's own requests do, from the node's address", async (t) => {
    const [node, other] = [await createNetwork(t, []), await createNetwork(t, [])];
    await other.sh('ip link del eth0');
    await node.sh(`ip link set far netns ${other.pid}`);
    await node.sh('ip addr add 10.79.0.2/24 dev eth0; ip addr add 10.79.9.9/32 dev lo');
    await other.sh('ip link set far up; ip addr add 10.79.0.9/24 dev far');
    const dir = scratch(t);
    const mirrors = await startMirrors(t, other.wrap, join(dir, 'mirrors.sock'));
    await mirrors.become('10.79.0.9', 'up');
    const place = createPlace(t, {
      nodeIp: ['10.79.0.2'],
      controlPlane: ['10.79.0.9'],
      config: `handspegel: {${probe}}\n`,
    });
    const agent = await startReadyAgent(t, place, { wrap: node.wrap });
    const url = 'http://10.79.0.9:30020';
    await agent.until('it is up', async () => (await verdictOf(agent, url)) === 'up' || undefined, longMs);
    const containerd = await startContainerd(t, { dir, certsDir: place.certsDir, wrap: node.wrap });
    const words = ['images', 'pull', '--snapshotter', 'native', '--hosts-dir', place.certsDir];
    await containerd.ctr(...words, 'registry.test/tools/far:v1');
    const asked = await mirrors.asked('10.79.0.9');
    for (const part of [/^\/v2\/$/, /\/blobs\//]) {
      const from = asked.filter((one) => part.test(one.path)).map((one) => one.from);
      assert.deepEqual([...new Set(from)], ['10.79.0.2']);
    }
  });
});
