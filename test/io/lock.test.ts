import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { acquireLock, type Lock, probeHolder, tryLock } from '../../src/io/lock.ts';
import { directoryFor } from '../support/directory.ts';

const never = new AbortController().signal;
const module = JSON.stringify(new URL('../../src/io/lock.ts', import.meta.url).href);

/** Another process; its output says `held` once it has the lock. */
const start = (t: TestContext, script: string): ChildProcess => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
};
const holderIn = async (t: TestContext, parent: string): Promise<ChildProcess> => {
  const child = start(
    t,
    `const { acquireLock } = await import(${module});
     await acquireLock({ parent: ${JSON.stringify(parent)}, signal: new AbortController().signal });
     process.stdout.write('held');
     setInterval(() => {}, 1e6);`,
  );
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  return child;
};

/** Waits for the lock; `told` resolves with the first word about the holder. */
const waiter = (parent: string, signal: AbortSignal = never) => {
  const told = Promise.withResolvers<string>();
  return { lock: acquireLock({ parent, signal, onWaiting: told.resolve }), told: told.promise };
};

describe('the lock of certs.d', () => {
  it('has one holder, known by its pid, until it is given back', async (t) => {
    const parent = directoryFor(t);
    assert.deepEqual(await probeHolder(parent, 1_000), { state: 'free' });
    const lock = await acquireLock({ parent, signal: never, onWaiting: () => assert.fail('it was free') });
    assert.equal(lock.held, true);
    assert.equal(await tryLock(parent), undefined);
    assert.deepEqual(await probeHolder(parent, 1_000), { state: 'answers', pid: process.pid });
    assert.equal(lock.close(), lock.close());
    await lock.close();
    assert.deepEqual(await probeHolder(parent, 1_000), { state: 'free' });
    const again = await tryLock(parent);
    assert.ok(again?.held);
    await again.close();
  });

  it('belongs to the directory, by whatever path', async (t) => {
    const parent = directoryFor(t);
    mkdirSync(join(parent, 'one'));
    mkdirSync(join(parent, 'two'));
    symlinkSync('one', join(parent, 'link'));
    const lock = await tryLock(join(parent, 'one'));
    assert.equal(await tryLock(join(parent, 'link')), undefined);
    const other = await tryLock(join(parent, 'two'));
    assert.ok(other);
    await Promise.all([lock?.close(), other.close()]);
    await assert.rejects(acquireLock({ parent: join(parent, 'none'), signal: never }), /ENOENT/);
  });

  it('is outdated when another directory stands in the place of the one it is for', async (t) => {
    const parent = join(directoryFor(t), 'containerd');
    mkdirSync(parent);
    const lock = await acquireLock({ parent, signal: never });
    assert.equal(lock.isOutdated(), false);
    renameSync(parent, `${parent}.old`);
    assert.equal(lock.isOutdated(), false, 'nobody can hold what is not there');
    mkdirSync(parent);
    assert.equal(lock.isOutdated(), true);
    await lock.close();
  });

  it('goes to exactly one of many waiters, and on from each to the next', async (t) => {
    const parent = directoryFor(t);
    const first = await acquireLock({ parent, signal: never });
    let holders = 0;
    const turns = Array.from({ length: 8 }, async () => {
      const lock = await acquireLock({ parent, signal: never });
      holders += 1;
      assert.equal(holders, 1);
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      await lock.close();
    });
    await first.close();
    await Promise.all(turns);
  });

  it('goes over at once when its holder is killed', async (t) => {
    const parent = directoryFor(t);
    const holder = await holderIn(t, parent);
    const { lock, told } = waiter(parent);
    assert.equal(await told, `pid ${holder.pid}`);
    holder.kill('SIGKILL');
    const taken = await lock;
    assert.equal(taken.held, true);
    await taken.close();
  });

  it('stays with a holder that is stopped, which is said', async (t) => {
    const parent = directoryFor(t);
    const holder = await holderIn(t, parent);
    holder.kill('SIGSTOP');
    assert.deepEqual(await probeHolder(parent, 200), { state: 'silent' });
    assert.equal(await tryLock(parent), undefined);
    const { lock, told } = waiter(parent);
    assert.match(await told, /does not answer \(is it stopped\?\)/);
    holder.kill('SIGCONT');
    assert.deepEqual(await probeHolder(parent, 5_000), { state: 'answers', pid: holder.pid });
    holder.kill('SIGKILL');
    await (await lock).close();
  });

  it('stops waiting when it is told to, before or meanwhile', async (t) => {
    const parent = directoryFor(t);
    const lock = await acquireLock({ parent, signal: never });
    const stop = new AbortController();
    const waiting = waiter(parent, stop.signal);
    await waiting.told;
    stop.abort();
    const none = await waiting.lock;
    assert.equal(none.held, false);
    await none.close();
    assert.equal((await acquireLock({ parent, signal: stop.signal })).held, false);
    await lock.close();
  });

  it('does not keep its process alive, but waiting does', async (t) => {
    const parent = directoryFor(t);
    const script = `const { acquireLock } = await import(${module});
      const lock = await acquireLock({
        parent: ${JSON.stringify(parent)},
        signal: new AbortController().signal,
        onWaiting: () => process.stdout.write('waiting'),
      });
      process.stdout.write('held ' + lock.held);`;
    const lock = await acquireLock({ parent, signal: never });
    const child = start(t, script);
    assert.ok(child.stdout);
    const output = on(child.stdout, 'data');
    const said = async (): Promise<string> => String((await output.next()).value);
    assert.equal(await said(), 'waiting');
    await lock.close();
    assert.equal(await said(), 'held true');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

  it('is not disturbed by strangers that connect and talk', async (t) => {
    const parent = directoryFor(t);
    const lock: Lock = await acquireLock({ parent, signal: never });
    const { dev, ino } = statSync(parent);
    for (let n = 0; n < 20; n += 1) {
      const stranger = connect(`\0handspegel:${dev}:${ino}`);
      stranger.on('error', () => undefined);
      stranger.end('x'.repeat(100_000));
      await once(stranger, 'connect');
      stranger.destroy();
    }
    assert.deepEqual(await probeHolder(parent, 1_000), { state: 'answers', pid: process.pid });
    await lock.close();
  });
});
