import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { startAgent, startReadyAgent } from './support/agent.ts';
import { createPlace } from './support/place.ts';

const limitMs = 10_000;

describe('stopping the agent', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with exit code 0 on ${signal} and leaves the files as they are`, async (t) => {
      const place = createPlace(t);
      const agent = await startReadyAgent(t, place);
      const before = place.files();
      const stamp = place.stamp('_default/hosts.toml');
      const ended = await agent.stop(signal);
      t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
      assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
      assert.ok(ended.ms < limitMs, `it took ${ended.ms} ms`);
      assert.deepEqual(place.files(), before);
      assert.equal(place.stamp('_default/hosts.toml'), stamp);
    });
  }

  it('ends at once while it is still starting', async (t) => {
    const place = createPlace(t);
    const agent = startAgent(t, place);
    await agent.until('the first file', () => '_default/hosts.toml' in place.files() || undefined);
    const ended = await agent.stop();
    t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
    assert.equal(place.body('_default/hosts.toml')?.includes(`http://${place.nodeIp}:30020`), true);
  });

  it('ends at once while clients are slow, and others listen to its events, read and unread', async (t) => {
    const place = createPlace(t);
    const agent = await startReadyAgent(t, place);
    const { hostname, port } = new URL(await agent.address('/'));
    const health = new URL(await agent.address('/livez'));
    const listen = async (to: { hostname: string; port: string }, text: string): Promise<Socket> => {
      const socket = connect(Number(to.port), to.hostname);
      t.after(() => socket.destroy());
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    };
    const ask = (path: string, more = '\r\n'): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}`;
    const listeners: Socket[] = [];
    for (let i = 0; i < 3; i++) listeners.push(await listen({ hostname, port }, ask('/api/events')));
    for (const to of [{ hostname, port }, health]) {
      listeners.push(await listen(to, ''), await listen(to, ask('/livez', 'X-Slow: ')));
      listeners.push(await listen(to, `POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nx`));
    }
    const [reader] = listeners;
    for await (const chunk of reader?.iterator({ destroyOnReturn: false }) ?? []) {
      if (String(chunk).includes('event: status')) break;
    }
    const ended = await agent.stop();
    t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
    assert.ok(ended.ms < limitMs, `it took ${ended.ms} ms`);
  });

  it('ends while somebody asks it and hangs on to the connection', async (t) => {
    const place = createPlace(t);
    const agent = await startReadyAgent(t, place);
    // fetch keeps its connection for the next request.
    assert.equal((await agent.get('/livez')).code, 200);
    const ended = await agent.stop();
    t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
    assert.equal(ended.code, 0, ended.output);
    assert.ok(ended.ms < limitMs, `it took ${ended.ms} ms`);
  });
});
