import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { handspegel, run, startProcess, startReadyAgent } from './support/agent.ts';
import { builtUserDataCheck } from './support/built.ts';
import { startContainerd, startRegistry } from './support/containerd.ts';
import { buildImage, pushImage } from './support/image.ts';
import { createNetwork, type Namespace } from './support/namespaces.ts';
import { createPlace, type Place, type PlaceOptions } from './support/place.ts';
import { stays, together, until } from './support/until.ts';
import { bareRoot, boot, bootScriptFor, stampsOf } from './support/user-data.ts';

const v4 = '10.81.0.5';
const v6 = 'fd00:81::5';
const controlPlane = ['10.81.0.1', '10.81.0.2'];
const routes = 'ip route add default via 10.81.0.254; ip -6 route add default via fd00:81::fe dev eth0';

const config = `
extensions:
  both:
    path: templates/root_dir/etc/containerd/certs.d/both.example.com/hosts.toml
    content: |
      {{ range .config.node_address_ips }}
      [host.'http://{{ if contains ":" . }}[{{ . }}]{{ else }}{{ . }}{{ end }}:30020']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
      {{ end }}
  none:
    path: templates/root_dir/etc/containerd/certs.d/none.example.com/hosts.toml
    content: '# no mirrors'
`;

type Home = { readonly place: Place; readonly network: Namespace; readonly script: string };

/** A node that has just got its addresses, with its user-data. */
const firstBoot = async (
  t: TestContext,
  options: PlaceOptions & { readonly addresses?: readonly string[]; readonly flags?: readonly string[] } = {},
): Promise<Home> => {
  const { addresses = [`${v4}/24`, `${v6}/64`], flags = [], ...rest } = options;
  const place = createPlace(t, { nodeIp: [], controlPlane, config, ...rest });
  rmSync(place.etc, { recursive: true });
  const network = await createNetwork(t, addresses);
  await network.sh(
    routes
      .split('; ')
      .map((line) => `${line} 2>/dev/null || :`)
      .join('\n'),
  );
  const script = join(place.dir, 'user-data.sh');
  writeFileSync(script, await bootScriptFor(t, place, flags));
  return { place, network, script };
};

const urls = (place: Place, path: string): readonly string[] =>
  [...(place.body(path) ?? '').matchAll(/^\[host\.'(.*)'\]$/gm)].map((match) => match[1] ?? '');

const defaultUrls = [v4, ...controlPlane].map((host) => `http://${host}:30020`);

const shells: readonly (readonly string[])[] = [
  ['dash'],
  ['dash', '-eu'],
  ['busybox', 'sh'],
  ['busybox', 'sh', '-eu'],
  ['bash', '--posix'],
];

describe('user-data at the first boot of a node', together, () => {
  for (const shell of shells) {
    it(`writes under ${shell.join(' ')} what the agent takes over without rewriting it`, async (t) => {
      const { place, network, script } = await firstBoot(t);
      const booted = await boot(t, script, { wrap: network.wrap, shell });
      assert.equal(booted.code, 0, booted.output);
      assert.deepEqual(urls(place, '_default/hosts.toml'), defaultUrls);
      assert.deepEqual(urls(place, 'both.example.com/hosts.toml'), [`http://${v4}:30020`, `http://[${v6}]:30020`]);
      const stamps = stampsOf(place);
      assert.equal(Object.keys(stamps).length, 3);
      const again = await boot(t, script, { wrap: network.wrap, shell });
      assert.match(again.output, /^(?:handspegel user-data: \S+: up to date\n){3}$/);

      const agent = await startReadyAgent(t, place, { wrap: network.wrap });
      const { phase, files } = await agent.whenStatus('every file is known', ({ files }) => files.length === 3);
      assert.equal(phase.phase, 'bootstrap');
      for (const file of files) assert.deepEqual([file.writer, file.action], ['ours', 'keep'], file.path);
      await stays('the files as they were', 1_500, () => JSON.stringify(stampsOf(place)) === JSON.stringify(stamps));
      assert.deepEqual(
        place.journal().filter(({ event }) => event.startsWith('write')),
        [],
      );
      assert.equal((await agent.stop()).code, 0);
      const released = await handspegel(t, place, ['release'], { wrap: network.wrap });
      assert.equal(released.code, 0, released.output);
      assert.deepEqual(place.files(), {}, 'they go with us');
      assert.match((await boot(t, script, { wrap: network.wrap, shell })).output, /released here: nothing is written/);
    });
  }

  it('on a node of the control plane names it once, on one with IPv6 alone in brackets, on one without address not at all', async (t) => {
    const own = await firstBoot(t, { addresses: ['10.81.0.2/24'] });
    await boot(t, own.script, { wrap: own.network.wrap });
    assert.deepEqual(urls(own.place, '_default/hosts.toml'), ['http://10.81.0.2:30020', 'http://10.81.0.1:30020']);
    const six = await firstBoot(t, { addresses: [`${v6}/64`], controlPlane: ['fd00:81::1'] });
    await boot(t, six.script, { wrap: six.network.wrap });
    assert.deepEqual(urls(six.place, '_default/hosts.toml'), [`http://[${v6}]:30020`, 'http://[fd00:81::1]:30020']);
    const none = await firstBoot(t, { addresses: [] });
    const { code, output } = await boot(t, none.script, { wrap: none.network.wrap });
    assert.deepEqual([code, /no address yet/.test(output)], [0, true], output);
    assert.deepEqual(urls(none.place, '_default/hosts.toml'), defaultUrls.slice(1));
  });

  it('without a default route takes the address that leads to the control plane', async (t) => {
    const { place, network, script } = await firstBoot(t, { addresses: [`${v4}/24`] });
    await network.sh('ip route del default');
    await boot(t, script, { wrap: network.wrap });
    assert.deepEqual(urls(place, '_default/hosts.toml'), defaultUrls);
  });

  it('without ip reads both addresses from the tables of the kernel', async (t) => {
    const { place, network, script } = await firstBoot(t, {
      addresses: [`${v4}/24`, '10.81.9.9/32', 'fd00:81:0:0:1::5/64'],
    });
    await network.sh(
      'ip link add other type veth peer name away; ip link set away up; ip link set other up; ip addr add 192.168.7.7/24 dev other',
    );
    const root = bareRoot(place.dir, ['mkdir', 'mv', 'rm', 'rmdir', 'ln', 'tail', 'sha256sum']);
    await network.sh(
      `mount --bind /proc ${root}/proc; mkdir -p ${root}${place.dir}; mount --bind ${place.dir} ${root}${place.dir}`,
    );
    const { code, output } = await boot(t, script, { wrap: [...network.wrap, 'chroot', root], shell: ['sh'] });
    assert.equal(code, 0, output);
    assert.deepEqual(urls(place, '_default/hosts.toml'), defaultUrls);
    assert.deepEqual(urls(place, 'both.example.com/hosts.toml'), [
      `http://${v4}:30020`,
      'http://[fd00:81::1:0:0:5]:30020',
    ]);
    rmSync(place.etc, { recursive: true });
    await network.sh(`rm ${root}/bin/sha256sum`);
    const without = await boot(t, script, { wrap: [...network.wrap, 'chroot', root], shell: ['sh'] });
    assert.deepEqual([without.code, /nothing here knows SHA-256/.test(without.output)], [1, true], without.output);
    assert.deepEqual(place.files(), {});
  });

  it('says what a read-only file system keeps it from, and leaves nothing behind', async (t) => {
    const { place, network, script } = await firstBoot(t);
    mkdirSync(place.certsDir, { recursive: true });
    await network.sh(`mount -t tmpfs none ${place.etc}; mkdir ${place.certsDir}; mount -o remount,ro ${place.etc}`);
    const { code, output } = await boot(t, script, { wrap: network.wrap });
    assert.deepEqual([code, /certs\.d: cannot be made/.test(output)], [1, true], output);
    await network.sh(`mount -o remount,rw ${place.etc}`);
    assert.equal(await network.sh(`find ${place.etc} -mindepth 1`), `${place.certsDir}\n`);
  });
});

/** Behaves as asked, inside a network: Node's own server would need one more process of ours. */
const listener = (behaviour: 'silent' | 'page' | 'up' | 'refuses-auth'): string => `
  const { createServer } = require('node:net');
  const answers = {
    up: 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}',
    page: 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\n\\n  <!DOCTYPE html><html></html>',
    'refuses-auth': 'HTTP/1.1 401 Unauthorized\\r\\nContent-Type: text/html\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\n<html>',
  };
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => { const answer = answers['${behaviour}']; if (answer !== undefined) socket.end(answer); });
  }).listen(30020, process.argv[1], () => console.log('listens'));
`;

describe('user-data --probe', together, () => {
  const mirrors = { up: '10.81.0.1', silent: '10.81.0.2', page: '10.81.0.3', 'refuses-auth': '10.81.0.4' } as const;
  const dropped = '10.81.0.77';
  const kept = [v4, mirrors.up, mirrors['refuses-auth']].map((host) => `http://${host}:30020`);

  const probing = async (t: TestContext): Promise<Home & { readonly end: () => Promise<void> }> => {
    const all = [...Object.values(mirrors), dropped];
    const home = await firstBoot(t, {
      config: 'handspegel: {probe: {remoteInterval: 1s}}\n',
      controlPlane: all,
      addresses: [`${v4}/24`, ...Object.values(mirrors).map((address) => `${address}/32`)],
      flags: ['--probe'],
    });
    const running = Object.entries(mirrors).map(([behaviour, address]) =>
      startProcess(t, [...home.network.wrap, process.execPath, '-e', listener(behaviour as 'up'), address]),
    );
    for (const { output } of running)
      await until('it listens', () => output().includes('listens'), { otherwise: output });
    return { ...home, end: async () => void (await Promise.all(running.map((one) => one.stop()))) };
  };

  for (const [asker, masked] of Object.entries({
    curl: [],
    wget: ['curl'],
    bash: ['curl', 'wget'],
    nothing: ['curl', 'wget', 'bash'],
  })) {
    it(`with ${asker}: leaves out who is silent or serves a page; the agent keeps that until they answer`, async (t) => {
      const { place, network, script, end } = await probing(t);
      for (const command of masked) {
        // Not executable: to a shell it is not there.
        await network.sh(
          `for dir in /bin /usr/bin; do [ ! -e $dir/${command} ] || mount --bind /dev/null $(readlink -f $dir/${command}) 2>/dev/null || :; done`,
        );
      }
      const began = performance.now();
      const { code, output } = await boot(t, script, { wrap: network.wrap, shell: ['dash'] });
      t.diagnostic(`${Math.round(performance.now() - began)} ms`);
      assert.equal(code, 0, output);
      const found = urls(place, '_default/hosts.toml');
      if (asker === 'nothing') {
        assert.match(output, /no mirror is probed/);
        assert.equal(found.length, 6);
        return;
      }
      assert.deepEqual(found, kept, output);
      assert.match(
        place.files()['_default/hosts.toml'] ?? '',
        /^# handspegel \S+ source=user-data without=\S+ sha256=/,
      );
      const stamps = stampsOf(place);
      const agent = await startReadyAgent(t, place, { wrap: network.wrap });
      await stays('the file as it was', 3_000, () => JSON.stringify(stampsOf(place)) === JSON.stringify(stamps));
      await end();
      const back = [...kept, ...[mirrors.silent, mirrors.page].map((host) => `http://${host}:30020`)];
      const others = Object.values(mirrors).map((address) =>
        startProcess(t, [...network.wrap, process.execPath, '-e', listener('up'), address]),
      );
      await agent.until('they are back', () => urls(place, '_default/hosts.toml').length === back.length, 120_000);
      assert.deepEqual(new Set(urls(place, '_default/hosts.toml')), new Set(back));
      assert.ok(others.length > 0);
    });
  }
});

describe('a node with user-data alone', () => {
  it("pulls its first image from another node's mirror while the upstream cannot be reached; then the agent arrives", async (t) => {
    const { place, network, script } = await firstBoot(t, {
      config: '',
      addresses: [`${v4}/24`, '10.81.0.1/32', '10.81.0.2/32'],
    });
    const upstream = 'registry.example.com';
    const store = join(place.dir, 'registry');
    mkdirSync(store);
    const filling = await startRegistry(t, { dir: store, listen: '127.0.0.1:0' });
    const filled = /listening on (127\.0\.0\.1:\d+)/.exec(filling.output())?.[1];
    for (const name of ['pause', 'cni']) await pushImage(`http://${filled}`, name, 'v1', buildImage(place.dir, name));
    await filling.stop();
    const registry = await startRegistry(t, { dir: store, listen: '10.81.0.1:30020', wrap: network.wrap });
    const containerd = await startContainerd(t, { dir: place.dir, certsDir: place.certsDir, wrap: network.wrap });
    await assert.rejects(
      containerd.pullOverCri(`${upstream}/pause:v1`),
      'without the file there is nothing to pull from',
    );
    assert.equal((await boot(t, script, { wrap: network.wrap })).code, 0);
    const stamps = stampsOf(place);
    for (const name of ['pause', 'cni']) {
      assert.match(await containerd.pullOverCri(`${upstream}/${name}:v1`), /^sha256:[0-9a-f]{64}$/);
      assert.ok(registry.output().includes(`/v2/${name}/manifests/v1?ns=${upstream}`), registry.output());
    }
    const agent = await startReadyAgent(t, place, { wrap: network.wrap });
    assert.equal((await agent.status()).phase.phase, 'bootstrap');
    await stays('the file as it was', 1_500, () => JSON.stringify(stampsOf(place)) === JSON.stringify(stamps));
  });
});

describe('what user-data prints', () => {
  const nodeConfig = `---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: my-cluster
    apiServerEndpoint: https://example.com
    certificateAuthority: Y2VydGlmaWNhdGVBdXRob3JpdHk=
    cidr: 10.100.0.0/16
`;

  it("is taken by shellcheck, cloud-init's schema, Ignition and nodeadm's types, probing or not", async (t) => {
    const place = createPlace(t, { controlPlane: ['10.81.0.1', 'fd00:81::1'], config });
    const eks = join(place.dir, 'node.yaml');
    writeFileSync(eks, nodeConfig);
    const used = ['--config', place.config, '--control-plane', '10.81.0.1,fd00:81::1', '--containerd-version', '2.2.9'];
    for (const more of [[], ['--probe']]) {
      const print = async (format: string, flags: readonly string[] = []): Promise<string> => {
        const words = ['user-data', '--format', format, ...more, ...flags];
        const { code, stdout, output } = await handspegel(t, { ...place, flags: used }, words);
        assert.equal(code, 0, output);
        const file = join(place.dir, format);
        writeFileSync(file, stdout);
        return file;
      };
      await run(t, ['shellcheck', '--shell=sh', '--severity=style', await print('shell')]);
      await run(t, ['cloud-init', 'schema', '--config-file', await print('cloud-init')]);
      const check = (kind: string, file: string): Promise<string> =>
        run(t, ['sh', '-c', '"$0" "$1" <"$2"', builtUserDataCheck, kind, file]);
      assert.equal(
        await check('ignition', await print('ignition')),
        'unit handspegel-user-data.service\nfile /etc/handspegel/user-data.sh 755\n',
      );
      const parts = await check('nodeadm', await print('nodeadm', ['--node-config', eks]));
      assert.match(parts, /^part application\/node\.eks\.aws \d+\ncluster my-cluster\npart text\/x-shellscript \d+\n$/);
    }
  });

  it('holds nothing that is never used, to shellcheck, where there is little or nothing to write', async (t) => {
    const extension = (registry: string, content: string): string =>
      `  ${registry}: {path: templates/root_dir/etc/containerd/certs.d/${registry}/hosts.toml, content: '${content}'}\n`;
    const off = `extensions:\n${extension('_default', '')}`;
    const left = extension('a.example.com', '# {{ .config.node_name }}');
    for (const text of ['{}\n', 'cluster: {addon: {spegel: {enabled: false}}}\n', off, off + left]) {
      const place = createPlace(t, { config: text });
      for (const more of [[], ['--probe']]) {
        const words = ['user-data', '--format', 'shell', ...more];
        const flags = ['--config', place.config, '--control-plane', '10.81.0.1'];
        const { code, stdout, output } = await handspegel(t, { ...place, flags }, words);
        assert.equal(code, 0, output);
        const file = join(place.dir, 'script');
        writeFileSync(file, stdout);
        await run(t, ['shellcheck', '--shell=sh', '--severity=style', file]);
      }
    }
  });
});
