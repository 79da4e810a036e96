import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { Status } from '../../src/core/status.ts';
import { addAdmin } from '../../src/http/admin.ts';
import { addEvents } from '../../src/http/events.ts';
import { addHealth, addMetrics } from '../../src/http/health.ts';
import { addPage } from '../../src/http/page/add-page.ts';
import { buildServer, localNames } from '../../src/http/server.ts';
import * as fixtures from './support/statuses.ts';

const { apiLost, bootstrap, conflict, explanation, large, orphaned, well, withdrawn } = fixtures;
const statuses = { apiLost, bootstrap, conflict, large, orphaned, well, withdrawn };

const serve = async (t: TestContext, start: Status = well) => {
  let status = start;
  const state = {
    status: () => status,
    liveChecks: () => [{ name: 'the loop turns', reasons: [] }],
    readyChecks: () => [
      { name: 'no other agent', reasons: [] },
      { name: 'first pass', reasons: ['it has not been applied', 'no disk'] },
    ],
    explain: async (image: string) => (image === 'bad:' ? { error: 'no image' } : explanation),
    differences: () => [{ path: '_default/hosts.toml', action: 'conflict', reason: 'tool-owns-it', diff: '+x\n' }],
    versions: (path?: string) =>
      path === 'none'
        ? []
        : [{ path: 'a/hosts.toml', versions: [{ version: 1, at: 'now', writer: 'ours', reason: 'x', sha256: 'ab' }] }],
  };
  const server = buildServer(
    (to) => {
      addHealth(to, state);
      addMetrics(to, { contentType: 'text/plain', scrape: async () => 'x 1\n' });
      addAdmin(to, state);
      addPage(to, state);
    },
    { hosts: localNames('127.0.0.1') },
  );
  await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const { port } = server.server.address() as { port: number };
  const ask = async (path: string, options: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
    return { code: response.status, headers: response.headers, text: await response.text() };
  };
  const become = (next: Status): void => {
    status = next;
  };
  return { server, port, ask, become };
};

describe('the API of the local listener', () => {
  for (const [name, status] of Object.entries(statuses)) {
    it(`tells the whole status, and no more: ${name}`, async (t) => {
      const { ask } = await serve(t, Object.assign({ password: 'hunter2' }, status));
      const { code, text } = await ask('/api/status');
      assert.equal(code, 200);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(status)));
    });
  }

  it('explains an image, or says why not', async (t) => {
    const { ask } = await serve(t);
    assert.deepEqual(JSON.parse((await ask('/api/explain?image=nginx')).text), JSON.parse(JSON.stringify(explanation)));
    assert.deepEqual(await ask('/api/explain?image=bad%3A').then(({ code, text }) => [code, text]), [
      400,
      '{"error":"no image"}',
    ]);
    for (const query of ['', '?image=', `?image=${'x'.repeat(600)}`]) {
      assert.equal((await ask(`/api/explain${query}`)).code, 400, query.slice(0, 20));
    }
  });

  it('tells differences and versions', async (t) => {
    const { ask } = await serve(t);
    assert.match((await ask('/api/diff')).text, /"diff":"\+x\\n"/);
    assert.match((await ask('/api/history')).text, /"path":"a\/hosts.toml"/);
    assert.equal((await ask('/api/history?path=none')).code, 404);
  });

  it('describes each of its answers in OpenAPI', async (t) => {
    const { ask } = await serve(t);
    const described = JSON.parse((await ask('/api/openapi.json')).text);
    assert.deepEqual(Object.keys(described.paths).toSorted(), [
      '/api/diff',
      '/api/events',
      '/api/explain',
      '/api/history',
      '/api/status',
    ]);
    assert.equal(described.openapi, '3.1.0');
  });

  it('takes GET and HEAD only', async (t) => {
    const { ask } = await serve(t);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { code, headers } = await ask('/api/status', { method });
      assert.equal(code, 405, method);
      assert.equal(headers.get('allow'), 'GET, HEAD');
    }
    assert.equal((await ask('/api/status', { method: 'HEAD' })).code, 200);
    assert.equal((await ask('/nothing')).code, 404);
  });

  it('is not there under a name that a stranger gave to 127.0.0.1', async (t) => {
    const { port } = await serve(t);
    const codeFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asking = request({ host: '127.0.0.1', port, path: '/api/status', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asking.on('error', reject);
        asking.end();
      });
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.nip.io', '10.0.0.1']) {
      assert.equal(await codeFor(host), 421, host);
    }
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:9999', 'localhost:18080']) {
      assert.equal(await codeFor(host), 200, host);
    }
  });

  it('keeps answers out of caches and frames', async (t) => {
    const { ask } = await serve(t);
    for (const path of ['/api/status', '/']) {
      const { headers } = await ask(path);
      assert.equal(headers.get('cache-control'), 'no-store', path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    }
  });
});

describe('server-sent events', () => {
  const listen = async (port: number) => {
    const asking = request({ host: '127.0.0.1', port, path: '/api/events' });
    asking.end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    let text = '';
    const seen = (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!text.includes(wanted)) return;
          response.off('data', look);
          resolve();
        };
        response.on('data', look);
        look();
      });
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    return { response, seen, text: () => text, end: () => asking.destroy() };
  };

  it('tell the status at once and after a change, and end with the server', async (t) => {
    const { server, port, become } = await serve(t);
    const client = await listen(port);
    assert.equal(client.response.headers['content-type'], 'text/event-stream');
    await client.seen('event: status');
    become({ ...well, phase: { ...well.phase, reason: 'something quite new' } });
    await client.seen('something quite new');
    client.response.on('error', () => undefined);
    const ended = new Promise((resolve) => client.response.on('close', resolve));
    await server.close();
    await ended;
  });

  it('take 16 listeners, and one more when one has gone', async (t) => {
    const { port } = await serve(t);
    const clients = await Promise.all(Array.from({ length: 16 }, () => listen(port)));
    const refused = await listen(port);
    assert.equal(refused.response.statusCode, 503);
    for (const { end, response } of clients) {
      response.on('error', () => undefined);
      end();
    }
    for (;;) {
      const again = await listen(port);
      again.response.on('error', () => undefined);
      again.end();
      if (again.response.statusCode === 200) break;
    }
  });
});

describe('a listener that does not read', () => {
  // More than the kernel holds for a connection.
  const statusOf = (n: number): Status => ({ ...well, phase: { ...well.phase, reason: `<${n}>${'x'.repeat(4e6)}` } });
  const start = async (t: TestContext, heartbeatMs: number) => {
    let status = statusOf(0);
    const server = buildServer((to) => addEvents(to, () => status, { lookMs: 10, heartbeatMs }));
    await server.listen({ host: '127.0.0.1', port: 0 });
    t.after(() => server.close());
    const { port } = server.server.address() as { port: number };
    const accepted: Socket[] = [];
    server.server.on('connection', (socket) => accepted.push(socket));
    const open = async () => {
      const asking = request({ host: '127.0.0.1', port, path: '/api/events' });
      t.after(() => asking.destroy());
      asking.on('error', () => undefined);
      asking.end();
      const [response] = (await once(asking, 'response')) as [IncomingMessage];
      response.on('error', () => undefined);
      response.setEncoding('utf8');
      return response;
    };
    /** Which statuses it was told, from now on; ends with the wanted one. */
    const toldUntil = async (response: IncomingMessage, last: number): Promise<string[]> => {
      const told: string[] = [];
      for await (const chunk of response.iterator({ destroyOnReturn: false })) {
        told.push(...[...String(chunk).matchAll(/<(\d+)>/g)].map(([, n = '']) => n));
        if (told.at(-1) === String(last)) break;
      }
      return told;
    };
    const become = (n: number): void => {
      status = statusOf(n);
    };
    return { open, become, toldUntil, accepted };
  };

  it('gets the newest status when it reads, not all of those between, while others get each', async (t) => {
    const { open, become, toldUntil } = await start(t, 60_000);
    const lazy = await open();
    const eager = await open();
    await toldUntil(eager, 0);
    for (let n = 1; n <= 8; n++) {
      become(n);
      assert.deepEqual(await toldUntil(eager, n), [String(n)]);
    }
    const told = await toldUntil(lazy, 8);
    assert.ok(told.length < 9, told.join());
  });

  it('is cut off when it has not read for as long as a heartbeat', async (t) => {
    const { open, become, toldUntil, accepted } = await start(t, 2_000);
    await open();
    const [lazy] = accepted;
    assert.ok(lazy);
    const eager = await open();
    const cut = once(lazy, 'close');
    for (let n = 1; n <= 4; n++) {
      become(n);
      await toldUntil(eager, n);
    }
    await cut;
    become(5);
    assert.deepEqual(await toldUntil(eager, 5), ['5'], 'who reads is still told');
  });
});

describe('a client that is slow or large', () => {
  it('is cut off when it does not send its request', async (t) => {
    const { port } = await serve(t);
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    socket.resume();
    await once(socket, 'close');
  });

  it('leaves room for others: 128 connections and no more', async (t) => {
    const { port, ask } = await serve(t);
    const sockets = Array.from({ length: 128 }, () => connect(port, '127.0.0.1'));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await assert.rejects(ask('/livez'));
    sockets.shift()?.destroy();
    for (;;) {
      const code = await ask('/livez').then(
        (answer) => answer.code,
        () => undefined,
      );
      if (code === 200) break;
    }
  });

  it('is refused with headers over 8 KiB', async (t) => {
    const { ask } = await serve(t);
    const answer = await ask('/livez', { headers: { 'x-large': 'x'.repeat(10_000) } });
    assert.equal(answer.code, 431);
  });
});

describe('health', () => {
  it('says ok, or each reason why not', async (t) => {
    const { ask } = await serve(t);
    const [live, ready] = [await ask('/livez'), await ask('/readyz')];
    assert.deepEqual([live.code, live.text], [200, 'ok\n']);
    assert.deepEqual([ready.code, ready.text], [503, 'not ok: it has not been applied\nnot ok: no disk\n']);
  });

  it('lists the checks with ?verbose', async (t) => {
    const { ask } = await serve(t);
    assert.equal((await ask('/livez?verbose')).text, '[+] the loop turns\nok\n');
    const { code, text } = await ask('/readyz?verbose');
    assert.equal(code, 503);
    assert.match(text, /^\[\+\] no other agent\n\[-\] first pass\nnot ok: it has not/);
  });
});
