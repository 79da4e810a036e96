import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { directoryFor } from '../support/directory.ts';
import { createSpegel, type Spegel, type SpegelOptions } from '../support/spegel/spegel.ts';
import type { Pause, Step } from '../support/spegel/steps.ts';
import { plantTree, readTree, type Tree } from '../support/spegel/tree.ts';

const before: Tree = { '_default/hosts.toml': 'bootstrap', 'a.example/hosts.toml': 'a', 'z.example/hosts.toml': 'z' };

interface Scene {
  readonly directory: string;
  readonly spegel: (pause?: Pause, options?: Partial<SpegelOptions>) => Spegel;
}

async function scene(t: TestContext, tree: Tree): Promise<Scene> {
  const directory = directoryFor(t);
  await plantTree(directory, tree);
  const spegel: Scene['spegel'] = (pause = () => undefined, options = {}) =>
    createSpegel({ family: 'v0.7', certsDir: directory, nodeIp: '10.0.0.1', bin: false, pause, ...options });
  return { directory, spegel };
}

/** Runs `act` before the first step that fits, once. */
function once(fits: (step: Step) => boolean, act: () => void | Promise<void>): Pause {
  let done = false;
  return async (step) => {
    if (done || !fits(step)) return;
    done = true;
    await act();
  };
}

const crash = (): never => {
  throw new Error('killed');
};

const isRename =
  (name: string) =>
  ({ op, path }: Step): boolean =>
    op === 'rename' && path.endsWith(`/${name}`);

test('the first start makes its steps in the order of the real one', async (t) => {
  const steps: string[] = [];
  const { directory, spegel } = await scene(t, { 'b/hosts.toml': '', a: 'stray' });
  const short = (path: string): string => path.slice(directory.length) || '/';
  await spegel(({ op, path, to }) => {
    steps.push(`${op} ${short(path)}${to === undefined ? '' : ` ${short(to)}`}`);
  }).start();
  assert.deepEqual(steps, [
    'stat /',
    'stat /_backup',
    'list /',
    'stat /_backup',
    'stat /',
    'mkdir /_backup',
    'stat /_backup/a',
    'rename /a /_backup/a',
    'stat /_backup/b',
    'rename /b /_backup/b',
    'list /',
    'stat /_default',
    'stat /',
    'mkdir /_default',
    'open /_default/hosts.toml',
    'write /_default/hosts.toml',
    'close /_default/hosts.toml',
  ]);
});

test('a directory is removed as Go does it: as a file, as an empty directory, then entry by entry', async (t) => {
  const { directory, spegel } = await scene(t, { '_backup/': '', 'a/ca.crt': '', 'a/sub/': '' });
  const steps: string[] = [];
  await spegel(({ op, path }) => {
    if (path.startsWith(join(directory, 'a'))) steps.push(`${op} ${path.slice(directory.length)}`);
  }).start();
  const [inSub, rest] = [steps.filter((s) => s.includes('/sub')), steps.filter((s) => !s.includes('/sub'))];
  assert.deepEqual(rest, ['unlink /a', 'rmdir /a', 'unlink /a', 'list /a', 'unlink /a/ca.crt', 'rmdir /a']);
  assert.deepEqual(inSub, ['unlink /a/sub', 'list /a/sub', 'rmdir /a/sub']);
});

test('a backup that fails half-way destroys on its retry what it had not moved yet', async (t) => {
  const { directory, spegel } = await scene(t, before);
  const node = spegel(once(isRename('a.example'), crash));
  const { failures } = await node.start();
  assert.equal(failures.length, 1);
  assert.deepEqual(await readTree(directory), {
    '_backup/': '',
    '_backup/_default/': '',
    '_backup/_default/hosts.toml': 'bootstrap',
    '_default/': '',
    '_default/hosts.toml': node.expectedFile('_default'),
  });
});

test('an uninstall hook that fails half-way clears on its retry what it had restored', async (t) => {
  const { directory, spegel } = await scene(t, before);
  await spegel().start();
  const { failures } = await spegel(once(isRename('z.example'), crash)).uninstall();
  assert.equal(failures.length, 1);
  assert.deepEqual(await readTree(directory), { 'z.example/': '', 'z.example/hosts.toml': 'z' });
});

test('a crash between truncating and writing leaves an empty file until the retry', async (t) => {
  const { directory, spegel } = await scene(t, {});
  const isWrite = ({ op }: Step): boolean => op === 'write';
  await assert.rejects(spegel(once(isWrite, crash), { attempts: 1 }).start(), /killed/);
  assert.equal((await readTree(directory))?.['_default/hosts.toml'], '');
});

test('the hook fails when somebody makes _default anew, even an empty one, before it is moved back', async (t) => {
  for (const fill of [false, true]) {
    const { directory, spegel } = await scene(t, before);
    await spegel().start();
    const intruder = async (): Promise<void> => {
      await mkdir(join(directory, '_default'));
      if (fill) await writeFile(join(directory, '_default/hosts.toml'), 'intruder');
    };
    const isLook = ({ op, path }: Step): boolean => op === 'stat' && path === join(directory, '_default');
    await assert.rejects(spegel(once(isLook, intruder), { attempts: 1 }).uninstall(), { code: 'EEXIST' });
  }
});

test('the hook fails with ENOTEMPTY when _default appears between its look and its rename', async (t) => {
  const { directory, spegel } = await scene(t, before);
  await spegel().start();
  const intruder = async (): Promise<void> => {
    await plantTree(directory, { '_default/hosts.toml': 'intruder' });
  };
  await assert.rejects(spegel(once(isRename('_default'), intruder), { attempts: 1 }).uninstall(), {
    code: 'ENOTEMPTY',
  });
});

test('clearing fails with ENOTEMPTY when a directory is filled while it is removed', async (t) => {
  const { directory, spegel } = await scene(t, { '_backup/': '', 'a.example/hosts.toml': '' });
  const isRemoval = ({ op, path }: Step): boolean => op === 'unlink' && path.endsWith('a.example/hosts.toml');
  const intruder = async (): Promise<void> => {
    await plantTree(directory, { 'a.example/late': '' });
  };
  const node = spegel(once(isRemoval, intruder));
  const { failures } = await node.start();
  assert.deepEqual(
    failures.map((failure) => ('code' in failure ? failure.code : undefined)),
    ['ENOTEMPTY'],
  );
  assert.deepEqual(Object.keys((await readTree(directory)) ?? {}), ['_backup/', '_default/', '_default/hosts.toml']);
});

test('the backup fails when a listed entry is gone before it is moved', async (t) => {
  const { directory, spegel } = await scene(t, before);
  const remove = (): Promise<void> => rm(join(directory, 'a.example'), { recursive: true });
  await assert.rejects(spegel(once(isRename('_default'), remove), { attempts: 1 }).start(), { code: 'ENOENT' });
});

test('a container that never succeeds is given up after the attempts asked for', async (t) => {
  const { spegel } = await scene(t, {});
  let tries = 0;
  const pause: Pause = ({ op }) => {
    if (op !== 'list') return;
    tries += 1;
    crash();
  };
  await assert.rejects(spegel(pause, { attempts: 3 }).start(), /killed/);
  assert.equal(tries, 3);
});
