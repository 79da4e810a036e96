import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Agent, startReadyAgent } from './support/agent.ts';
import { buildBundle } from './support/agent-image.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { configOf, says } from './support/great-registry.ts';
import { kubeconfigOf } from './support/kubeconfig.ts';
import { mount } from './support/mount.ts';
import { createPlace, type Place } from './support/place.ts';

const longMs = 120_000;
const bundle = join(import.meta.dirname, '../../dist/handspegel.cjs');
const configMaps = '/api/v1/namespaces/default/configmaps';

const put = async (api: ApiServer, text: string): Promise<void> => {
  const patch = { data: { 'config.yaml': text } };
  const changed = await api.ask('PATCH', `${configMaps}/hs`, patch, { type: 'application/merge-patch+json' });
  if (changed.status === 200) return;
  const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'hs' }, ...patch };
  assert.equal((await api.ask('POST', configMaps, made)).status, 201);
};

const mountedPlace = (t: TestContext, text: string): Place => {
  const place = createPlace(t);
  rmSync(place.config);
  mkdirSync(place.config);
  mount(place.config, text);
  symlinkSync('..data/config.yaml', join(place.config, 'config.yaml'));
  return place;
};

const start = (t: TestContext, api: ApiServer, place: Place, bundle?: string): Promise<Agent> =>
  startReadyAgent(t, place, {
    env: { KUBECONFIG: kubeconfigOf(place.dir, api.url) },
    flags: ['--kubernetes', '--configmap', 'hs', '--namespace', 'default', '--events'],
    ...(bundle === undefined ? {} : { mainFile: bundle }),
  });

const untilItSays = (agent: Agent, mirror: string): Promise<number> =>
  agent.until(`the mirror ${mirror}`, () => says(agent.place, mirror), longMs);

const reasonsOf = async (api: ApiServer): Promise<readonly string[]> => {
  const { body } = await api.ask('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
  return (body['items'] as readonly { readonly reason: string }[]).map(({ reason }) => reason);
};

describe('the watch on the ConfigMap of a real API server', () => {
  it('brings a change at once, refuses a broken one, and keeps the last good one when it is deleted', async (t) => {
    const api = await startApiServer(t);
    await put(api, configOf('one'));
    const agent = await start(t, api, mountedPlace(t, configOf('one')));
    await agent.whenStatus('it is watched', ({ configuration }) => configuration.inForce === 'watched', longMs);
    await put(api, configOf('two'));
    await untilItSays(agent, 'two');

    await put(api, 'extensions: [');
    const refused = await agent.whenStatus(
      'it is refused',
      ({ problems }) => problems.some(({ code }) => code === 'config-syntax'),
      longMs,
    );
    assert.equal(refused.configuration.inForce, 'last good');
    await untilItSays(agent, 'two');
    await put(api, configOf('three'));
    await untilItSays(agent, 'three');

    assert.equal((await api.ask('DELETE', `${configMaps}/hs`)).status, 200);
    const deleted = await agent.whenStatus(
      'that is said',
      ({ problems }) => problems.some(({ code }) => code === 'config-map-missing'),
      longMs,
    );
    assert.equal(deleted.configuration.inForce, 'last good');
    assert.match(agent.output(), /ConfigMap default\/hs does not exist/);
    await agent.until(
      'it is told as Events',
      async () => {
        const reasons = await reasonsOf(api);
        return reasons.includes('ConfigurationRefused') && reasons.includes('ConfigurationMissing');
      },
      longMs,
    );
    await put(api, configOf('four'));
    await untilItSays(agent, 'four');
  });

  it('is open in the built bundle too, goes on after an outage, and the facts come with it', async (t) => {
    const api = await startApiServer(t);
    await buildBundle(t);
    await put(api, configOf('one'));
    const agent = await start(t, api, mountedPlace(t, configOf('one')), bundle);
    await put(api, configOf('two'));
    await untilItSays(agent, 'two');
    await api.stop();
    await agent.until('it is said', () => /ConfigMap default\/hs is not watched/.test(agent.output()), longMs);
    await api.start();
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'e2e' } };
    assert.equal((await api.ask('POST', '/api/v1/nodes', node)).status, 201);
    await put(api, configOf('three'));
    await untilItSays(agent, 'three');
    await agent.until('facts', () => /the cluster tells of node e2e/.test(agent.output()), longMs);
  });

  it('brings the field of a release, and its end, although the mount shows neither', async (t) => {
    const api = await startApiServer(t);
    await put(api, configOf('one'));
    const agent = await start(t, api, mountedPlace(t, configOf('one')));
    await untilItSays(agent, 'one');
    await put(api, `handspegel: {release: true}\n${configOf('one')}`);
    await agent.until('nothing of ours is left', () => Object.keys(agent.place.files()).length === 0, longMs);
    await put(api, configOf('two'));
    await untilItSays(agent, 'two');
  });

  it('is not undone by an older mount while the API server is away and the agent restarts', async (t) => {
    const api = await startApiServer(t);
    await put(api, configOf('a'));
    const place = mountedPlace(t, configOf('a'));
    const first = await start(t, api, place);
    await put(api, configOf('b'));
    await untilItSays(first, 'b');
    await api.stop();
    await first.stop();
    const second = await start(t, api, place);
    assert.equal((await second.status()).configuration.inForce, 'last good');
    await untilItSays(second, 'b');

    mount(place.config, configOf('b'));
    await second.whenStatus('the mount is there', ({ configuration }) => configuration.inForce === 'mounted', longMs);
    await untilItSays(second, 'b');
    mount(place.config, configOf('c'));
    await untilItSays(second, 'c');

    await api.start();
    await put(api, configOf('d'));
    await untilItSays(second, 'd');
    assert.match(second.output(), /ConfigMap default\/hs is not watched/);
  });
});
