import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createScratch, handspegel, type Scratch } from '../support/command-line.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const key = 'handspegel.io/starting';

type Asked = { readonly method: string; readonly path: string; readonly body: string };

/** The real agent beside an API server that has a node with the taint; `when` waits for a request. */
const runBesideApi = async (t: TestContext, node: Scratch) => {
  const asked: Asked[] = [];
  const heard = new EventTarget();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await request.toArray()).join('');
    asked.push({ method: request.method ?? '', path: request.url ?? '', body });
    heard.dispatchEvent(new Event('asked'));
    const object = request.url === '/api/v1/nodes/n1' ? { spec: { taints: [{ key, effect: 'NoSchedule' }] } } : {};
    response.setHeader('content-type', 'application/json').end(JSON.stringify(object));
  };
  const api = createServer((request, response) => void answer(request, response));
  await once(api.listen(0, '127.0.0.1'), 'listening');
  const server = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const kubeconfig = join(node.dir, 'kubeconfig');
  const named = { clusters: [{ name: 'a', cluster: { server } }], users: [{ name: 'a', user: {} }] };
  const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
  writeFileSync(kubeconfig, JSON.stringify({ ...named, contexts, 'current-context': 'a' }));
  const ports = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
  const cluster = ['--kubernetes', '--events', '--node-name', 'n1', '--startup-taint', key];
  const env = { PATH: process.env['PATH'], KUBECONFIG: kubeconfig };
  const agent = spawn(process.execPath, [main, 'run', ...node.flags, ...ports, ...cluster], { env });
  const ended = once(agent, 'exit');
  let said = '';
  for (const stream of [agent.stdout, agent.stderr])
    stream.on('data', (text) => {
      said += String(text);
    });
  t.after(async () => {
    agent.kill('SIGTERM');
    await ended;
    api.closeAllConnections();
    api.close();
    node.remove();
  });
  const when = async (what: string, isIt: (one: Asked) => boolean): Promise<Asked> => {
    const limit = AbortSignal.timeout(120_000);
    for (;;) {
      const found = asked.find(isIt);
      if (found !== undefined) return found;
      if (limit.aborted) throw new Error(`still not: ${what}\n${said}`);
      await once(heard, 'asked', { signal: limit }).catch(() => undefined);
    }
  };
  return { asked, when };
};

const isTaint = ({ method, path }: Asked): boolean => method === 'PATCH' && path === '/api/v1/nodes/n1';

test('a first configuration that is refused is told as an Event, and the startup taint stays', async (t) => {
  const { asked, when } = await runBesideApi(t, createScratch('cluster: [\n'));
  const event = await when('an Event', ({ method, path }) => method === 'POST' && path.endsWith('/events'));
  const { reason, note } = JSON.parse(event.body) as { readonly reason: string; readonly note: string };
  assert.equal(reason, 'ConfigurationRefused');
  assert.match(note, /config\.yaml/);
  assert.deepEqual(asked.filter(isTaint), []);
});

test('a node that is released loses its startup taint: nothing will be written there to wait for', async (t) => {
  const node = createScratch();
  const { code, error } = await handspegel(['release', '--certs-dir', node.certsDir, '--state-dir', node.stateDir]);
  assert.equal(code, 0, error);
  const { when } = await runBesideApi(t, node);
  await when('the taint is taken away', isTaint);
});
