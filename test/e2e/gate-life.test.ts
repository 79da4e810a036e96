import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createSpegel } from '../support/spegel/spegel.ts';
import { type Agent, handspegel, startReadyAgent } from './support/agent.ts';
import { type Behaviour, type Mirror, startMirror } from './support/mirror.ts';
import { createPlace, type Place } from './support/place.ts';
import { together } from './support/until.ts';

const path = '_default/hosts.toml';
/** Four times as often as by default, so that a test is short; every limit of time is generous. */
const fast = 'handspegel: {probe: {interval: 500ms, timeout: 500ms, deepInterval: 1s, remoteInterval: 1s}}\n';
const longMs = 60_000;

const costly: readonly Behaviour[] = ['silent', 'stalls', 'page', 'slow', 'breaks-off'];
const harmless: readonly Behaviour[] = ['error-500', 'not-found'];

const names = (place: Place, { url }: Mirror): boolean =>
  place
    .body(path)
    ?.split('\n')
    .some((line) => line.startsWith(`[host.'${url}']`)) ?? false;

type Line = { readonly level: string; readonly reason?: string; readonly path?: string; readonly phase?: string };

const linesOf = (agent: Agent): readonly Line[] =>
  agent
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const verdictOf = async (agent: Agent, { url }: Mirror): Promise<string | undefined> =>
  (await agent.status()).mirrors.find((mirror) => mirror.url === url)?.verdict;

const start = async (t: TestContext) => {
  const place = createPlace(t, { config: fast });
  const mirrors = await Promise.all([30020, 30021].map((port) => startMirror(t, place.nodeIp, port)));
  const agent = await startReadyAgent(t, place);
  const [own, service] = mirrors;
  assert.ok(own !== undefined && service !== undefined);
  // A machine that is busy may need longer than the half second before a first file.
  await agent.until('the mirror is in the file', () => names(place, own) || undefined, longMs);
  const all = (behaviour: Behaviour): void => {
    for (const mirror of mirrors) mirror.become(behaviour);
  };
  return { place, agent, own, service, all };
};

describe('the gate of a real agent, beside a file of ours', together, () => {
  for (const fault of costly) {
    it(`takes out a mirror that is ${fault}, and brings the same bytes back`, async (t) => {
      const { place, agent, own } = await start(t);
      const before = place.body(path);
      own.become(fault);
      await agent.until('withdrawn', () => !names(place, own) || undefined, longMs);
      const status = await agent.status();
      assert.deepEqual(status.files.find((file) => file.path === path)?.withdrawn, [own.url]);
      own.become('up');
      await agent.until('back', () => place.body(path) === before || undefined, longMs);
    });
  }

  for (const fault of harmless) {
    it(`leaves a mirror that answers ${fault} where it is`, async (t) => {
      const { place, agent, own } = await start(t);
      const before = place.stamp(path);
      own.become(fault);
      await agent.until('erroring', async () => (await verdictOf(agent, own)) === 'erroring' || undefined, longMs);
      const asked = own.asked.length;
      await agent.until('asked five times more', () => own.asked.length > asked + 5 || undefined, longMs);
      assert.equal(place.stamp(path), before);
    });
  }
});

describe('a file that flaps', together, () => {
  it('is given back three times, then stays without its mirror for an hour, and every surface says so', async (t) => {
    const { place, agent, own } = await start(t);
    for (let flaps = 0; flaps < 4; flaps++) {
      own.become('silent');
      await agent.until('withdrawn', () => !names(place, own) || undefined, longMs);
      own.become('up');
      if (flaps < 3) await agent.until('back', () => names(place, own) || undefined, longMs);
    }
    await agent.until('it flaps', () => place.journal().some(({ event }) => event === 'flapping') || undefined, longMs);
    assert.equal(names(place, own), false);
    const status = await agent.whenStatus(
      'it is up, and out',
      ({ mirrors }) => mirrors.some(({ url, verdict, withdrawn }) => url === own.url && verdict === 'up' && withdrawn),
      longMs,
    );
    const file = status.files.find((one) => one.path === path);
    assert.deepEqual(file?.withdrawn, [own.url]);
    assert.match(file.detail, /it flaps: given back 3 times within an hour, now out for one/);
    assert.match((await agent.get('/metrics')).body, /^handspegel_withdrawn_mirrors 1$/m);
    assert.match((await agent.get('/')).body, new RegExp(`${own.url} answers again and is not given back yet`));
    const lines = linesOf(agent).filter((line) => line.path !== undefined);
    const told = lines.map(({ level, reason, phase }) => [level, reason, phase].join(' '));
    const flap = ['info withdrawn bootstrap', 'info bootstrap bootstrap'];
    assert.deepEqual(told.slice(-8), [...flap, ...flap, ...flap, flap[0], 'warn  bootstrap']);
    // Out for an hour, whatever the agent does meanwhile.
    await agent.stop('SIGKILL');
    const again = await startReadyAgent(t, place);
    await again.whenStatus('it is asked again', ({ mirrors }) =>
      mirrors.some(({ url, verdict, recent }) => url === own.url && verdict === 'up' && recent.length > 3),
    );
    assert.equal(names(place, own), false);
  });
});

describe("the gate of a real agent, beside Spegel's file", together, () => {
  const withSpegel = async (t: TestContext) => {
    const node = await start(t);
    const { place, agent } = node;
    const spegel = createSpegel({ family: 'v0.7', certsDir: place.certsDir, nodeIp: place.nodeIp });
    await spegel.start();
    await agent.whenStatus('Spegel is there', ({ phase }) => phase.phase === 'spegel', longMs);
    const file = join(place.certsDir, path);
    const original = readFileSync(file, 'utf8');
    const isBack = (): boolean => readFileSync(file, 'utf8') === original;
    return { ...node, spegel, isBack, file };
  };

  for (const fault of costly) {
    it(`withdraws it when its mirrors are ${fault}, and gives it back byte for byte`, async (t) => {
      const { agent, place, own, service, all, isBack, file } = await withSpegel(t);
      const { mode } = statSync(file);
      all(fault);
      await agent.whenStatus('withdrawn', ({ phase }) => phase.phase === 'withdrawn', longMs);
      await agent.until('both are out', () => !(names(place, own) || names(place, service)) || undefined, longMs);
      all('up');
      await agent.until('it is back', () => isBack() || undefined, longMs);
      assert.equal(statSync(file).mode, mode);
      await agent.whenStatus('the phase is back', ({ phase }) => phase.phase === 'spegel', longMs);
    });
  }

  for (const [what, atV2, deep] of [
    ['manifests that never come while /v2/ is well', 'up', 'silent'],
    ['manifests that never come while /v2/ answers 404', 'not-found', 'silent'],
    ['a page for each manifest', 'up', 'page'],
  ] as const satisfies readonly (readonly [string, Behaviour, Behaviour])[]) {
    it(`sees ${what}`, async (t) => {
      const { agent, own, service, isBack } = await withSpegel(t);
      for (const mirror of [own, service]) {
        mirror.become(atV2);
        mirror.becomeDeep(deep);
      }
      await agent.whenStatus('withdrawn', ({ phase }) => phase.phase === 'withdrawn', longMs);
      for (const mirror of [own, service]) {
        mirror.become('up');
        mirror.becomeDeep('not-found');
      }
      await agent.until('it is back', () => isBack() || undefined, longMs);
    });
  }

  it('gives it back on release while its mirrors hang, and after a kill and a lost state', async (t) => {
    const { agent, place, all, isBack } = await withSpegel(t);
    all('silent');
    await agent.whenStatus('withdrawn', ({ phase }) => phase.phase === 'withdrawn', longMs);
    await agent.stop('SIGKILL');
    const again = await startReadyAgent(t, place);
    await again.whenStatus('still withdrawn', ({ phase }) => phase.phase === 'withdrawn', longMs);
    const released = await handspegel(t, place, ['release']);
    assert.equal(released.code, 0, released.output);
    assert.ok(isBack());
  });
});

describe('a node that boots', together, () => {
  it('leaves out a control plane that takes connections and is silent, and names it when it answers', async (t) => {
    const place = createPlace(t, { config: fast });
    const control = await startMirror(t, `${place.nodeIp.replace(/\d+$/, '')}250`, 30020);
    control.become('silent');
    const flags = ['--control-plane', new URL(control.url).hostname];
    const agent = await startReadyAgent(t, place, { flags });
    assert.equal(names(place, control), false);
    assert.match(place.body(path) ?? '', new RegExp(`host\\.'http://${place.nodeIp}:30020'`));
    control.become('up');
    await agent.until('named', () => names(place, control) || undefined, longMs);
  });

  it('with gate: observe shows what would be withdrawn, and does nothing', async (t) => {
    const place = createPlace(t, { config: fast.replace('{probe', '{gate: observe, probe') });
    const own = await startMirror(t, place.nodeIp, 30020);
    const agent = await startReadyAgent(t, place);
    const before = place.stamp(path);
    own.become('silent');
    const would = (status: Awaited<ReturnType<Agent['status']>>): boolean =>
      status.files.some(({ wouldWithdraw }) => wouldWithdraw?.includes(own.url) === true);
    await agent.whenStatus('it is shown', would, longMs);
    assert.equal(place.stamp(path), before);
  });
});
