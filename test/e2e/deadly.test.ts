import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { writeDirectory } from '../support/directory.ts';
import { createSpegel } from '../support/spegel/spegel.ts';
import { type Agent, handspegel, run, startReadyAgent } from './support/agent.ts';
import { builtContainerd } from './support/built.ts';
import { type Containerd, startContainerd } from './support/containerd.ts';
import { createPlace, type Place } from './support/place.ts';
import { createRegistryWorld, type RegistryWorld } from './support/registry-world.ts';
import { until } from './support/until.ts';

const registry = 'registry.test';
const path = `${registry}/hosts.toml`;
const mirror = "[host.'http://first.test:5000']\ncapabilities = ['pull', 'resolve']\n";

/** Each dies of its own mistakes: a table beside a value in `[host]`, and a date where text belongs. */
const releases = [
  { name: "Debian's containerd 1.6", text: `[host]\ntimeout = '5s'\n\n${mirror}`, panic: /not \*toml\.Tree/ },
  {
    name: 'containerd 2.2.9',
    bin: builtContainerd('2.2.9'),
    text: `${mirror}dial_timeout = 2026-01-01T00:00:00Z\n`,
    panic: /^panic: /m,
  },
] as const;

type Release = (typeof releases)[number];

type Ground = {
  readonly place: Place;
  readonly world: RegistryWorld;
  readonly containerd: Containerd;
  readonly agent: () => Promise<Agent>;
  readonly plant: () => void;
};

const createGround = async (t: TestContext, release: Release, mode: 'alarm' | 'quarantine'): Promise<Ground> => {
  const place = createPlace(t, { config: `handspegel: { deadlyFiles: ${mode}, controlPlane: { addresses: [] } }\n` });
  const world = await createRegistryWorld(t, place.dir);
  const bin = 'bin' in release ? { bin: release.bin } : {};
  const program = 'bin' in release ? join(release.bin, 'containerd') : 'containerd';
  const version = (await run(t, [program, '--version'])).trim();
  t.diagnostic(version);
  const flags = ['--containerd-version', version.split(' ')[2]?.replace(/^v/, '') ?? ''];
  return {
    place,
    world,
    containerd: await startContainerd(t, { dir: place.dir, certsDir: place.certsDir, wrap: world.wrap, ...bin }),
    agent: () => startReadyAgent(t, place, { flags }),
    plant: () => writeDirectory(place.certsDir, { [path]: release.text }),
  };
};

let pulls = 0;

/** Another image each time, so that none is there already; the daemon must live on. */
const pullsWell = async ({ containerd, world }: Ground): Promise<void> => {
  pulls += 1;
  world.asked();
  await containerd.pullOverCri(`${registry}/pull-${pulls}:v1`);
  assert.ok(world.asked().some(({ host }) => host === registry));
  await containerd.ctr('version');
  assert.equal(containerd.process.child.exitCode, null, containerd.process.output());
};

const isGone = (place: Place): boolean => place.files()[path] === undefined;

for (const release of releases) {
  describe(`a file that kills ${release.name}`, () => {
    it('kills it at the next pull when it is only said', async (t) => {
      const ground = await createGround(t, release, 'alarm');
      ground.plant();
      const agent = await ground.agent();
      const status = await agent.status();
      const problem = status.problems.find(({ code }) => code === 'deadly-file');
      assert.equal(problem?.path, path);
      assert.ok(status.files.some((file) => file.path === path && file.deadly !== undefined));
      const isSaid = (): boolean => /"level":"warn"[^\n]*"event":"deadly"/.test(agent.output());
      await agent.until('it is said', () => isSaid() || undefined);
      assert.equal(ground.place.files()[path], release.text);

      await assert.rejects(ground.containerd.pullOverCri(`${registry}/pull-0:v1`));
      await until('containerd is dead', () => ground.containerd.process.child.exitCode ?? undefined);
      const { output } = await ground.containerd.process.ended;
      assert.match(output, release.panic);
    });

    it('does not reach it in quarantine, whatever Spegel does, nor after release', async (t) => {
      const ground = await createGround(t, release, 'quarantine');
      const { place } = ground;
      // As slow as a real one on a busy node: a start that is over before anybody looks is no hand-off to wait for.
      const pause = () => setTimeout(50);
      const spegel = createSpegel({ family: 'v0.4', certsDir: place.certsDir, nodeIp: place.nodeIp, pause });
      ground.plant();
      await spegel.start();
      ground.plant();
      const agent = await ground.agent();
      await agent.until('the file is gone', () => isGone(place));
      await pullsWell(ground);

      const before = place.journal().length;
      await spegel.start();
      await agent.until('Spegel was seen', () =>
        place
          .journal()
          .slice(before)
          .some(({ event }) => event === 'spegel-done'),
      );
      assert.ok(isGone(place));
      await pullsWell(ground);

      ground.plant();
      const ms = await agent.until('the file is gone again', () => isGone(place));
      t.diagnostic(`moved away after ${Math.round(ms)} ms`);
      await pullsWell(ground);

      assert.equal(place.files()[`_backup/${path}`], release.text);
      assert.deepEqual((await spegel.uninstall()).failures, []);
      await agent.until("what Spegel's hook put back is gone", () => isGone(place));
      await pullsWell(ground);
      assert.equal(place.journal().filter(({ event }) => event === 'deadly').length, 1, 'said once');

      const released = await handspegel(t, place, ['release']);
      assert.equal(released.code, 0, released.output);
      assert.ok(isGone(place));
      assert.equal(place.files()[`${path}.deadly`], release.text);
      await pullsWell(ground);
    });
  });
}
