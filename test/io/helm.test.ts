import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHelm } from '../../src/io/helm.ts';
import { scratchDirectory } from '../support/directory.ts';

test('told to stop, helm ends what it does by itself, and that is waited for', async (t) => {
  const dir = scratchDirectory();
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, 'helm');
  const [started, ended] = [join(dir, 'started'), join(dir, 'ended')];
  writeFileSync(
    program,
    `#!${process.execPath}
const { writeFileSync } = require('node:fs');
const waiting = setInterval(() => {}, 1000);
process.on('SIGTERM', () => setTimeout(() => {
  writeFileSync(${JSON.stringify(ended)}, 'rolled back');
  process.stderr.write('cancelled');
  process.exitCode = 1;
  clearInterval(waiting);
}, 50));
writeFileSync(${JSON.stringify(started)}, '');
`,
  );
  chmodSync(program, 0o755);
  const stop = new AbortController();
  const seen = new Promise<void>((resolve) => {
    const watcher = watch(dir, () => {
      if (!existsSync(started)) return;
      watcher.close();
      resolve();
    });
  });
  const running = createHelm({ program, env: {}, signal: stop.signal })(['upgrade']);
  await seen;
  stop.abort();
  assert.deepEqual(await running, { code: 1, out: '', error: 'cancelled' });
  assert.equal(readFileSync(ended, 'utf8'), 'rolled back');
});

test('values reach it by its standard input, also when it reads none of them', async (t) => {
  const dir = scratchDirectory();
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const [reads, ignores] = [join(dir, 'reads'), join(dir, 'ignores')];
  writeFileSync(reads, '#!/bin/sh\ncat\n');
  writeFileSync(ignores, '#!/bin/sh\nexit 3\n');
  for (const file of [reads, ignores]) chmodSync(file, 0o755);
  const { signal } = new AbortController();
  const text = 'x: 1\n'.repeat(100_000);
  const env = { PATH: process.env['PATH'] };
  assert.equal((await createHelm({ program: reads, env, signal })([], text)).out, text);
  assert.equal((await createHelm({ program: ignores, env, signal })([], text)).code, 3);
});
