import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createProbes } from '../../src/probes.ts';
import { listen } from '../support/listen.ts';
import { localMirror } from '../support/local-mirror.ts';

const held = { registry: 'docker.io', repository: 'library/busybox', digest: `sha256:${'a'.repeat(64)}` };
const manifest = '{"schemaVersion":2}';

const serve = async (t: TestContext, handle: RequestListener): Promise<string> =>
  `http://${await listen(t, createServer(handle))}`;

const probesOf = (timeoutMs: number) => createProbes({ now: () => 0, timeoutMs: () => timeoutMs, held: () => held });
const { signal } = new AbortController();

describe('the deep probe', () => {
  const isHeld = (url = ''): boolean => url.includes(held.digest);
  const nobodyHasIt: RequestListener = (_request, response) => response.writeHead(404).end('{}');
  for (const [what, verdict, handle] of [
    [
      'says that nobody has a digest, and gives what it holds',
      'up',
      (request, response) => (isHeld(request.url) ? response.end(manifest) : nobodyHasIt(request, response)),
    ],
    ['has neither: the image was removed since', 'up', nobodyHasIt],
    ['wants credentials', 'up', (_request, response) => response.writeHead(401).end()],
    ['errs', 'up', (_request, response) => response.writeHead(500).end('no')],
    [
      'serves a page for what nobody has',
      'wrong',
      (_request, response) => response.setHeader('content-type', 'text/html').end('<html>'),
    ],
    [
      'answers 200 to everything',
      'up',
      (_request, response) => response.setHeader('content-type', 'application/json').end('{}'),
    ],
    [
      'serves a page for what it holds',
      'wrong',
      (request, response) => (isHeld(request.url) ? response.end('<!doctype html>') : nobodyHasIt(request, response)),
    ],
    ['never answers for what nobody has', 'hung', () => undefined],
    [
      'never ends what it holds',
      'hung',
      (request, response) => (isHeld(request.url) ? response.write('{') : nobodyHasIt(request, response)),
    ],
    [
      'breaks off what it holds',
      'wrong',
      (request, response) => {
        if (!isHeld(request.url)) return nobodyHasIt(request, response);
        response.writeHead(200, { 'content-length': '10' }).write('{', () => response.destroy());
      },
    ],
  ] as const satisfies readonly (readonly [string, string, RequestListener])[]) {
    it(`of a mirror that ${what}: ${verdict}`, async (t) => {
      const probe = probesOf(verdict === 'hung' ? 20 : 2_000);
      const sample = await probe(localMirror(await serve(t, handle)), 'deep', signal);
      assert.equal(sample.verdict, verdict, sample.detail);
    });
  }

  it('asks for a digest that nobody has, and for a manifest that this node holds, as containerd would', async (t) => {
    const asked: string[] = [];
    const url = await serve(t, (request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404, { 'content-length': '0' }).end();
    });
    await probesOf(2_000)(localMirror(url, { probeUrls: [`${url}/v2/proxy/`] }), 'deep', signal);
    assert.deepEqual(asked, [
      `/v2/proxy/handspegel/probe/manifests/sha256:${'0'.repeat(63)}1?ns=docker.io`,
      `/v2/proxy/library/busybox/manifests/${held.digest}?ns=docker.io`,
    ]);
  });
});

describe('a probe of /v2/', () => {
  it('asks once more the first time that an answer needs a whole HTTP client, and then once each time', async (t) => {
    let asked = 0;
    const url = await serve(t, (_request, response) => {
      asked += 1;
      // In chunks.
      response.writeHead(200).end('{}');
    });
    const probe = probesOf(2_000);
    for (const count of [2, 3, 4]) {
      assert.equal((await probe(localMirror(url), 'shallow', signal)).verdict, 'up');
      assert.equal(asked, count);
    }
  });

  it('tries HTTPS and then HTTP where containerd would, and says what the one that answers says', async (t) => {
    const url = await serve(t, (_request, response) => response.end('{}'));
    const both = [`${url.replace('http:', 'https:')}/v2/`, `${url}/v2/`];
    const { verdict } = await probesOf(2_000)(localMirror(url, { probeUrls: both }), 'shallow', signal);
    assert.equal(verdict, 'up');
  });

  it('waits for no other one at the same port', async (t) => {
    const together = 4;
    const waiting: ServerResponse[] = [];
    const url = await serve(t, (_request, response) => {
      waiting.push(response);
      if (waiting.length === together) for (const one of waiting) one.end('{}');
    });
    const probe = probesOf(5_000);
    // Known to listen: from then on connections are kept.
    await probe(localMirror('http://127.0.0.1:1'), 'deep', signal);
    const asked = Array.from({ length: together }, (_, i) =>
      probe(localMirror(url, { key: `${i}`, probeUrls: [`${url}/v2/p${i}/`] }), 'shallow', signal),
    );
    assert.deepEqual(
      (await Promise.all(asked)).map(({ verdict }) => verdict),
      asked.map(() => 'up'),
    );
  });

  it('keeps its connection to the only pod behind a port, and makes a new one where a Service stands', async (t) => {
    let connections = 0;
    const server = createServer((_request, response) => response.end('{}'));
    server.on('connection', () => {
      connections += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const probe = probesOf(5_000);
    await probe(localMirror('http://127.0.0.1:1'), 'deep', signal);
    const connectionsOf = async (onePod: boolean): Promise<number> => {
      const before = connections;
      for (let i = 0; i < 3; i++) await probe(localMirror(url, { onePod }), 'shallow', signal);
      return connections - before;
    };
    assert.equal(await connectionsOf(true), 1);
    assert.equal(await connectionsOf(false), 3);
  });
});
