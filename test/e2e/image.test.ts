import assert from 'node:assert/strict';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { writeDirectory } from '../support/directory.ts';
import { createSpegel } from '../support/spegel/spegel.ts';
import { type Running, run, startProcess } from './support/agent.ts';
import { buildAgentImage, buildBundle, inspectImage, makeBases, scratch, unpackImage } from './support/agent-image.ts';
import { createPlace, type Place } from './support/place.ts';
import { generousMs, until } from './support/until.ts';

// The project's Dockerfile, built on Debian's libraries and npm's Node.js, and run as a container would be.

const granted = ['chown', 'dac_override', 'fowner'];
const largest = 60 * 1024 * 1024;

describe('the image', () => {
  let dir = '';
  let layout = '';
  let rootfs = '';
  const ending: { act: () => void }[] = [];

  before(
    async (t) => {
      const suite = { after: (act: () => void) => ending.push({ act }) } as unknown as TestContext;
      void t;
      dir = scratch(suite, 'image');
      layout = await makeBases(suite, dir);
      await buildBundle(suite);
      await buildAgentImage(suite, dir, layout);
      rootfs = await unpackImage(suite, dir, layout, 'agent');
      // A runtime makes the places of its mounts before it closes the root.
      for (const place of ['proc', 'etc/containerd', 'etc/handspegel/config', 'var/lib/handspegel']) {
        mkdirSync(join(rootfs, place), { recursive: true });
      }
    },
    { timeout: 600_000 },
  );
  after(() => {
    for (const { act } of ending.toReversed()) act();
  });

  /** Words that run something in the image: read-only root, these capabilities, nothing gained by exec. */
  const inImage = (place: Place, capabilities: readonly string[], ...words: readonly string[]): readonly string[] => {
    const script = `
mount --bind "$0" "$0"
mount --rbind /proc "$0/proc"
mount --bind "$1" "$0/etc/containerd"
mount --bind "$2" "$0/var/lib/handspegel"
mount --bind "$3" "$0/etc/handspegel/config"
mount -o remount,bind,ro "$0"
root=$0 bounding=$4; shift 4
exec setpriv --no-new-privs --inh-caps=-all --bounding-set="$bounding" chroot "$root" "$@"`;
    const bounding = ['-all', '+sys_chroot', ...capabilities.map((name) => `+${name}`)].join(',');
    const config = join(place.dir, 'config');
    mkdirSync(config, { recursive: true });
    cpSync(place.config, join(config, 'config.yaml'));
    mkdirSync(place.stateDir, { recursive: true });
    const mounts = [rootfs, place.etc, place.stateDir, config, bounding];
    return ['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', script, ...mounts, ...words];
  };

  const startAgent = (t: TestContext, place: Place, capabilities: readonly string[]): Running => {
    const image = inspectImage(layout, 'agent').config as {
      readonly config: { readonly Env: readonly string[]; readonly Entrypoint: string[]; readonly Cmd: string[] };
    };
    const { Env, Entrypoint, Cmd } = image.config;
    const env = Object.fromEntries(
      Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const told = {
      HANDSPEGEL_CONFIG: '/etc/handspegel/config',
      HANDSPEGEL_NODE_IP: place.nodeIp,
      HANDSPEGEL_CONTAINERD_VERSION: '2.2.9',
      HANDSPEGEL_LISTEN: `${place.nodeIp}:0`,
      HANDSPEGEL_ADMIN_LISTEN: '127.0.0.1:0',
    };
    return startProcess(t, inImage(place, capabilities, ...Entrypoint, ...Cmd), {
      ...env,
      ...told,
      PATH: process.env['PATH'] ?? '',
    });
  };

  const whenReady = async (agent: Running): Promise<void> => {
    const look = async (): Promise<boolean> => {
      const base = /listening on (http:\/\/127\.[\d.]+:\d+)/.exec(agent.output())?.[1];
      return base !== undefined && (await fetch(`${base}/readyz`)).status === 200;
    };
    await until('the agent in the image is ready', look, { otherwise: agent.output, limitMs: 3 * generousMs });
  };

  it('holds one bundle in ASCII alone: of any other text Node.js makes twice the bytes at each start', () => {
    const bytes = readFileSync(join(rootfs, 'usr/lib/handspegel/handspegel.bundle.cjs'));
    assert.deepEqual(
      [...bytes.entries()].filter(([, byte]) => byte > 127).map(([at]) => bytes.toString('utf8', at - 40, at + 10)),
      [],
    );
  });

  it('is under 60 MB compressed, holds no shell, and says what it is', () => {
    const { manifest, config } = inspectImage(layout, 'agent');
    const size = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
    assert.ok(size < largest, `${(size / 1024 / 1024).toFixed(1)} MB`);
    const { config: inner } = config as {
      readonly config: { readonly User: string; readonly Labels: Record<string, string> };
    };
    assert.equal(inner.User, '0:0');
    assert.equal(inner.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
    assert.deepEqual(
      ['bin/sh', 'usr/bin/sh', 'bin/busybox'].filter((path) => statSync(join(rootfs, path), { throwIfNoEntry: false })),
      [],
    );
  });

  it('is the same when it is built again, but for what V8 compiled', async (t) => {
    await buildAgentImage(t, dir, layout, 'again');
    const again = await unpackImage(t, dir, layout, 'again');
    const lib = 'usr/lib/handspegel';
    assert.deepEqual(readdirSync(join(again, lib)), readdirSync(join(rootfs, lib)));
    await run(t, [
      'diff',
      '--recursive',
      '--brief',
      '--no-dereference',
      '--exclude=handspegel.*.code',
      join(again, 'usr'),
      join(rootfs, 'usr'),
    ]);
  });

  it('answers on the command line without a shell', async (t) => {
    const words = inImage(createPlace(t), granted, '/usr/bin/handspegel', '--version');
    assert.match(await run(t, words), /^handspegel \d/);
  });

  /** Other people's files, moved away by Spegel: are they back as they were within the time of a few passes? */
  const bringsBack = async (t: TestContext, capabilities: readonly string[]): Promise<string> => {
    const place = createPlace(t);
    writeDirectory(place.certsDir, {
      'quay.io/hosts.toml': "server = 'https://quay.io'\n",
      'quay.io/ca.crt': 'theirs\n',
    });
    const quay = join(place.certsDir, 'quay.io');
    chmodSync(join(quay, 'ca.crt'), 0o600);
    chmodSync(join(quay, 'hosts.toml'), 0o604);
    chmodSync(quay, 0o700);
    for (const path of [join(quay, 'ca.crt'), join(quay, 'hosts.toml'), quay]) chownSync(path, 65534, 65534);
    const attributes = (): string =>
      ['', 'hosts.toml', 'ca.crt']
        .map((name) => statSync(join(quay, name)))
        .map(({ mode, uid, gid }) => `${(mode & 0o7777).toString(8)} ${uid}:${gid}`)
        .join(', ');
    const before = attributes();
    const agent = startAgent(t, place, capabilities);
    const ended = agent.ended.then(({ output }) => `ended: ${output}`);
    const life = async (): Promise<string> => {
      await whenReady(agent);
      const spegel = createSpegel({ family: 'v0.4', certsDir: place.certsDir, nodeIp: place.nodeIp, bin: false });
      await spegel.start();
      await until('the hand-off is over', () => agent.output().includes('-> spegel'), { otherwise: agent.output });
      const limit = { otherwise: agent.output, limitMs: capabilities.length === granted.length ? generousMs : 3_000 };
      await until('the files are back', () => attributes() === before, limit);
      return 'as they were';
    };
    const outcome = await Promise.race([life().catch(String), ended]);
    await agent.stop();
    return outcome;
  };

  it('gives people their files back with the capabilities that the chart grants', async (t) => {
    assert.equal(await bringsBack(t, granted), 'as they were');
  });

  for (const dropped of granted) {
    it(`does not without ${dropped}: the chart grants nothing that is not needed`, async (t) => {
      const outcome = await bringsBack(
        t,
        granted.filter((name) => name !== dropped),
      );
      assert.notEqual(outcome, 'as they were');
      assert.match(outcome, /still not: the files are back/);
    });
  }
});
