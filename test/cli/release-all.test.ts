import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseConfig } from '../../src/core/config/config.ts';
import { handspegel } from '../support/command-line.ts';

// A cluster as far as `--all` asks it: one ConfigMap, pods, nodes, and agents that answer on loopback.

type NodeState = 'ready' | 'silent' | 'gone';
type Played = { readonly state: NodeState; readonly answers?: boolean; readonly releases?: boolean };

const listen = async (t: TestContext, server: Server, host = '127.0.0.1'): Promise<number> => {
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const createCluster = async (t: TestContext, config: string | undefined, nodes: readonly Played[]) => {
  const cluster = { data: { 'config.yaml': config ?? '' } as Record<string, string>, conflicts: 1, version: 1 };
  const asked = (): boolean => parseConfig(cluster.data['config.yaml'] ?? '', 'c').config?.settings.release === true;
  const pods = await Promise.all(
    nodes.map(async ({ answers = true, releases = true }, i) => {
      const agent = createServer((request, response) => {
        if (!answers) return;
        const phase = releases && asked() ? 'released' : 'bootstrap';
        if (request.url === '/metrics') response.end(`handspegel_phase{phase="${phase}"} 1\n`);
        else response.writeHead(releases ? 200 : 503).end();
      });
      const containerPort = await listen(t, agent);
      return {
        metadata: { uid: `uid-${i}`, name: `agent-${i}` },
        spec: { nodeName: `n${i}`, containers: [{ ports: [{ name: 'metrics', containerPort }] }] },
        status: { phase: 'Running', hostIP: '127.0.0.1' },
      };
    }),
  );
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await request.toArray()).join('');
    const say = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const path = new URL(request.url ?? '', 'http://x').pathname;
    if (path.endsWith('/pods')) return say(200, { items: pods });
    if (path === '/api/v1/nodes') {
      const items = nodes.flatMap(({ state }, i) =>
        state === 'gone'
          ? []
          : [
              {
                metadata: { name: `n${i}` },
                status: { conditions: [{ type: 'Ready', status: state === 'silent' ? 'Unknown' : 'True' }] },
              },
            ],
      );
      return say(200, { items });
    }
    if (path !== '/api/v1/namespaces/hs/configmaps/c' || config === undefined) {
      return say(404, { message: 'configmaps "c" not found' });
    }
    if (request.method === 'PUT') {
      const sent = JSON.parse(body) as { data: Record<string, string>; metadata: { resourceVersion: string } };
      if (cluster.conflicts > 0) {
        cluster.conflicts -= 1;
        cluster.version += 1;
      }
      if (sent.metadata.resourceVersion !== String(cluster.version)) return say(409, { message: 'changed meanwhile' });
      cluster.data = sent.data;
      cluster.version += 1;
    }
    return say(200, { metadata: { resourceVersion: String(cluster.version) }, data: cluster.data });
  };
  const api = createServer((request, response) => void answer(request, response));
  const flags = ['--all', '--namespace', 'hs', '--configmap', 'c', '--api-server'];
  const port = await listen(t, api);
  const run = (command: string, ...more: readonly string[]) =>
    handspegel([command, ...flags, `http://127.0.0.1:${port}`, ...more]);
  return { data: () => cluster.data, asked, run };
};

const text = '# ours\nextensions: {}   # spaces of ours\n';

test('release --all asks every node through the ConfigMap, waits for all, and resume --all takes it back byte for byte', async (t) => {
  const cluster = await createCluster(t, text, [{ state: 'ready' }, { state: 'ready' }]);
  const { code, out, error } = await cluster.run('release', '--timeout', '60s');
  assert.equal(code, 0, error);
  assert.match(out, /release: true is set\n/);
  assert.match(out, /released: 2 nodes/);
  assert.equal(cluster.asked(), true);
  assert.equal((await cluster.run('resume')).code, 0);
  assert.deepEqual(cluster.data(), { 'config.yaml': text });
  assert.match((await cluster.run('resume')).out, /nothing to do/);
});

test('nodes that left, and nodes whose kubelet is not heard of, are no obstacle; the latter are named', async (t) => {
  const nodes: Played[] = [{ state: 'ready' }, { state: 'gone', answers: false }, { state: 'silent', answers: false }];
  const { code, error } = await (await createCluster(t, text, nodes)).run('release', '--timeout', '60s');
  assert.equal(code, 0, error);
  assert.match(error, /not waited for.*n2 \(no answer\)/);
  assert.doesNotMatch(error, /n1/);
});

test('a node that does not give back fails the wait at its limit, named, with what to do', async (t) => {
  const cluster = await createCluster(t, text, [{ state: 'ready' }, { state: 'ready', releases: false }]);
  const { code, error, out } = await cluster.run('release', '--timeout', '1s');
  assert.equal(code, 1);
  assert.match(out, /1 of 2 nodes; waiting for n1 \(bootstrap\)/);
  assert.match(error, /n1 \(bootstrap\)/);
  assert.match(error, /--no-hooks/);
});

test('a configuration that agents refuse does not keep them from giving back, and comes back', async (t) => {
  const broken = 'handspegel: {gate: maybe}\n';
  const cluster = await createCluster(t, broken, [{ state: 'ready' }]);
  assert.equal((await cluster.run('release', '--timeout', '60s')).code, 0);
  await cluster.run('resume');
  assert.deepEqual(cluster.data(), { 'config.yaml': broken });
});

test('no agents are no obstacle, and it is said where they were looked for', async (t) => {
  const { code, error } = await (await createCluster(t, text, [])).run('release', '--timeout', '1s');
  assert.equal(code, 0, error);
  assert.match(error, /no agents in namespace hs with app\.kubernetes\.io\/name=handspegel,/);
});

test('a missing ConfigMap is an error of release --all and no matter for resume --all', async (t) => {
  const cluster = await createCluster(t, undefined, []);
  const { code, error } = await cluster.run('release', '--timeout', '1s');
  assert.equal(code, 1);
  assert.match(error, /configmaps "c" not found/);
  assert.equal((await cluster.run('resume')).code, 0);
});

test('status --all shows each node, and is content only when all are ready', async (t) => {
  const well = await (await createCluster(t, text, [{ state: 'ready' }, { state: 'ready' }])).run('status');
  assert.equal(well.code, 0, well.error);
  assert.match(well.out, /n0 +bootstrap +yes +agent-0\n *n1 +bootstrap +yes/);
  const ill = await (await createCluster(t, text, [{ state: 'ready', releases: false }])).run(
    'status',
    '--timeout',
    '1s',
  );
  assert.equal(ill.code, 1);
  assert.equal((await (await createCluster(t, text, [])).run('status', '--timeout', '1s')).code, 1);
});
