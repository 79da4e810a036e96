import assert from 'node:assert/strict';
import { chmodSync, chownSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { writeDirectory } from '../support/directory.ts';
import type { Family } from '../support/spegel/families.ts';
import { createSpegelRegistry } from '../support/spegel/registry.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';
import type { Pause } from '../support/spegel/steps.ts';
import { type Agent, startReadyAgent } from './support/agent.ts';
import { createPlace, type Place } from './support/place.ts';
import { together } from './support/until.ts';

// Rows 2 to 5 with a real agent and real pauses; thousands of plays with every pause are in test/agent.

const extension = (registry: string, mirror: string): string => `
  x-${registry}:
    path: templates/root_dir/etc/containerd/certs.d/${registry}/hosts.toml
    content: |
      [host.'${mirror}']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
`;
const configOf = (controlPlane: string, extensions = extension('great-registry.com', 'https://my-mirror.internal')) => `
handspegel:
  controlPlane:
    addresses: [${controlPlane}]
extensions:${extensions}`;

const theirs = {
  'quay.io/hosts.toml': "server = 'https://quay.io'\n",
  'quay.io/ca.crt': 'somebody put this here\n',
  'quay.io/client/key.pem': 'somebody put this here, too\n',
};
const attributes = (place: Place): readonly string[] =>
  ['quay.io', ...Object.keys(theirs), 'quay.io/client'].map((path) => {
    const { mode, uid, gid } = statSync(join(place.certsDir, path));
    return `${path} ${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
  });

const plantTheirs = (place: Place): void => {
  writeDirectory(place.certsDir, theirs);
  chmodSync(join(place.certsDir, 'quay.io/ca.crt'), 0o604);
  chmodSync(join(place.certsDir, 'quay.io/client/key.pem'), 0o400);
  chownSync(join(place.certsDir, 'quay.io/client/key.pem'), 65534, 65534);
  chmodSync(join(place.certsDir, 'quay.io'), 0o751);
};

type Play = { readonly place: Place; readonly agent: Agent; readonly spegel: Spegel };

const begin = async (
  t: TestContext,
  options: { family?: Family; config?: string; pause?: Pause; attempts?: number } = {},
): Promise<Play> => {
  const place = createPlace(t, { config: options.config ?? configOf('192.0.2.1') });
  plantTheirs(place);
  const family = options.family ?? 'v0.4';
  const spegel = createSpegel({
    family,
    certsDir: place.certsDir,
    nodeIp: place.nodeIp,
    ...(options.pause === undefined ? {} : { pause: options.pause }),
    ...(options.attempts === undefined ? {} : { attempts: options.attempts }),
  });
  const ports = spegel.family === 'main' ? [30020] : [30020, 30021];
  const registry = await createSpegelRegistry({
    family: spegel.family,
    addresses: ports.map((port) => ({ host: place.nodeIp, port })),
  });
  t.after(() => registry.close());
  return { place, agent: await startReadyAgent(t, place), spegel };
};

const theirsAreThere = ({ place }: Play): boolean =>
  Object.entries(theirs).every(([path, text]) => place.files()[path] === text);

const handedOver = (play: Play): boolean =>
  theirsAreThere(play) &&
  'great-registry.com/hosts.toml' in play.place.files() &&
  play.place.files()['_default/hosts.toml'] === play.spegel.expectedFile('_default');

const takenBack = (play: Play, controlPlane: string): boolean =>
  theirsAreThere(play) &&
  'great-registry.com/hosts.toml' in play.place.files() &&
  play.place.body('_default/hosts.toml')?.includes(`http://${controlPlane}:30020`) === true &&
  play.place.body('_default/hosts.toml')?.includes(`http://${play.place.nodeIp}:30020`) === true;

const backupOf = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([path]) => path.startsWith('_backup/')));

describe('Spegel starts on a node with an agent', together, () => {
  for (const family of ['v0.2', 'v0.4', 'v0.7', 'main'] as const) {
    it(`${family} gets its file byte for byte, registry files come back, _backup/ is left alone`, async (t) => {
      const play = await begin(t, { family });
      const { place, agent, spegel } = play;
      const before = place.files();
      const rights = attributes(place);
      assert.deepEqual((await spegel.start()).failures, []);
      const ms = await agent.until('registry files are back', () => handedOver(play) || undefined);
      t.diagnostic(`registry files back ${Math.round(ms)} ms after Spegel's last write`);
      assert.deepEqual(attributes(place), rights);
      const backup = Object.fromEntries(Object.entries(before).map(([path, text]) => [`_backup/${path}`, text]));
      assert.deepEqual(backupOf(place.files()), backup);
      const status = await agent.whenStatus('phase spegel', ({ phase }) => phase.phase === 'spegel');
      assert.deepEqual(status.problems, []);
    });
  }

  it('the same with an override of _default', async (t) => {
    const play = await begin(t, {
      config: configOf(
        '192.0.2.1',
        extension('_default', 'https://my-mirror.internal') + extension('great-registry.com', 'https://other.internal'),
      ),
    });
    assert.equal(play.place.body('_default/hosts.toml')?.includes('https://my-mirror.internal'), true);
    await play.spegel.start();
    await play.agent.until('handed over', () => handedOver(play) || undefined);
    assert.deepEqual((await play.spegel.uninstall()).failures, []);
    await play.agent.until(
      'the override is back',
      () => play.place.body('_default/hosts.toml')?.includes('https://my-mirror.internal') || undefined,
    );
  });

  it('ten later starts go the same way, and none is a conflict', async (t) => {
    const play = await begin(t);
    const { place, agent, spegel } = play;
    await spegel.start();
    await agent.until('handed over', () => handedOver(play) || undefined);
    const backup = backupOf(place.files());
    const rights = attributes(place);
    const took: number[] = [];
    for (let start = 0; start < 10; start++) {
      assert.deepEqual((await spegel.start()).failures, []);
      took.push(await agent.until(`handed over, start ${start + 2}`, () => handedOver(play) || undefined));
      assert.deepEqual(attributes(place), rights);
    }
    t.diagnostic(`registry files back after ${took.map(Math.round).join(', ')} ms`);
    assert.deepEqual(backupOf(place.files()), backup);
    const status = await agent.status();
    assert.equal(status.phase.phase, 'spegel');
    assert.deepEqual(status.problems, []);
  });

  it('a start that fails half-way and is tried again loses nothing of anybody', async (t) => {
    let steps = 0;
    const failAt = { step: 0 };
    const play = await begin(t, {
      pause: async ({ op }) => {
        steps += 1;
        await setTimeout(20);
        // The second rename of the backup never happens: the retry finds _backup/ and clears the rest.
        if (op === 'rename' && failAt.step === 0 && steps > 3) {
          failAt.step = steps;
          throw new Error('the container is killed');
        }
      },
    });
    const rights = attributes(play.place);
    const { failures } = await play.spegel.start();
    assert.equal(failures.length, play.spegel.real ? 0 : 1);
    await play.agent.until('everything is there', () => handedOver(play) || undefined);
    assert.deepEqual(attributes(play.place), rights);
  });

  it('what a person removed while Spegel rests stays removed', async (t) => {
    const play = await begin(t);
    const { place, agent, spegel } = play;
    await spegel.start();
    await agent.until('handed over', () => handedOver(play) || undefined);
    await agent.whenStatus('at rest', ({ waitingFor }) => waitingFor === undefined);
    rmSync(join(place.certsDir, 'quay.io'), { recursive: true });
    // A removed directory looks like a step of Spegel until its file has stood for a while.
    const byPerson = (): boolean =>
      place.journal().some(({ event, detail }) => event === 'spegel-done' && detail === 'person');
    await agent.until('it is known that a person did it', () => byPerson() || undefined);
    await agent.whenStatus('at rest again', ({ waitingFor }) => waitingFor === undefined);
    assert.equal('quay.io/hosts.toml' in place.files(), false);
    await spegel.start();
    await agent.until('ours is back', () => 'great-registry.com/hosts.toml' in place.files() || undefined);
    assert.equal('quay.io/hosts.toml' in place.files(), false);
  });
});

describe('Spegel is uninstalled beside an agent', together, () => {
  it('again and again, with pauses between its steps: its hook never fails, and _default is of today', async (t) => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const play = await begin(t, { pause: () => setTimeout(random() * 200) });
    const { place, agent, spegel } = play;
    const rights = attributes(place);
    for (let day = 1; day <= 3; day++) {
      assert.deepEqual((await spegel.start()).failures, []);
      await agent.until('handed over', () => handedOver(play) || undefined);
      const changing = setTimeout(random() * 500).then(() => place.configure(configOf(`192.0.2.${day + 1}`)));
      assert.deepEqual((await spegel.uninstall()).failures, []);
      await changing;
      const ms = await agent.until('taken back', () => takenBack(play, `192.0.2.${day + 1}`) || undefined);
      t.diagnostic(`taken back ${Math.round(ms)} ms after the hook's last step`);
      assert.deepEqual(attributes(place), rights);
      assert.deepEqual(backupOf(place.files()), {});
    }
    const { phase, problems } = await agent.whenStatus('bootstrap', ({ phase: now }) => now.phase === 'bootstrap');
    assert.equal(phase.phase, 'bootstrap');
    assert.deepEqual(problems, []);
  });

  it('waits while 5 s pass between its clear and its first rename', async (t) => {
    const rest = { ms: 0 };
    let cleared = false;
    const play = await begin(t, {
      pause: async ({ op, path }) => {
        if (op === 'rename' && path.includes('_backup') && !cleared && rest.ms > 0) {
          cleared = true;
          await setTimeout(rest.ms);
        }
      },
    });
    await play.spegel.start();
    await play.agent.until('handed over', () => handedOver(play) || undefined);
    rest.ms = 5_000;
    play.place.configure(configOf('192.0.2.9'));
    assert.deepEqual((await play.spegel.uninstall()).failures, []);
    await play.agent.until('taken back', () => takenBack(play, '192.0.2.9') || undefined);
  });
});
