import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createPlainProbes, type PlainOutcome, type PlainProbe, plainTarget } from '../../src/io/plain-probe.ts';
import { listen } from '../support/listen.ts';

const listening = async (t: TestContext, server: Server): Promise<URL> =>
  new URL(`http://${await listen(t, server)}/v2/`);

type Answer = (socket: Socket, requests: number) => void;

/** Counts connections and requests; each request comes in one piece. */
const serve = async (t: TestContext, answer: Answer) => {
  const seen = { connections: 0, requests: [] as string[] };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      seen.requests.push(bytes.toString());
      answer(socket, seen.requests.length);
    });
  });
  return { url: await listening(t, server), seen };
};

const never = new AbortController().signal;
const spegel = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const asking = (url: URL, more: Partial<PlainProbe> = {}): PlainProbe => {
  const target = plainTarget(url);
  assert.ok(target !== undefined);
  return { target, timeoutMs: 5_000, keep: false, signal: never, ...more };
};
const kindOf = (outcome: PlainOutcome): string => (typeof outcome === 'string' ? outcome : outcome.kind);

describe('a plain probe', () => {
  it('asks as an HTTP client does, and judges the answer', async (t) => {
    const { url, seen } = await serve(t, (socket) => socket.write(spegel));
    const outcome = await createPlainProbes()(asking(url));
    assert.ok(typeof outcome !== 'string' && outcome.latencyMs > 0 && outcome.latencyMs < 5_000);
    assert.deepEqual([outcome.kind, outcome.detail, outcome.status], ['up', 'answers 200', 200]);
    assert.deepEqual(seen.requests, [
      `GET /v2/ HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: handspegel\r\nConnection: close\r\n\r\n`,
    ]);
  });

  it('is understood by a server of HTTP, query and all', async (t) => {
    const server = createHttpServer((request, response) => {
      const { method, url, headers } = request;
      assert.deepEqual([method, url, headers['user-agent']], ['GET', '/v2/a%20b?ns=docker.io', 'handspegel']);
      response.statusCode = 404;
      response.end('{}');
    });
    const url = new URL('/v2/a%20b?ns=docker.io#here', await listening(t, server));
    assert.deepEqual(kindOf(await createPlainProbes()(asking(url))), 'erroring');
  });

  it('makes a new connection each time, or keeps one', async (t) => {
    const { url, seen } = await serve(t, (socket) => socket.write(spegel));
    const probe = createPlainProbes();
    for (let n = 0; n < 3; n += 1) assert.equal(kindOf(await probe(asking(url))), 'up');
    assert.equal(seen.connections, 3);
    for (let n = 0; n < 3; n += 1) assert.equal(kindOf(await probe(asking(url, { keep: true }))), 'up');
    assert.equal(seen.connections, 4);
    assert.match(seen.requests.at(-1) ?? '', /\r\nConnection: keep-alive\r\n/);
  });

  it('keeps one of two that were asked at the same time, and closes the other', async (t) => {
    const { url, seen } = await serve(t, (socket) => socket.write(spegel));
    const probe = createPlainProbes();
    const both = [probe(asking(url, { keep: true })), probe(asking(url, { keep: true }))];
    assert.deepEqual((await Promise.all(both)).map(kindOf), ['up', 'up']);
    assert.equal(seen.connections, 2);
    for (let n = 0; n < 3; n += 1) assert.equal(kindOf(await probe(asking(url, { keep: true }))), 'up');
    assert.equal(seen.connections, 2);
  });

  it('survives the end of a kept connection, also while it asks', async (t) => {
    const { url, seen } = await serve(t, (socket, requests) => {
      if (requests === 2) socket.resetAndDestroy();
      else socket.write(spegel);
    });
    const probe = createPlainProbes();
    for (let n = 0; n < 2; n += 1) assert.equal(kindOf(await probe(asking(url, { keep: true }))), 'up');
    assert.deepEqual([seen.connections, seen.requests.length], [2, 3]);
  });

  it('keeps no connection whose end was announced, or on which something came unasked', async (t) => {
    const closing = await serve(t, (socket) =>
      socket.write(spegel.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
    );
    const probe = createPlainProbes();
    for (let n = 0; n < 2; n += 1) assert.equal(kindOf(await probe(asking(closing.url, { keep: true }))), 'up');
    assert.equal(closing.seen.connections, 2);
    const ended = Promise.withResolvers<void>();
    const talking = await serve(t, (socket) => {
      socket.once('close', ended.resolve);
      socket.write(spegel, () => setImmediate(() => socket.write('more')));
    });
    assert.match(kindOf(await probe(asking(talking.url, { keep: true }))), /^(?:up|other)$/);
    await ended.promise;
  });

  it('finds refused', async (t) => {
    const server = createServer();
    const url = await listening(t, server);
    server.close();
    await once(server, 'close');
    const outcome = await createPlainProbes()(asking(url));
    assert.ok(typeof outcome !== 'string');
    assert.deepEqual([outcome.kind, outcome.detail, outcome.status], ['refused', 'connection refused', undefined]);
  });

  it('finds hung: no answer, or half of one', async (t) => {
    const silent = await serve(t, () => undefined);
    const stalled = await serve(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'));
    const details = await Promise.all(
      [silent.url, stalled.url].map(async (url) => {
        const outcome = await createPlainProbes()(asking(url, { timeoutMs: 60 }));
        assert.ok(typeof outcome !== 'string' && outcome.kind === 'hung' && outcome.latencyMs >= 59);
        return outcome.detail;
      }),
    );
    assert.deepEqual(details, [
      'connected, but no complete answer in 60 ms',
      'connected, but no complete answer in 60 ms (answers 200, then stalls)',
    ]);
  });

  it('puts an answer together that comes in pieces', async (t) => {
    const { url } = await serve(t, (socket) => {
      const pieces = ['HTTP/1.1 200 O', 'K\r\nContent-Length: 4\r', '\n\r\n{"', '"}'];
      const next = (): void => {
        const piece = pieces.shift();
        if (piece !== undefined) socket.write(piece, () => setTimeout(next, 1));
      };
      next();
    });
    assert.equal(kindOf(await createPlainProbes()(asking(url))), 'up');
  });

  it('leaves to a whole HTTP client what is out of the ordinary, and what breaks off', async (t) => {
    const chunked = await serve(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
    assert.equal(await createPlainProbes()(asking(chunked.url)), 'other');
    const broken = await serve(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'));
    assert.equal(await createPlainProbes()(asking(broken.url)), 'failed');
  });

  it('ends when it is stopped, with all the others', async (t) => {
    const stop = new AbortController();
    const { url } = await serve(t, (_socket, requests) => {
      if (requests === 2) stop.abort();
    });
    const probe = createPlainProbes();
    const both = [1, 2].map(() => probe(asking(url, { signal: stop.signal })));
    for (const outcome of await Promise.all([...both, probe(asking(url, { signal: stop.signal }))])) {
      assert.ok(typeof outcome !== 'string' && outcome.detail === 'the probe was stopped');
    }
  });
});
