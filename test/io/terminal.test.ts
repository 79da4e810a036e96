import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { it, type TestContext } from 'node:test';
import { listen } from '../support/listen.ts';

const source = new URL('../../src/io/terminal.ts', import.meta.url).href;

const textOf = async (stream: Readable | null): Promise<string> => (stream === null ? '' : text(stream));

/** A program that may write to its own standard output and error, as this test's must not. */
const start = (
  t: TestContext,
  script: string,
  stdout: 'pipe' | number | Socket = 'pipe',
  stdin: 'pipe' | 'ignore' = 'ignore',
) => {
  const words = ['--input-type=module', '--eval', `import { isTerminal, writeText } from '${source}';\n${script}`];
  const child = spawn(process.execPath, words, { stdio: [stdin, stdout, 'pipe'] });
  t.after(() => child.kill());
  return child;
};

it('a text is written whole, however slow its reader and whoever made the pipe non-blocking', async (t) => {
  const child = start(t, "process.stdout.write(''); writeText(1, 'x'.repeat(3_000_000)); writeText(1, 'end');");
  const [written, said] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  assert.equal(said, '');
  assert.equal(written.length, 3_000_003);
  assert.ok(written.endsWith('xend'));
});

it('a reader that is gone is told', async (t) => {
  const child = start(t, "while (writeText(1, 'x'.repeat(1_000))); writeText(2, 'nobody reads');");
  child.stdout?.once('data', () => child.stdout?.destroy());
  assert.equal(await textOf(child.stderr), 'nobody reads');
});

it('a reader that resets its connection is told: a pipe may be a socket', async (t) => {
  const server = createServer();
  const [address, port] = (await listen(t, server)).split(':');
  const stdout = connect(Number(port), address);
  const [[reader]] = await Promise.all([once(server, 'connection'), once(stdout, 'connect')]);
  const script = `import { readFileSync } from 'node:fs';
writeText(2, 'started,');
readFileSync(0);
writeText(2, [writeText(1, 'lost'), writeText(1, 'again')].join());`;
  const child = start(t, script, stdout, 'pipe');
  stdout.destroy();
  child.stderr?.once('data', () => {
    reader.once('close', () => child.stdin?.end());
    reader.resetAndDestroy();
  });
  assert.equal(await textOf(child.stderr), 'started,false,false');
});

it('a full disk is an error', async (t) => {
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const script = "try { writeText(1, 'x'); } catch (error) { writeText(2, error.code); }";
  assert.equal(await textOf(start(t, script, full).stderr), 'ENOSPC');
});

it('neither a file, a pipe nor /dev/null is a terminal, and none of them needs sockets and streams to be told', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'terminal-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const script = `const loaded = () => process.moduleLoadList.includes('NativeModule net');
writeText(2, [isTerminal(0), isTerminal(1), isTerminal(2), loaded()].join());`;
  for (const path of [join(dir, 'file'), '/dev/null']) {
    const fd = openSync(path, 'w');
    const child = start(t, script, fd);
    closeSync(fd);
    const [said] = await Promise.all([textOf(child.stderr), once(child, 'exit')]);
    assert.equal(said, 'false,false,false,false');
  }
  assert.equal(readFileSync(join(dir, 'file'), 'utf8'), '');
});
