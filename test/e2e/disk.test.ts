import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Status } from '../../src/core/status.ts';
import { writeDirectory } from '../support/directory.ts';
import { type Agent, startAgent, startReadyAgent } from './support/agent.ts';
import { configOf, path, says } from './support/great-registry.ts';
import { createMounts, type Namespace } from './support/namespaces.ts';
import { createPlace, type Place, scratch } from './support/place.ts';
import { together } from './support/until.ts';

type Small = {
  readonly place: Place;
  readonly mounts: Namespace;
  /** Mounted on a file system of 256 KiB of its own. */
  readonly dir: string;
  readonly fill: () => Promise<string>;
  readonly free: () => Promise<string>;
  readonly remount: (how: 'ro' | 'rw') => Promise<string>;
};

const places = { 'certs.d': 'etc/containerd', 'the state directory': 'var/state' } as const;

const begin = async (t: TestContext, what: keyof typeof places): Promise<Small> => {
  const base = scratch(t);
  const mounts = await createMounts(t);
  const dir = join(base, places[what]);
  await mounts.sh(`mkdir -p ${dir}; mount -t tmpfs -o size=256k,mode=0700 tmpfs ${dir}; chmod 755 ${base}`);
  const place = createPlace(t, { dir: base, root: mounts.root, config: configOf('one') });
  return {
    place,
    mounts,
    dir,
    // dd ends with an error when it has filled the last page.
    fill: () => mounts.sh(`dd if=/dev/zero of=${dir}/filler bs=4k 2>/dev/null || :`),
    free: () => mounts.sh(`rm ${dir}/filler`),
    remount: (how) => mounts.sh(`mount -o remount,${how} ${dir}`),
  };
};

const statusOver = async (agent: Agent): Promise<Status> => JSON.parse((await agent.get('/api/status')).body) as Status;

const saysWhy = async (agent: Agent, code: string, why: RegExp): Promise<void> => {
  await agent.until(`it says ${why.source}`, async () => {
    const { problems } = await statusOver(agent);
    return problems.some((problem) => problem.code === code && why.test(problem.message)) || undefined;
  });
  assert.match(agent.output(), why, 'the log says it, too');
};

const noProblem = (agent: Agent): Promise<number> =>
  agent.until('no problem is left', async () => (await statusOver(agent)).problems.length === 0 || undefined);

const troubles = {
  'is full': {
    begin: (small: Small) => small.fill(),
    end: (small: Small) => small.free(),
    why: /ENOSPC|no space|full/i,
  },
  'turns read-only': {
    begin: (small: Small) => small.remount('ro'),
    end: (small: Small) => small.remount('rw'),
    why: /EROFS|read-only/i,
  },
} as const;

for (const [trouble, how] of Object.entries(troubles)) {
  describe(`the file system of certs.d ${trouble}`, together, () => {
    it('the last good file stays, the cause is said, and it recovers by itself', async (t) => {
      const small = await begin(t, 'certs.d');
      const { place, mounts } = small;
      const agent = await startReadyAgent(t, place, { wrap: mounts.wrap });
      const before = place.files();
      const stamp = place.stamp(path);
      await how.begin(small);
      place.configure(configOf('two'));
      await saysWhy(agent, 'write-failed', how.why);
      const { [`filler`]: _, ...files } = place.files();
      assert.deepEqual(files, before);
      assert.equal(place.stamp(path), stamp);
      await how.end(small);
      const ms = await agent.until('the new content', () => says(place, 'two') || undefined);
      t.diagnostic(`right again ${Math.round(ms)} ms after the end of it`);
      await noProblem(agent);
      assert.equal(await mounts.sh(`ls -A ${place.etc}`), 'certs.d\n');
      assert.equal((await agent.stop()).code, 0);
    });

    it('already at the first start: it is not ready, says why, and writes when it can', async (t) => {
      const small = await begin(t, 'certs.d');
      const { place, mounts } = small;
      await how.begin(small);
      const agent = startAgent(t, place, { wrap: mounts.wrap });
      await saysWhy(agent, 'write-failed', how.why);
      const { code, body } = await agent.get('/readyz');
      assert.equal(code, 503, body);
      assert.match(body, how.why);
      await how.end(small);
      await agent.until('the file', () => says(place, 'one') || undefined);
      await agent.until('it is ready', async () => (await agent.get('/readyz')).code === 200 || undefined);
      await noProblem(agent);
    });
  });

  describe(`the file system of the state directory ${trouble}`, together, () => {
    it('files are kept right all the same, the cause is said, and it recovers by itself', async (t) => {
      const small = await begin(t, 'the state directory');
      const { place, mounts } = small;
      const agent = await startReadyAgent(t, place, { wrap: mounts.wrap });
      await how.begin(small);
      place.configure(configOf('two'));
      await agent.until('the new content', () => says(place, 'two') || undefined);
      await saysWhy(agent, 'state-not-saved', how.why);
      await how.end(small);
      place.configure(configOf('three'));
      await agent.until('the newest content', () => says(place, 'three') || undefined);
      await noProblem(agent);
      const ledger = (): string => readFileSync(place.at(join(place.stateDir, 'ledger.json')), 'utf8');
      await agent.until('it is remembered', () => ledger().includes('great-registry.com') || undefined);
      assert.equal((await agent.stop()).code, 0);
    });

    it('already at the first start: the files are written', async (t) => {
      const small = await begin(t, 'the state directory');
      const { place, mounts } = small;
      await how.begin(small);
      const agent = startAgent(t, place, { wrap: mounts.wrap });
      await agent.until('the file', () => says(place, 'one') || undefined);
      await saysWhy(agent, 'state-not-saved', how.why);
      await how.end(small);
      // Nothing else happens: it tries again by itself.
      await noProblem(agent);
      await agent.until('commands reach it', () => agent.status());
    });

    it("a file of somebody's is not replaced before its copy is kept", async (t) => {
      const small = await begin(t, 'the state directory');
      const { place, mounts } = small;
      const agent = await startReadyAgent(t, place, { wrap: mounts.wrap });
      await how.begin(small);
      const late = 'late.example.com/hosts.toml';
      const theirs = "server = 'https://before.example.com'\n";
      writeDirectory(place.at(place.certsDir), { [late]: theirs });
      place.configure(configOf('two', 'late.example.com'));
      await agent.whenStatus('it is decided on', (status) =>
        status.files.some((file) => file.path === late && file.reason !== 'not-ours'),
      );
      await saysWhy(agent, 'state-not-saved', how.why);
      assert.equal(place.files()[late], theirs);
      await how.end(small);
      await agent.until('ours', () => place.body(late)?.includes('https://two') || undefined);
      await noProblem(agent);
    });
  });
}

describe('the file system is read-only from the start', together, () => {
  it('with what a killed agent left: said, and swept when it can be', async (t) => {
    const small = await begin(t, 'certs.d');
    const { place, mounts, dir } = small;
    await mounts.sh(`mkdir -m 700 ${dir}/.handspegel; echo torn > ${dir}/.handspegel/1-1`);
    await small.remount('ro');
    const agent = startAgent(t, place, { wrap: mounts.wrap });
    await saysWhy(agent, 'write-failed', /EROFS/);
    await small.remount('rw');
    await agent.until('the file', () => says(place, 'one') || undefined);
    await noProblem(agent);
    assert.equal(await mounts.sh(`ls -A ${dir}`), 'certs.d\n');
  });

  it('and the directory that certs.d lies in is missing: said, and made when it can be', async (t) => {
    const small = await begin(t, 'certs.d');
    const { place, mounts, dir } = small;
    await small.remount('ro');
    const certsDir = join(dir, 'more', 'certs.d');
    const agent = startAgent(t, place, { wrap: mounts.wrap, flags: ['--certs-dir', certsDir] });
    await saysWhy(agent, 'write-failed', /EROFS/);
    assert.equal((await agent.get('/livez')).code, 200);
    await small.remount('rw');
    await agent.until('the file', () =>
      mounts.sh(`cat ${certsDir}/${path}`).then((text) => text.includes('https://one')),
    );
    await noProblem(agent);
  });
});

describe('a release that the configuration asks for, on a read-only state directory', together, () => {
  it('gives everything back, says what it cannot remember, and ends when the field goes', async (t) => {
    const small = await begin(t, 'the state directory');
    const { place, mounts } = small;
    const agent = await startReadyAgent(t, place, { wrap: mounts.wrap });
    await small.remount('ro');
    place.configure(`handspegel: {release: true}\n${configOf('one')}`);
    await agent.until('nothing of ours', () => Object.keys(place.files()).length === 0 || undefined);
    await saysWhy(agent, 'state-not-saved', /EROFS/);
    await small.remount('rw');
    const phase = async (): Promise<string> => (await statusOver(agent)).phase.phase;
    await agent.until('released', async () => (await phase()) === 'released' || undefined);
    await small.remount('ro');
    place.configure(configOf('two'));
    await agent.until('at work again', () => says(place, 'two') || undefined);
    await small.remount('rw');
    await noProblem(agent);
  });
});
