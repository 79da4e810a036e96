import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type ProbeOptions, type ProbeSample, probeMirror } from '../../src/io/probe.ts';
import { listen } from '../support/listen.ts';
import { cert, key } from '../support/self-signed.ts';

const serve = async (t: TestContext, handle: RequestListener): Promise<string> =>
  `http://${await listen(t, createServer(handle))}/v2/`;

/** Answers each connection with these bytes, once something was asked. */
const raw = async (t: TestContext, bytes: string, after: (socket: Socket) => void = (socket) => socket.end()) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(bytes, () => after(socket)));
  });
  return `http://${await listen(t, server)}/v2/`;
};

const stay = (): void => undefined;
const reset = (socket: Socket): void => {
  socket.resetAndDestroy();
};

const probe = (url: string, options: Partial<ProbeOptions> = {}): Promise<ProbeSample> =>
  probeMirror({ url, timeoutMs: 5_000, ...options });
const kindOf = async (url: string, options: Partial<ProbeOptions> = {}): Promise<string> =>
  (await probe(url, options)).kind;

const answers = (status: number, headers: Record<string, string> = {}, body = ''): RequestListener => {
  return (_request, response) => response.writeHead(status, headers).end(body);
};

describe('probeMirror', () => {
  it('finds up: 200 with anything but HTML, or 401', async (t) => {
    for (const [status, type, body] of [
      [200, 'application/json', '{}'],
      [200, 'text/plain', ''],
      [200, 'application/octet-stream', 'a <html> somewhere'],
      [200, 'text/plain', '<htmlx>'],
      [200, 'application/xml', '<a:list/>'],
      [401, 'application/json', '{"errors":[]}'],
      [401, 'text/html', '<html>who are you?</html>'],
    ] as const) {
      const sample = await probe(await serve(t, answers(status, { 'content-type': type }, body)));
      assert.equal(sample.kind, 'up', body);
      assert.equal(sample.status, status);
      assert.ok(sample.latencyMs > 0 && sample.latencyMs < 5_000);
    }
    const none: RequestListener = (_request, response) => response.end();
    assert.equal(await kindOf(await serve(t, none)), 'up');
    assert.equal(await kindOf(await serve(t, none), { method: 'HEAD' }), 'up');
  });

  it('finds wrong: 200 with a web page, by media type or by its beginning', async (t) => {
    for (const [type, body] of [
      ['text/html', ''],
      ['Text/HTML; charset=utf-8', 'ok'],
      ['application/xhtml+xml', 'ok'],
      ['application/json', '<!DOCTYPE html><p>'],
      ['', '\u{feff}\n  <HTML lang="en">'],
      ['text/plain', '<!-- a comment\n --> <head>'],
      ['', '<h1>It works!</h1>'],
    ] as const) {
      const sample = await probe(await serve(t, answers(200, type === '' ? {} : { 'content-type': type }, body)));
      assert.deepEqual([sample.kind, sample.detail], ['wrong', 'answers 200 with a web page']);
    }
  });

  it('finds erroring: every other status, complete or not', async (t) => {
    for (const status of [204, 206, 300, 304, 400, 403, 404, 418, 429, 500, 502, 503]) {
      const sample = await probe(await serve(t, answers(status, {}, status === 204 || status === 304 ? '' : '<html>')));
      assert.deepEqual([sample.kind, sample.status], ['erroring', status]);
    }
    assert.equal(await kindOf(await raw(t, 'HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nshort')), 'erroring');
  });

  it('finds wrong: a body that breaks off', async (t) => {
    const ok = 'HTTP/1.1 200 OK\r\n';
    const short = `${ok}content-length: 10\r\n\r\nshort`;
    const chunked = `${ok}transfer-encoding: chunked\r\n\r\n5\r\nshort\r\n`;
    for (const url of [
      await raw(t, short),
      await raw(t, short, reset),
      await raw(t, chunked),
      await raw(t, `${chunked}zz\r\n`),
      await raw(t, 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 10\r\n\r\n'),
    ]) {
      const sample = await probe(url);
      assert.equal(sample.kind, 'wrong');
      assert.match(sample.detail, /breaks off/);
    }
    assert.equal(await kindOf(await raw(t, `${ok}\r\nuntil the end`)), 'up');
    assert.equal(await kindOf(await raw(t, `${ok}content-length: 5\r\n\r\nright, and more`)), 'up');
  });

  it('finds refused: told at once that there is no way', async (t) => {
    const server = createTcpServer();
    const address = await listen(t, server);
    server.close();
    await once(server, 'close');
    const sample = await probe(`http://${address}/v2/`);
    assert.deepEqual([sample.kind, sample.detail, sample.status], ['refused', 'connection refused', undefined]);
    assert.equal(await kindOf('http://name.invalid/v2/'), 'refused');
  });

  it('finds erroring: a connection that ends without an answer, or with none that is HTTP', async (t) => {
    assert.equal(await kindOf(await raw(t, '')), 'erroring');
    assert.equal(await kindOf(await raw(t, '', reset)), 'erroring');
    assert.equal(await kindOf(await raw(t, 'SSH-2.0-OpenSSH_9.6\r\n')), 'erroring');
    assert.equal(await kindOf(await raw(t, 'HTTP/1.1 200 OK\r\ncontent-')), 'erroring');
  });

  it('finds hung: connected, and no complete answer', async (t) => {
    const timeoutMs = 500;
    const hung = async (url: string): Promise<ProbeSample> => {
      const sample = await probe(url, { timeoutMs });
      assert.equal(sample.kind, 'hung', sample.detail);
      assert.ok(sample.latencyMs >= timeoutMs - 1);
      return sample;
    };
    const dripping: RequestListener = (_request, response) => {
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    };
    const silent = await raw(t, '', stay);
    const stalled = await raw(t, 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort', stay);
    const urls = [
      silent,
      silent.replace('http:', 'https:'),
      await raw(t, 'HTTP/1.1 200 OK\r\n', stay),
      await raw(t, 'HTTP/1.1 500 Oops\r\ncontent-length: 10\r\n\r\n', stay),
      // Without a length, the body lasts until the connection ends.
      await raw(t, 'HTTP/1.0 200 OK\r\n\r\n', stay),
      await raw(t, 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{', stay),
      await raw(t, 'HTTP/1.1 307 There\r\nlocation: /ok\r\ncontent-length: 10\r\n\r\n', stay),
      await serve(t, dripping),
      await serve(t, (_request, response) => response.writeHead(302, { location: silent }).end()),
    ];
    await Promise.all(urls.map(hung));
    assert.match((await hung(stalled)).detail, /answers 200, then stalls/);
  });

  it('draws the line between up and hung at the end of the body, not at its beginning', async (t) => {
    const timeoutMs = 1_000;
    const after =
      (ms: number): RequestListener =>
      (_request, response) => {
        response.write('{');
        setTimeout(() => response.end('}'), ms);
      };
    assert.equal(await kindOf(await serve(t, after(timeoutMs / 2)), { timeoutMs }), 'up');
    const late = await probe(await serve(t, after(2 * timeoutMs)), { timeoutMs });
    assert.deepEqual([late.kind, late.status], ['hung', 200]);
    assert.ok(late.latencyMs >= timeoutMs - 1 && late.latencyMs < 2 * timeoutMs, `${late.latencyMs}`);
  });

  it('finds erroring: an answer in another protocol', async (t) => {
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    for (const after of [stay, undefined]) {
      const sample = await probe(await raw(t, switched, after));
      assert.deepEqual([sample.kind, sample.status, sample.detail], ['erroring', 101, 'answers 101']);
    }
  });

  it('finds timeout: no connection', async (t) => {
    const script = `
      const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
        process.stdout.write(String(server.address().port)));`;
    const stopped = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => stopped.kill('SIGKILL'));
    const [port] = await once(stopped.stdout, 'data');
    stopped.kill('SIGSTOP');
    // Its queue is short, so that soon nobody gets in any more.
    const waiting = Array.from({ length: 8 }, () => connect(Number(port), '127.0.0.1').on('error', stay));
    t.after(() => {
      for (const socket of waiting) socket.destroy();
    });
    const sample = await probe(`http://127.0.0.1:${port}/v2/`, { timeoutMs: 300 });
    assert.deepEqual([sample.kind, sample.detail], ['timeout', 'no connection in 300 ms']);
  });

  it('follows redirects as Go does: nine of them, to either scheme, never with headers to another host', async (t) => {
    const seen: IncomingMessage[] = [];
    const end = await serve(t, (request, response) => {
      seen.push(request);
      response.end('{}');
    });
    let requests = 0;
    const chain = (length: number): Promise<string> =>
      serve(t, (request, response) => {
        requests += 1;
        const hop = Number(new URL(request.url ?? '', 'http://x').searchParams.get('hop')) + 1;
        const location = hop < length ? `?hop=${hop}` : end;
        response.writeHead([301, 302, 303, 307, 308][hop % 5] ?? 302, { location }).end('<html>moved</html>');
      });
    const headers = { authorization: 'Basic c2VjcmV0', 'x-own': 'own' };
    assert.equal(await kindOf(await chain(9), { headers }), 'up');
    assert.equal(requests, 9);
    assert.equal(seen[0]?.headers.authorization, undefined);
    assert.equal(seen[0]?.headers['x-own'], undefined);
    requests = 0;
    const many = await probe(await chain(10));
    assert.deepEqual([many.kind, many.detail, requests], ['erroring', 'more than 9 redirects', 10]);

    const own: string[] = [];
    const home = await serve(t, (request, response) => {
      own.push(String(request.headers['x-own']));
      if (request.url === '/v2/') response.writeHead(307, { location: '/v2' }).end();
      else response.end();
    });
    assert.equal(await kindOf(home, { headers }), 'up');
    assert.deepEqual(own, ['own', 'own']);
    for (const location of ['ftp://127.0.0.1/', 'http://', 'file:///etc/passwd']) {
      assert.equal(await kindOf(await serve(t, answers(302, { location }))), 'erroring', location);
    }
    assert.equal(await kindOf(await serve(t, answers(302))), 'erroring');
    assert.equal(await kindOf(await serve(t, answers(302, { location: 'http://127.0.0.1:1/' }))), 'refused');
    assert.equal(
      await kindOf(await serve(t, answers(302, { location: await serve(t, answers(200, {}, '<html>')) }))),
      'wrong',
    );
  });

  it('speaks TLS: erroring when the certificate is not trusted, up with its authority or unverified', async (t) => {
    const server = createSecureServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: false });
    const seen: boolean[] = [];
    server.on('request', (request: IncomingMessage, response) => {
      seen.push('authorized' in request.socket && request.socket.authorized === true);
      response.end('{}');
    });
    const url = `https://${await listen(t, server)}/v2/`;
    const untrusted = await probe(url);
    assert.equal(untrusted.kind, 'erroring');
    assert.match(untrusted.detail, /^self-signed certificate[^;]*$/);
    assert.equal(await kindOf(url, { skipVerify: true }), 'up');
    assert.equal(await kindOf(url, { ca: cert }), 'up');
    assert.equal(await kindOf(url, { ca: [cert], cert, key }), 'up');
    assert.deepEqual(seen, [false, false, true]);
    assert.equal(await kindOf(url.replace('https:', 'http:')), 'erroring');
    const plain = await probe((await serve(t, answers(200))).replace('http:', 'https:'));
    assert.deepEqual([plain.kind, plain.detail], ['erroring', 'TLS: wrong version number']);
    assert.equal(await kindOf(await serve(t, answers(302, { location: url })), { ca: cert }), 'up');
  });

  it('sends headers to the same host over TLS, and never in the clear after TLS', async (t) => {
    const seen: string[] = [];
    // One port, both protocols: whoever begins with the first byte of a TLS record speaks TLS.
    const handle: RequestListener = (request, response) => {
      const scheme = 'encrypted' in request.socket ? 'https' : 'http';
      seen.push(`${scheme} ${request.headers.authorization}`);
      const other = `${scheme === 'http' ? 'https' : 'http'}://${request.headers.host}/end`;
      response.writeHead(request.url === '/end' ? 200 : 307, { location: other }).end();
    };
    const [plain, secure] = [createServer(handle), createSecureServer({ cert, key }, handle)];
    const both = createTcpServer((socket) => {
      socket.on('error', stay);
      socket.once('readable', () => {
        const first: Buffer = socket.read() ?? Buffer.alloc(0);
        socket.unshift(first);
        (first[0] === 22 ? secure : plain).emit('connection', socket);
      });
    });
    const address = await listen(t, both);
    const options = { headers: { authorization: 'Basic c2VjcmV0' }, skipVerify: true };
    assert.equal(await kindOf(`http://${address}/v2/`, options), 'up');
    assert.equal(await kindOf(`https://${address}/v2/`, options), 'up');
    const [sent, none] = ['Basic c2VjcmV0', 'undefined'];
    assert.deepEqual(seen, [`http ${sent}`, `https ${sent}`, `https ${sent}`, `http ${none}`]);
  });

  it('reads no more than a mebibyte', async (t) => {
    const url = await serve(t, (_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    assert.equal(await kindOf(url), 'up');
  });

  it('sends the headers of the file and never tells them', async (t) => {
    let seen: IncomingMessage | undefined;
    const url = await serve(t, (request, response) => {
      seen = request;
      response.writeHead(503).end('hunter2');
    });
    const sample = await probe(url.replace('http://', 'http://me:hunter2@'), { headers: { 'x-token': 'hunter2' } });
    assert.equal(seen?.headers['x-token'], 'hunter2');
    assert.equal(seen.headers.authorization, `Basic ${Buffer.from('me:hunter2').toString('base64')}`);
    assert.equal(seen.method, 'GET');
    assert.doesNotMatch(JSON.stringify(sample), /hunter2/);
  });

  it('makes a new connection each time', async (t) => {
    let connections = 0;
    const server = createServer((_request, response) => response.end('{}'));
    server.on('connection', () => {
      connections += 1;
    });
    const url = `http://${await listen(t, server)}/v2/`;
    for (let n = 0; n < 3; n += 1) assert.equal(await kindOf(url), 'up');
    assert.equal(connections, 3);
  });

  it('ends when it is stopped', async (t) => {
    const stop = new AbortController();
    const url = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-length': '9' }).write('x');
      setImmediate(() => stop.abort());
    });
    assert.equal((await probe(url, { signal: stop.signal })).detail, 'the probe was stopped');
    assert.equal((await probe(url, { signal: stop.signal })).detail, 'the probe was stopped');
  });

  it('does not blame a mirror for the time in which this process could not listen', async (t) => {
    const child = spawn(
      process.execPath,
      [
        '-e',
        `const server = require('node:http').createServer((q, r) => setTimeout(() => r.end('{}'), 50)).listen(0, '127.0.0.1',
        () => process.stdout.write(String(server.address().port)));`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    t.after(() => child.kill('SIGKILL'));
    const [port] = await once(child.stdout, 'data');
    const sampling = probe(`http://127.0.0.1:${port}/v2/`, { timeoutMs: 200 });
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600), 1);
    assert.equal((await sampling).kind, 'up');
  });

  it('refuses what is no address of a mirror', async () => {
    await assert.rejects(probe('not an address'), TypeError);
    await assert.rejects(probe('ftp://127.0.0.1/v2/'), /cannot probe ftp: addresses/);
  });
});
