import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { writeDirectory } from '../support/directory.ts';
import { createSpegelRegistry, type SpegelRegistry } from '../support/spegel/registry.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';
import type { Pause } from '../support/spegel/steps.ts';
import { type Agent, handspegel, startAgent, startReadyAgent } from './support/agent.ts';
import { createPlace, type Place } from './support/place.ts';
import { stays, together } from './support/until.ts';

const extensions = ['_default', 'great-registry.com', 'quay.io']
  .map(
    (registry) => `
  x-${registry}:
    path: templates/root_dir/etc/containerd/certs.d/${registry}/hosts.toml
    content: |
      [host.'https://my-mirror.internal']
      capabilities = ['pull', 'resolve']
`,
  )
  .join('');
const configOf = (settings = ''): string => `${settings}extensions:${extensions}`;

const theirs = {
  '_default/hosts.toml': "server = 'https://before.example.com'\n",
  'ghcr.io/hosts.toml': "server = 'https://ghcr.io'\n",
  'quay.io/ca.crt': 'somebody put this here\n',
  'quay.io/hosts.toml': "server = 'https://quay.io'\n",
};

/** Text, mode and owner of everything below certs.d. */
const picture = (place: Place): string =>
  JSON.stringify([
    place.files(),
    readdirSync(place.certsDir, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((path) => {
        const { mode, uid, gid } = lstatSync(join(place.certsDir, path));
        return `${path} ${mode.toString(8)} ${uid}:${gid}`;
      }),
  ]);

const plant = (place: Place): string => {
  writeDirectory(place.certsDir, theirs);
  chmodSync(join(place.certsDir, 'quay.io/hosts.toml'), 0o640);
  chownSync(join(place.certsDir, 'quay.io/hosts.toml'), 65534, 65534);
  chmodSync(join(place.certsDir, 'quay.io'), 0o700);
  return picture(place);
};

const isOurs = (place: Place): boolean =>
  ['_default', 'great-registry.com', 'quay.io'].every((registry) =>
    place.files()[`${registry}/hosts.toml`]?.startsWith('# handspegel '),
  );

const nothingElseIsLeft = (place: Place): void => {
  assert.deepEqual(readdirSync(place.stateDir), ['released']);
  assert.deepEqual(readdirSync(place.etc), ['certs.d']);
};

describe('release', together, () => {
  it('of a running agent: what was there before is there again, until resume', async (t) => {
    const place = createPlace(t, { config: configOf() });
    const before = plant(place);
    const agent = await startReadyAgent(t, place);
    assert.ok(isOurs(place));
    const ended = await handspegel(t, place, ['release']);
    assert.equal(ended.code, 0, ended.output);
    assert.equal(picture(place), before);
    await agent.until('only `released` is left', () => {
      nothingElseIsLeft(place);
      return true;
    });
    const second = await handspegel(t, place, ['release']);
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /already released/);
    assert.equal((await agent.get('/readyz')).code, 200);

    // It lasts over restarts, and over changes of the configuration.
    assert.equal((await agent.stop()).code, 0);
    nothingElseIsLeft(place);
    const again = await startReleased(t, place);
    place.configure(configOf('# another text\n'));
    await stays('as before', 1_500, () => picture(place) === before);
    nothingElseIsLeft(place);

    const resumed = await handspegel(t, place, ['resume']);
    assert.equal(resumed.code, 0, resumed.output);
    await again.until('ours again', () => isOurs(place) || undefined);
    await again.whenStatus('at work again', ({ phase }) => phase.phase === 'bootstrap');
    assert.equal(existsSync(join(place.stateDir, 'released')), false);
    assert.equal((await handspegel(t, place, ['release'])).code, 0);
    assert.equal(picture(place), before);
  });

  it('without an agent: the same, and an agent that starts later leaves everything alone', async (t) => {
    const place = createPlace(t, { config: configOf() });
    const before = plant(place);
    const agent = await startReadyAgent(t, place);
    await agent.stop();
    assert.ok(isOurs(place));
    const ended = await handspegel(t, place, ['release']);
    assert.equal(ended.code, 0, ended.output);
    assert.equal(picture(place), before);
    nothingElseIsLeft(place);
    const second = await handspegel(t, place, ['release']);
    assert.match(second.output, /already released/);
    assert.equal(second.code, 0);
    const later = await startReleased(t, place);
    await stays('as before', 1_500, () => picture(place) === before);
    await later.stop();
    assert.equal((await handspegel(t, place, ['resume'])).code, 0);
    assert.equal(picture(place), before);
    assert.equal((await handspegel(t, place, ['resume'])).code, 0);
    await startReadyAgent(t, place);
    assert.ok(isOurs(place));
  });

  for (const running of [true, false]) {
    it(`takes the directories along that it had to make, ${running ? 'with' : 'without'} an agent`, async (t) => {
      const place = createPlace(t, { config: configOf() });
      rmSync(dirname(place.etc), { recursive: true });
      const agent = await startReadyAgent(t, place);
      assert.ok(isOurs(place));
      if (!running) await agent.stop();
      const ended = await handspegel(t, place, ['release']);
      assert.equal(ended.code, 0, ended.output);
      assert.equal(existsSync(dirname(place.etc)), false);
      await agent.stop();
      // Another start makes them for the time that it runs, for its lock, at most.
      const again = await startReleased(t, place);
      await again.stop();
      assert.equal(existsSync(dirname(place.etc)), false);
      assert.deepEqual(readdirSync(place.stateDir), ['released']);
    });
  }

  it('asked for in the configuration: the same, until the field is gone', async (t) => {
    const place = createPlace(t, { config: configOf() });
    const before = plant(place);
    const agent = await startReadyAgent(t, place);
    place.configure(configOf('handspegel:\n  release: true\n'));
    await agent.until('as before', () => picture(place) === before || undefined);
    await agent.until('only `released` is left', () => {
      nothingElseIsLeft(place);
      return true;
    });
    place.configure(configOf());
    await agent.until('ours again', () => isOurs(place) || undefined);
  });

  it('at termination, when the configuration asks for it; the next start writes again', async (t) => {
    const place = createPlace(t, { config: configOf('handspegel:\n  onTermination: release\n') });
    const before = plant(place);
    const agent = await startReadyAgent(t, place);
    assert.ok(isOurs(place));
    const ended = await agent.stop();
    assert.equal(ended.code, 0, ended.output);
    assert.equal(picture(place), before);
    await startReadyAgent(t, place);
    assert.ok(isOurs(place));
  });
});

type Beside = {
  readonly place: Place;
  readonly spegel: Spegel;
  readonly registry: SpegelRegistry;
  readonly before: string;
};

const besideSpegel = async (t: TestContext, pause?: Pause): Promise<Beside> => {
  const place = createPlace(t, { config: configOf() });
  const before = plant(place);
  const spegel = createSpegel({
    family: 'v0.7',
    certsDir: place.certsDir,
    nodeIp: place.nodeIp,
    // A real one cannot be held back between two steps.
    ...(pause === undefined ? {} : { pause, bin: false }),
  });
  const addresses = [30020, 30021].map((port) => ({ host: place.nodeIp, port }));
  const registry = await createSpegelRegistry({ family: spegel.family, addresses });
  t.after(() => registry.close());
  return { place, spegel, registry, before };
};

describe('release beside Spegel', together, () => {
  for (const running of [true, false]) {
    it(`leaves Spegel its file, and what was there before in _backup/, ${running ? 'with' : 'without'} an agent`, async (t) => {
      const { place, spegel, before } = await besideSpegel(t);
      const agent = await startReadyAgent(t, place);
      await spegel.start();
      await agent.until('handed over', () => place.files()['great-registry.com/hosts.toml'] !== undefined || undefined);
      await agent.whenStatus(
        'at rest',
        ({ waitingFor, phase }) => waitingFor === undefined && phase.phase === 'spegel',
      );
      if (!running) await agent.stop();
      const ended = await handspegel(t, place, ['release']);
      assert.equal(ended.code, 0, ended.output);
      const { '_default/hosts.toml': standing, ...rest } = place.files();
      assert.equal(standing, spegel.expectedFile('_default'));
      const { '_default/hosts.toml': _, ...others } = theirs;
      const backup = Object.entries(theirs).map(([path, text]) => [`_backup/${path}`, text]);
      assert.deepEqual(rest, { ...others, ...Object.fromEntries(backup) });
      assert.deepEqual((await spegel.uninstall()).failures, []);
      assert.equal(picture(place), before);
    });
  }

  it("asks Spegel's mirrors anew: one that has just come back gets its file", async (t) => {
    const { place, spegel, registry } = await besideSpegel(t);
    await registry.behave('refuse');
    place.configure(configOf('cluster: {addon: {spegel: {helm_values: {spegel: {containerdMirrorAdd: false}}}}}\n'));
    const agent = await startReadyAgent(t, place);
    await spegel.start();
    await agent.whenStatus(
      'held, and its mirrors have refused for a while: they are asked every 5 s',
      ({ files, mirrors }) =>
        files.some(({ standIn }) => standIn === 'held') &&
        mirrors.filter(({ url, recent }) => url.includes(place.nodeIp) && recent.length >= 3).length === 2,
    );
    await registry.behave('well');
    const ended = await handspegel(t, place, ['release']);
    assert.equal(ended.code, 0, ended.output);
    assert.equal(place.files()['_default/hosts.toml'], spegel.expectedFile('_default'));
  });

  it('while Spegel is at work: says within 5 s that it goes on, and does', async (t) => {
    const held = { back: false };
    const goOn = Promise.withResolvers<void>();
    const { place, spegel, before } = await besideSpegel(t, async ({ op, path }) => {
      if (op === 'rename' && path.includes('_backup') && held.back) await goOn.promise;
    });
    const agent = await startReadyAgent(t, place);
    await spegel.start();
    await agent.whenStatus('phase spegel', ({ phase }) => phase.phase === 'spegel');
    await agent.whenStatus('at rest', ({ waitingFor }) => waitingFor === undefined);
    held.back = true;
    const uninstalling = spegel.uninstall();
    await agent.whenStatus('Spegel at work', ({ waitingFor }) => waitingFor?.includes('Spegel is at work') === true);
    const ended = await handspegel(t, place, ['release']);
    assert.equal(ended.code, 1, ended.output);
    assert.match(ended.output, /it goes on: Spegel is at work/);
    goOn.resolve();
    assert.deepEqual((await uninstalling).failures, []);
    await agent.until('as before', () => picture(place) === before || undefined);
    await agent.until('only `released` is left', () => {
      nothingElseIsLeft(place);
      return true;
    });
  });
});

/** An agent that starts while released has no socket to ask: its health listener says that it runs. */
const startReleased = async (t: TestContext, place: Place): Promise<Agent> => {
  const agent = startAgent(t, place);
  assert.equal((await agent.get('/readyz')).code, 200);
  return agent;
};
