import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { writeDirectory } from '../support/directory.ts';
import { createSpegelRegistry } from '../support/spegel/registry.ts';
import { createSpegel, type Spegel } from '../support/spegel/spegel.ts';
import { type Agent, handspegel, startAgent, startReadyAgent } from './support/agent.ts';
import { createPlace, type Place } from './support/place.ts';
import { together } from './support/until.ts';

const path = 'great-registry.com/hosts.toml';
const great = (mirror: string): string => `
  great:
    path: templates/root_dir/etc/containerd/certs.d/${path}
    content: |
      [host.'https://${mirror}']
      capabilities = ['pull', 'resolve']
`;
const configOf = (mirror: string): string => `extensions:${great(mirror)}`;
const says = (place: Place, mirror: string): boolean => place.body(path)?.includes(`https://${mirror}'`) === true;

const stateOf = (place: Place): readonly string[] => readdirSync(place.stateDir).sort();

/** It reacts to files, configuration and commands, and remembers. */
const works = async (agent: Agent, mirror: string): Promise<void> => {
  const { place } = agent;
  place.configure(configOf(mirror));
  await agent.until(mirror, () => says(place, mirror) || undefined);
  rmSync(join(place.certsDir, '_default/hosts.toml'));
  await agent.until('_default', () => place.body('_default/hosts.toml'));
  await agent.whenStatus('commands reach it, nothing is wrong', ({ problems }) => problems.length === 0, 30_000);
  await agent.until(
    'it remembers',
    () => readFileSync(join(place.stateDir, 'ledger.json'), 'utf8').includes('_default/hosts.toml') || undefined,
  );
};

describe('certs.d is lost while the agent runs', together, () => {
  const losses: Readonly<Record<string, (place: Place) => void>> = {
    'moved away and made anew': (place) => {
      renameSync(place.certsDir, join(place.dir, 'old'));
      mkdirSync(place.certsDir);
    },
    'moved away': (place) => renameSync(place.certsDir, join(place.dir, 'old')),
    'moved away, with a link to another directory in its place': (place) => {
      renameSync(place.certsDir, join(place.dir, 'old'));
      mkdirSync(join(place.dir, 'elsewhere'));
      symlinkSync(join(place.dir, 'elsewhere'), place.certsDir);
    },
    'removed with everything in it': (place) => rmSync(place.certsDir, { recursive: true }),
    'removed with its parent': (place) => rmSync(place.etc, { recursive: true }),
    'replaced with its parent': (place) => {
      renameSync(place.etc, join(place.dir, 'old'));
      mkdirSync(place.certsDir, { recursive: true });
    },
  };
  for (const [what, lose] of Object.entries(losses)) {
    it(`${what}: the files are there again, and the new directory is looked after`, async (t) => {
      const place = createPlace(t, { config: configOf('one') });
      const agent = await startReadyAgent(t, place);
      const before = place.files();
      lose(place);
      const same = (): boolean => JSON.stringify(place.files()) === JSON.stringify(before);
      const ms = await agent.until('the same files', () => same() || undefined, 60_000);
      t.diagnostic(`there again after ${Math.round(ms)} ms`);
      await works(agent, 'two');
      assert.deepEqual(readdirSync(place.etc), ['certs.d']);
      assert.equal((await agent.stop()).code, 0);
    });
  }
});

describe('the state directory', { concurrency: 3 }, () => {
  it('is removed while the agent runs: files stay, and it is made anew', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const agent = await startReadyAgent(t, place);
    const stamp = place.stamp(path);
    rmSync(place.stateDir, { recursive: true });
    await agent.until('commands reach it again', () => agent.status(), 30_000);
    assert.equal(place.stamp(path), stamp);
    await works(agent, 'two');
  });

  it("is removed while the agent runs: copies of somebody's files are kept anew", async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const theirs = { 'quay.io/ca.crt': 'theirs\n', 'quay.io/hosts.toml': "server = 'https://quay.io'\n" };
    writeDirectory(place.certsDir, theirs);
    const agent = await startReadyAgent(t, place);
    rmSync(place.stateDir, { recursive: true });
    await agent.until('commands reach it again', () => agent.status(), 30_000);
    await agent.until('it remembers', () => stateOf(place).includes('ledger.json') || undefined);
    await agent.whenStatus('it says so', ({ journal }) => journal.some(({ event }) => event === 'state-lost'));
    await agent.stop('SIGKILL');
    // The proof: they come back although no agent has seen them since.
    const again = await startReadyAgent(t, place);
    const spegel = createSpegel({ family: 'v0.4', certsDir: place.certsDir, nodeIp: place.nodeIp });
    await spegel.start();
    await again.until(
      'they are back',
      () => Object.entries(theirs).every(([name, text]) => place.files()[name] === text) || undefined,
    );
  });

  const damages: Readonly<Record<string, (file: string) => void>> = {
    'no JSON': (file) => writeFileSync(file, '{"format": 1, "written'),
    'of 0 bytes': (file) => writeFileSync(file, ''),
    'something else': (file) => writeFileSync(file, '[1, 2, 3]'),
    'of a later format': (file) => writeFileSync(file, '{"format": 99}'),
    binary: (file) => writeFileSync(file, Buffer.from([0, 255, 254, 1, 2])),
    'a directory': (file) => {
      rmSync(file);
      mkdirSync(file);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    it(`each of its files is ${what} at the start: no file of certs.d changes, and it goes on`, async (t) => {
      const place = createPlace(t, { config: configOf('one') });
      const first = await startReadyAgent(t, place);
      await first.stop();
      const stamps = `${place.stamp(path)} ${place.stamp('_default/hosts.toml')}`;
      for (const name of stateOf(place)) if (name !== 'objects') damage(join(place.stateDir, name));
      const agent = await startReadyAgent(t, place);
      assert.equal(`${place.stamp(path)} ${place.stamp('_default/hosts.toml')}`, stamps);
      await agent.until('it says so', () => /damaged|lost/.test(agent.output()) || undefined);
      place.configure(configOf('two'));
      await agent.until('two', () => says(place, 'two') || undefined);
      assert.equal((await agent.stop()).code, 0);
    });
  }

  it('is open to others at the start: the agent ends and says what to do, and touches nothing', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    mkdirSync(place.stateDir);
    chmodSync(place.stateDir, 0o777);
    const ended = await startAgent(t, place).ended;
    assert.equal(ended.code, 1, ended.output);
    assert.match(ended.output, /writable by other users/);
    assert.deepEqual(place.files(), {});
    chmodSync(place.stateDir, 0o755);
    const agent = await startReadyAgent(t, place);
    assert.ok(says(place, 'one'));
    assert.equal((await agent.stop()).code, 0);
  });
});

type Beside = { readonly place: Place; readonly spegel: Spegel; readonly agent: Agent };

const _default = '_default/hosts.toml';

const withHandoff = (handoff: string): string => `extensions:
  both:
    path: templates/root_dir/etc/containerd/certs.d/_default/hosts.toml
    handoff: ${handoff}
    content: |
      [host.'https://my-mirror.internal']
      capabilities = ['pull', 'resolve']
`;

/** What stands in for Spegel's file, and which configuration ends it. */
const standIns = {
  merged: { during: withHandoff('merge'), after: '{}\n', keepsBytes: true },
  held: { during: withHandoff('hold'), after: '{}\n', keepsBytes: true },
  // 0 bytes have no room for Spegel's: they are in the state directory only.
  emptied: { during: 'cluster: { addon: { spegel: { enabled: false } } }\n', after: '{}\n', keepsBytes: false },
} as const;

const beside = async (t: TestContext, during: string): Promise<Beside> => {
  const place = createPlace(t);
  const spegel = createSpegel({ family: 'v0.4', certsDir: place.certsDir, nodeIp: place.nodeIp });
  const addresses = [30020, 30021].map((port) => ({ host: place.nodeIp, port }));
  const registry = await createSpegelRegistry({ family: spegel.family, addresses });
  t.after(() => registry.close());
  const agent = await startReadyAgent(t, place);
  await spegel.start();
  await agent.whenStatus(
    'handed over',
    ({ phase, waitingFor }) => phase.phase === 'spegel' && waitingFor === undefined,
  );
  place.configure(during);
  await agent.until('a stand-in', () => place.files()[_default] !== spegel.expectedFile('_default') || undefined);
  await agent.whenStatus('at rest', ({ waitingFor }) => waitingFor === undefined);
  return { place, spegel, agent };
};

describe('the state directory is lost while a file of ours stands in for Spegel’s', { concurrency: 4 }, () => {
  for (const [what, { during, after, keepsBytes }] of Object.entries(standIns)) {
    it(`${what}, while the agent runs: Spegel's bytes come back when that ends`, async (t) => {
      const { place, spegel, agent } = await beside(t, during);
      const stamp = place.stamp(_default);
      rmSync(place.stateDir, { recursive: true });
      await agent.until('commands reach it again', () => agent.status(), 30_000);
      assert.equal(place.stamp(_default), stamp);
      place.configure(after);
      await agent.until(
        "Spegel's own file",
        () => place.files()[_default] === spegel.expectedFile('_default') || undefined,
      );
    });

    it(`${what}, before a start: ${keepsBytes ? "Spegel's bytes come back" : 'a file that works comes'} when that ends`, async (t) => {
      const { place, spegel, agent } = await beside(t, during);
      await agent.stop();
      const stamp = place.stamp(_default);
      rmSync(place.stateDir, { recursive: true });
      const again = startAgent(t, place);
      // Without its memory an empty file beside a _backup/ may be Spegel at work: it waits for 30 s.
      await again.whenStatus('ready', ({ ready }) => ready, 90_000);
      assert.equal(place.stamp(_default), stamp);
      place.configure(after);
      await again.until(
        'a file again',
        () =>
          (keepsBytes
            ? place.files()[_default] === spegel.expectedFile('_default')
            : place.body(_default)?.includes(`http://${place.nodeIp}:30020`)) || undefined,
      );
    });
  }

  it("mended, at any time: the mended file stays, and Spegel's bytes are kept", async (t) => {
    const place = createPlace(t, {
      config: 'cluster: { addon: { spegel: { helm_values: { spegel: { prependExisting: true } } } } }\n',
    });
    const spegel = createSpegel({
      family: 'v0.4',
      certsDir: place.certsDir,
      nodeIp: place.nodeIp,
      values: { spegel: { prependExisting: true } },
    });
    const addresses = [30020, 30021].map((port) => ({ host: place.nodeIp, port }));
    const registry = await createSpegelRegistry({ family: spegel.family, addresses });
    t.after(() => registry.close());
    const agent = await startReadyAgent(t, place);
    await spegel.start();
    // Nothing is written in the quarter of a second after Spegel's last step.
    const spegels = place.files()[_default];
    await agent.whenStatus('mended', ({ files }) =>
      files.some((file) => file.path === _default && file.standIn === 'mended'),
    );
    await agent.until('the mended file', () => place.files()[_default]?.startsWith('# handspegel ') || undefined);
    await agent.whenStatus('at rest', ({ waitingFor }) => waitingFor === undefined);
    const written = place.files()[_default];
    const stamp = place.stamp(_default);
    rmSync(place.stateDir, { recursive: true });
    await agent.until('commands reach it again', () => agent.status(), 30_000);
    assert.equal(place.stamp(_default), stamp);
    await agent.stop();
    rmSync(place.stateDir, { recursive: true });
    const again = await startReadyAgent(t, place);
    await again.whenStatus('mended still', ({ files }) =>
      files.some((file) => file.path === _default && file.standIn === 'mended'),
    );
    assert.equal(place.files()[_default], written);
    const ended = await handspegel(t, place, ['release']);
    assert.equal(ended.code, 0, ended.output);
    assert.equal(place.files()[_default], spegels);
  });
});
