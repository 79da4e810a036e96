import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startReadyAgent } from './support/agent.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import { kubeconfigOf } from './support/kubeconfig.ts';
import { createPlace, type Place } from './support/place.ts';

const longMs = 120_000;
const taint = { key: 'handspegel.io/starting', effect: 'NoSchedule' };

const createNode = async (api: ApiServer, name: string, runtime: string): Promise<void> => {
  const made = await api.ask('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { zone: 'north' } },
    spec: { taints: [taint, { key: 'kept', effect: 'NoSchedule' }] },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const patched = await api.ask(
    'PATCH',
    `/api/v1/nodes/${name}/status`,
    { status: { nodeInfo: { containerRuntimeVersion: runtime } } },
    { type: 'application/merge-patch+json' },
  );
  assert.equal(patched.status, 200, JSON.stringify(patched.body));
};

/** What a place's own flags give is not asked of the cluster: the runtime and its version are left out. */
const unknownRuntime = (flags: readonly string[]): readonly string[] =>
  flags.filter((_, i) => !/^--(?:runtime|containerd-version)$/.test(flags[i - (i % 2)] ?? ''));

describe('a node asks a real API server for itself', () => {
  it('knows its runtime, keeps that without the API, and loses its startup taint alone', async (t) => {
    const api = await startApiServer(t);
    await createNode(api, 'n1', 'containerd://2.4.2');
    await createNode(api, 'n2', 'cri-o://1.30.2');
    const start = (place: Place, name: string, server: string, ...more: readonly string[]) =>
      startReadyAgent(
        t,
        { ...place, flags: unknownRuntime(place.flags) },
        {
          env: { KUBECONFIG: kubeconfigOf(place.dir, server) },
          flags: ['--kubernetes', '--events', '--node-name', name, '--startup-taint', taint.key, ...more],
        },
      );

    const place = createPlace(t);
    const agent = await start(place, 'n1', api.url);
    const status = await agent.whenStatus('it knows', ({ node }) => node.containerdVersion === '2.4.2', longMs);
    assert.equal(status.node.runtime, 'containerd');
    await agent.until(
      'the taint is gone',
      async () => {
        const { spec } = (await api.ask('GET', '/api/v1/nodes/n1')).body as { spec: { taints?: readonly object[] } };
        const taints = JSON.stringify(spec.taints);
        return (taints.includes('"kept"') && !taints.includes(taint.key)) || undefined;
      },
      longMs,
    );
    await agent.stop();
    const again = await start(place, 'n1', 'https://127.0.0.1:1');
    assert.equal((await again.status()).node.containerdVersion, '2.4.2');
    await again.until('it is said', () => /does not tell of node n1/.test(again.output()) || undefined, longMs);

    const other = createPlace(t);
    const crio = await start(other, 'n2', api.url);
    await crio.whenStatus('disabled', ({ phase }) => phase.phase === 'disabled', longMs);
    await crio.until(
      'an Event of the node',
      async () => {
        const { body } = await api.ask('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
        const events = body['items'] as readonly { reason: string; regarding: { name: string } }[];
        return (
          events.some(({ reason, regarding }) => reason === 'PhaseDisabled' && regarding.name === 'n2') || undefined
        );
      },
      longMs,
    );
    await crio.until('an empty file', () => other.files()['_default/hosts.toml'] === '' || undefined, longMs);
  });
});
