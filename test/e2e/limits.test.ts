import assert from 'node:assert/strict';
import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createSpegelRegistry } from '../support/spegel/registry.ts';
import { createSpegel } from '../support/spegel/spegel.ts';
import { type Agent, run, type startAgent, startReadyAgent } from './support/agent.ts';
import { configOf, path, says } from './support/great-registry.ts';
import { createLimits } from './support/namespaces.ts';
import { createPlace, type Place } from './support/place.ts';
import { stays, together } from './support/until.ts';

/** It reacts to files and to its configuration. */
const works = async (agent: Agent, place: Place, mirror: string): Promise<void> => {
  place.configure(configOf(mirror));
  await agent.until(mirror, () => says(place, mirror) || undefined);
  unlinkSync(join(place.certsDir, '_default/hosts.toml'));
  await agent.until('_default', () => place.body('_default/hosts.toml'));
};

describe('inotify is exhausted', { concurrency: true }, () => {
  const cases = {
    max_inotify_instances: /no inotify instance or file descriptor is left/,
    max_inotify_watches: /no inotify watch is left/,
  };
  for (const [limit, why] of Object.entries(cases)) {
    it(`${limit}: it looks every second instead, says why, and watches again when it can`, async (t) => {
      const place = createPlace(t, { config: configOf('one') });
      const limits = await createLimits(t, { [limit]: 0 });
      const agent = await startReadyAgent(t, place, { wrap: limits.wrap });
      await agent.until('it says why', () => why.test(agent.output()) || undefined);
      await works(agent, place, 'two');
      await limits.sh(`echo 1000 > /proc/sys/user/${limit}`);
      await agent.until(
        'it watches again',
        () => agent.output().includes('files are watched again') || undefined,
        90_000,
      );
      await works(agent, place, 'three');
      assert.equal((await agent.stop()).code, 0);
    });
  }
});

describe('no file descriptor is left', together, () => {
  it('nothing that cannot be read counts as gone, the cause is said, and it recovers by itself', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const agent = await startReadyAgent(t, place);
    await agent.get('/livez');
    const written = place.writes(path);
    const before = place.files();
    const limit = (count: number): Promise<string> =>
      run(t, ['prlimit', '--pid', String(agent.pid), `--nofile=${count}:`]);
    // Only those that are open already: everything else fails with EMFILE.
    const highest = Math.max(...readdirSync(`/proc/${agent.pid}/fd`).map(Number));
    await limit(3);
    writeFileSync(join(place.certsDir, 'wakes-it-up'), '');
    await agent.until('it says why', () => /EMFILE/.test(agent.output()) || undefined);
    await stays('every file as it was', 2_500, () => {
      const { 'wakes-it-up': _, ...now } = place.files();
      return JSON.stringify(now) === JSON.stringify(before);
    });
    await limit(highest + 1_000);
    await works(agent, place, 'two');
    await agent.whenStatus('no problem is left', ({ problems }) => problems.length === 0, 60_000);
    assert.equal(place.writes(path), written + 1);
    assert.equal((await agent.stop()).code, 0);
  });
});

const day = 24 * 3_600_000;

type Clock = { readonly options: Parameters<typeof startAgent>[2]; readonly jump: (agent: Agent, ms: number) => void };

const jumpingClock = (place: Place, start = 0): Clock => {
  const file = join(place.dir, 'clock');
  writeFileSync(file, String(start));
  const module = new URL('support/jumping-clock.ts', import.meta.url).href;
  return {
    options: { nodeFlags: ['--import', module], env: { HANDSPEGEL_E2E_CLOCK: file } },
    jump: (agent, ms) => {
      writeFileSync(file, String(ms));
      agent.child.kill('SIGUSR2');
    },
  };
};

const spegelOn = async (t: TestContext, place: Place) => {
  const spegel = createSpegel({ family: 'v0.4', certsDir: place.certsDir, nodeIp: place.nodeIp });
  const addresses = [30020, 30021].map((port) => ({ host: place.nodeIp, port }));
  const registry = await createSpegelRegistry({ family: spegel.family, addresses });
  t.after(() => registry.close());
  return { spegel, registry };
};

// The clock of the machine is everybody's: here the agent's own Date jumps, as it would see it.
for (const [direction, ms] of [
  ['forward', day],
  ['back', -day],
] as const) {
  describe(`the wall clock jumps a day ${direction}`, together, () => {
    it('while it runs: no timer fires, nothing is written, and it goes on reacting', async (t) => {
      const place = createPlace(t, { config: configOf('one') });
      const { spegel, registry } = await spegelOn(t, place);
      const { options, jump } = jumpingClock(place);
      const agent = await startReadyAgent(t, place, options);
      await spegel.start();
      const handedOver = (): boolean =>
        says(place, 'one') && place.files()['_default/hosts.toml'] === spegel.expectedFile('_default');
      await agent.until('handed over', () => handedOver() || undefined);
      await registry.behave('refuse');
      await agent.whenStatus(
        'the mirrors refuse',
        ({ mirrors }) => mirrors.length > 0 && mirrors.every(({ verdict }) => verdict === 'refused'),
      );
      const stamp = place.stamp(path);
      jump(agent, ms);
      await stays('nothing is an orphan', 3_000, () => handedOver() && place.stamp(path) === stamp);
      assert.equal((await agent.get('/livez')).code, 200);
      place.configure(configOf('two'));
      await agent.until('the new configuration', () => says(place, 'two') || undefined);
      await registry.behave('well');
      await spegel.start();
      await agent.until(
        'handed over again',
        () =>
          (says(place, 'two') && place.files()['_default/hosts.toml'] === spegel.expectedFile('_default')) || undefined,
      );
      assert.equal((await agent.stop()).code, 0);
    });

    it('between two starts: what is remembered is of another day, and files stay as they are', async (t) => {
      const place = createPlace(t, { config: configOf('one') });
      const { spegel } = await spegelOn(t, place);
      const first = await startReadyAgent(t, place, jumpingClock(place).options);
      await spegel.start();
      await first.until('handed over', () => says(place, 'one') || undefined);
      await first.whenStatus(
        'at rest',
        ({ phase, waitingFor }) => phase.phase === 'spegel' && waitingFor === undefined,
      );
      await first.stop();
      const before = JSON.stringify(place.files());
      const stamp = place.stamp(path);
      const second = await startReadyAgent(t, place, jumpingClock(place, ms).options);
      await stays(
        'nothing is written',
        2_500,
        () => place.stamp(path) === stamp && JSON.stringify(place.files()) === before,
      );
      place.configure(configOf('two'));
      await second.until('the new configuration', () => says(place, 'two') || undefined);
      assert.deepEqual((await second.status()).problems, []);
    });
  });
}
