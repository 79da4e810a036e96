import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Agent, startReadyAgent } from './support/agent.ts';
import { configOf, path, says } from './support/great-registry.ts';
import { mount } from './support/mount.ts';
import { createPlace, type Place } from './support/place.ts';
import { stays, together } from './support/until.ts';

type Change = { readonly to: (text: string) => void; readonly place: Place };

const ways: Readonly<Record<string, (t: TestContext) => Change>> = {
  'a file replaced by a rename': (t) => {
    const place = createPlace(t, { config: configOf('one') });
    return { place, to: place.configure };
  },
  'a file rewritten in place': (t) => {
    const place = createPlace(t, { config: configOf('one') });
    return { place, to: (text) => writeFileSync(place.config, text) };
  },
  'a file removed and made anew': (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const to = (text: string): void => {
      rmSync(place.config);
      writeFileSync(place.config, text);
    };
    return { place, to };
  },
  'a ConfigMap mount': (t) => {
    const place = createPlace(t);
    rmSync(place.config);
    mkdirSync(place.config);
    mount(place.config, configOf('one'));
    symlinkSync('..data/config.yaml', join(place.config, 'config.yaml'));
    return { place, to: (text) => mount(place.config, text) };
  },
};

/** Nothing is under way: what was changed has been seen, and no write follows. */
const atRest = (agent: Agent): Promise<unknown> =>
  agent.whenStatus('at rest', ({ waitingFor }) => waitingFor === undefined);

describe('the configuration changes', together, () => {
  for (const [what, way] of Object.entries(ways)) {
    it(`as ${what}: the file is rewritten once each time, the other one never`, async (t) => {
      const { place, to } = way(t);
      const agent = await startReadyAgent(t, place);
      await agent.until('the first one', () => says(place, 'one') || undefined);
      const written = place.writes(path);
      const other = place.stamp('_default/hosts.toml');
      for (const mirror of ['two', 'three', 'four']) {
        to(configOf(mirror));
        const ms = await agent.until(mirror, () => says(place, mirror) || undefined);
        t.diagnostic(`rewritten after ${Math.round(ms)} ms`);
      }
      await stays('the last one', 2_500, () => says(place, 'four'));
      await atRest(agent);
      assert.equal(place.writes(path), written + 3);
      assert.equal(place.stamp('_default/hosts.toml'), other);
      // The same text once more is no change.
      const stamp = place.stamp(path);
      to(configOf('four'));
      await stays('the same file', 2_500, () => place.stamp(path) === stamp);
    });
  }

  it('to a broken one: the last good one stays in force, also over a restart, until it is put right', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const agent = await startReadyAgent(t, place);
    const stamp = place.stamp(path);
    place.configure('extensions: [this, is, no, map]\n');
    const status = await agent.whenStatus('last good', ({ configuration }) => configuration.inForce === 'last good');
    assert.ok(status.problems.some(({ severity }) => severity === 'error'));
    await agent.until('the log says so', () => agent.output().includes('"level":"error"') || undefined);
    await agent.stop();
    const again = await startReadyAgent(t, place);
    await again.whenStatus('last good', ({ configuration }) => configuration.inForce === 'last good');
    assert.equal(place.stamp(path), stamp);
    place.configure(configOf('two'));
    await again.until('the new one', () => says(place, 'two') || undefined);
    await again.whenStatus('no problem', ({ problems }) => problems.length === 0);
  });

  it('is deleted: nothing changes, and it is said', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const agent = await startReadyAgent(t, place);
    const stamp = place.stamp(path);
    rmSync(place.config);
    const status = await agent.whenStatus('last good', ({ configuration }) => configuration.inForce === 'last good');
    assert.ok(status.problems.length > 0);
    assert.equal(place.stamp(path), stamp);
    place.configure(configOf('two'));
    await agent.until('the new one', () => says(place, 'two') || undefined);
  });
});

describe('a file that is right', together, () => {
  it('is never written again: over restarts, wake-ups and time its inode and times stay', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const stamps = (): string => `${place.stamp(path)} ${place.stamp('_default/hosts.toml')}`;
    const first = await startReadyAgent(t, place);
    const before = stamps();
    for (let touch = 0; touch < 5; touch++) {
      mkdirSync(join(place.certsDir, 'wakes-it.up'));
      rmSync(join(place.certsDir, 'wakes-it.up'), { recursive: true });
    }
    await stays('unchanged', 1_000, () => stamps() === before);
    await first.stop();
    const second = await startReadyAgent(t, place);
    assert.equal(stamps(), before);
    await second.stop('SIGKILL');
    const third = await startReadyAgent(t, place);
    await stays('unchanged', 1_000, () => stamps() === before);
    assert.deepEqual((await third.status()).problems, []);
    assert.equal(place.writes(path), 1);
  });
});
