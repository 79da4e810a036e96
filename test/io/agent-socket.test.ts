import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type AgentRequest, askAgent, type ServeOptions, serveAgentSocket } from '../../src/io/agent-socket.ts';
import { pause } from '../../src/pause.ts';
import { directoryFor } from '../support/directory.ts';
import { asStranger } from '../support/stranger.ts';

const place = (t: TestContext) => {
  const parent = directoryFor(t);
  const directory = join(parent, 'state');
  mkdirSync(directory, { mode: 0o700 });
  return { parent, directory, path: join(directory, 'agent.sock') };
};

const soon = (_ms: number, signal: AbortSignal): Promise<void> => pause(10, signal);

const ask = (path: string, command = 'status', timeoutMs = 5_000, args: AgentRequest['args'] = {}) =>
  askAgent({ path, command, args, timeoutMs });

/** Asks until there is an answer: the socket is made anew in its own time. */
const untilAnswered = async (path: string): Promise<unknown> => {
  for (;;) {
    const asked = await ask(path);
    if ('answer' in asked) return asked.answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const start = (t: TestContext, options: Pick<ServeOptions, 'path'> & Partial<ServeOptions>) => {
  const stop = new AbortController();
  const reports: string[] = [];
  const ended = serveAgentSocket({
    handle: async (request) => request,
    report: (message) => reports.push(message),
    ...options,
    signal: stop.signal,
  });
  t.after(() => stop.abort());
  const end = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { end, stop, ended, reports };
};

describe('the socket of the agent', () => {
  it('carries a command and its answer', async (t) => {
    const { directory, path } = place(t);
    const { end } = start(t, { path });
    assert.deepEqual(await untilAnswered(path), { command: 'status', args: {} });
    const args = { path: '_default/hosts.toml', none: undefined };
    assert.deepEqual(await ask(path, 'restore', 5_000, args), {
      answer: { command: 'restore', args: { path: '_default/hosts.toml' } },
    });
    assert.deepEqual(readdirSync(directory), ['agent.json', 'agent.sock']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(directory, 'agent.json')).mode & 0o777, 0o600);
    const named = JSON.parse(readFileSync(join(directory, 'agent.json'), 'utf8')) as { pid: number; started: string };
    assert.equal(named.pid, process.pid);
    assert.ok(Date.parse(named.started) <= Date.now());
    await end();
    assert.deepEqual(readdirSync(directory), []);
    const after = await ask(path);
    assert.equal('failure' in after && after.failure, 'no-agent');
  });

  it('carries long answers, and the reason of a request that failed', async (t) => {
    const { path } = place(t);
    const long = 'x'.repeat(1_000_000);
    start(t, {
      path,
      handle: async ({ command }) => {
        if (command === 'fail') throw new Error('no such thing');
        return long;
      },
    });
    assert.equal(await untilAnswered(path), long);
    assert.deepEqual(await ask(path, 'fail'), { answer: { ok: false, message: 'no such thing' } });
    const tooLong = await ask(path, 'x'.repeat(100_000));
    assert.match(JSON.stringify(tooLong), /longer than|no-answer/);
    const stranger = connect(path);
    stranger.end('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n').resume();
    stranger.on('error', () => undefined);
    await once(stranger, 'close');
    assert.equal(await untilAnswered(path), long);
  });

  it('replaces what a dead agent left', async (t) => {
    const { directory, path } = place(t);
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`;
    await once(spawn(process.execPath, ['-e', script]), 'exit');
    writeFileSync(join(directory, 'agent.json'), '{"pid": 1');
    assert.ok(existsSync(path));
    const dead = await ask(path);
    assert.deepEqual('failure' in dead && [dead.failure, dead.pid], ['no-agent', undefined]);
    const { end } = start(t, { path });
    await untilAnswered(path);
    await end();
  });

  it('names a stopped agent that does not answer', async (t) => {
    const { directory, path } = place(t);
    const module = JSON.stringify(new URL('../../src/io/agent-socket.ts', import.meta.url).href);
    const script = `
      const { serveAgentSocket } = await import(${module});
      await serveAgentSocket({ path: ${JSON.stringify(path)}, handle: async () => 1, signal: new AbortController().signal });`;
    const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    t.after(() => agent.kill('SIGKILL'));
    await untilAnswered(path);
    agent.kill('SIGSTOP');
    assert.deepEqual(await ask(path, 'release', 100), {
      failure: 'no-answer',
      detail: 'no answer in 100 ms',
      pid: agent.pid,
    });
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    assert.deepEqual(readdirSync(directory), ['agent.json', 'agent.sock']);
  });

  it('says that there was no answer when the agent goes or talks nonsense', async (t) => {
    const { directory } = place(t);
    const answering = async (name: string, text: string): Promise<string> => {
      const path = join(directory, name);
      const server = createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end(text)));
      server.listen(path);
      await once(server, 'listening');
      t.after(() => server.close());
      const asked = await ask(path);
      return 'failure' in asked ? asked.failure : 'answer';
    };
    assert.equal(await answering('gone', ''), 'no-answer');
    assert.equal(await answering('torn', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"ok'), 'no-answer');
    assert.equal(await answering('text', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'), 'no-answer');
  });

  it('lets no other user ask', async (t) => {
    const { parent, directory, path } = place(t);
    start(t, { path });
    await untilAnswered(path);
    chmodSync(parent, 0o755);
    for (const mode of [0o700, 0o755]) {
      chmodSync(directory, mode);
      const asked = await asStranger([directory, path], () => ask(path));
      assert.equal('failure' in asked && asked.failure, 'refused');
    }
  });

  it('gives the answer to whoever asked for the end, its files gone before', async (t) => {
    const { directory, path } = place(t);
    const asked = Promise.withResolvers<void>();
    const { stop, ended } = start(t, {
      path,
      handle: async ({ command }) => {
        if (command !== 'release') return 'ready';
        stop.abort();
        asked.resolve();
        return readdirSync(directory);
      },
    });
    await untilAnswered(path);
    const answer = ask(path, 'release');
    await asked.promise;
    assert.deepEqual(await answer, { answer: [] });
    await ended;
  });

  it('ends soon even when a request does not', async (t) => {
    const { path } = place(t);
    const asked = Promise.withResolvers<void>();
    const { end } = start(t, {
      path,
      handle: ({ command }) => {
        if (command === 'status') return Promise.resolve('ready');
        asked.resolve();
        return new Promise(() => undefined);
      },
    });
    await untilAnswered(path);
    const answer = ask(path, 'hang');
    await asked.promise;
    await end();
    const given = await answer;
    assert.equal('failure' in given && given.failure, 'no-answer');
  });

  it('makes the socket anew when its directory was lost', async (t) => {
    const { directory, path } = place(t);
    const { end, reports } = start(t, { path, pause: soon });
    await untilAnswered(path);
    rmSync(directory, { recursive: true });
    await untilAnswered(path);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    await end();
    assert.deepEqual(readdirSync(directory), []);
    assert.deepEqual(reports, []);
  });

  it('says once why it cannot listen, goes on trying, and says when it can', async (t) => {
    const { directory, path } = place(t);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file');
    const said = Promise.withResolvers<string>();
    const again = Promise.withResolvers<string>();
    const report = (message: string): void => (message.includes('again') ? again : said).resolve(message);
    const { end } = start(t, { path, pause: soon, report });
    assert.match(await said.promise, /commands cannot reach the agent through .*agent\.sock: /);
    rmSync(directory);
    assert.match(await again.promise, /can reach the agent again/);
    await untilAnswered(path);
    await end();
    const tooLong = start(t, { path: join(directory, 'x'.repeat(120), 'agent.sock'), pause: soon });
    while (tooLong.reports.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.match(tooLong.reports[0] ?? '', /longer than 107 bytes/);
    await tooLong.end();
    assert.equal(tooLong.reports.length, 1);
  });
});
