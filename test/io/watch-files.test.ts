import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type WatchOptions, watchFiles } from '../../src/io/watch-files.ts';
import { directoryFor, writeDirectory } from '../support/directory.ts';

const scratch = (t: TestContext) => {
  const parent = directoryFor(t);
  const certsDir = join(parent, 'containerd/certs.d');
  return { parent, certsDir, at: (path: string) => join(certsDir, path) };
};

/** Starts a watch; `next` resolves with the next reason that matches, of those after its call. */
const start = (t: TestContext, options: Omit<WatchOptions, 'wake' | 'report' | 'signal'>) => {
  const stop = new AbortController();
  const reasons: string[] = [];
  const reports: string[] = [];
  let listeners: { pattern: RegExp; resolve: (reason: string) => void }[] = [];
  const next = (pattern: RegExp): Promise<string> => new Promise((resolve) => listeners.push({ pattern, resolve }));
  const tell = (list: string[]) => (reason: string) => {
    list.push(reason);
    const heard = listeners.filter(({ pattern }) => pattern.test(reason));
    listeners = listeners.filter((listener) => !heard.includes(listener));
    for (const { resolve } of heard) resolve(reason);
  };
  const begins = next(/watch begins/);
  const ended = watchFiles({ ...options, wake: tell(reasons), report: tell(reports), signal: stop.signal });
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  t.after(end);
  /** Does something and waits for what it must wake. */
  const wakes = async (pattern: RegExp, act: () => void): Promise<void> => {
    const woken = next(pattern);
    act();
    await woken;
  };
  return { begins, next, wakes, end, reasons, reports };
};

describe('watchFiles', () => {
  it('wakes on every kind of change below certs.d', async (t) => {
    const { parent, certsDir, at } = scratch(t);
    writeDirectory(certsDir, { '_default/hosts.toml': 'abc', 'quay.io/hosts.toml': 'abc' });
    const { begins, wakes, reports } = start(t, { certsDir });
    await begins;
    await wakes(/_default\/hosts\.toml/, () => writeFileSync(at('_default/hosts.toml'), 'abd'));
    await wakes(/_default\/hosts\.toml/, () => chmodSync(at('_default/hosts.toml'), 0o600));
    await wakes(/_default/, () => chmodSync(at('_default'), 0o700));
    await wakes(/quay\.io\/hosts\.toml/, () => unlinkSync(at('quay.io/hosts.toml')));
    writeDirectory(parent, { 'staging/hosts.toml': 'new' });
    await wakes(/quay\.io\/hosts\.toml/, () =>
      renameSync(join(parent, 'staging/hosts.toml'), at('quay.io/hosts.toml')),
    );
    await wakes(/docker\.io/, () => renameSync(join(parent, 'staging'), at('docker.io')));
    await wakes(/link/, () => symlinkSync('nowhere', at('docker.io/link')));
    await wakes(/deep/, () => mkdirSync(at('docker.io/deep')));
    await wakes(/quay\.io/, () => rmSync(at('quay.io'), { recursive: true }));
    assert.deepEqual(reports, []);
  });

  it('follows what Spegel does: backup, clear, write, and the way back', async (t) => {
    const { certsDir, at } = scratch(t);
    writeDirectory(certsDir, { '_default/hosts.toml': 'ours', 'quay.io/hosts.toml': 'theirs' });
    const { begins, wakes } = start(t, { certsDir });
    await begins;
    await wakes(/_backup/, () => mkdirSync(at('_backup')));
    await wakes(/_default/, () => renameSync(at('_default'), at('_backup/_default')));
    await wakes(/certs\.d\/_default/, () => writeDirectory(certsDir, { '_default/hosts.toml': 'spegel' }));
    await wakes(/certs\.d\/_default\/hosts\.toml/, () => writeFileSync(at('_default/hosts.toml'), 'spegel again'));
    await wakes(/_backup\/_default\/hosts\.toml/, () => writeFileSync(at('_backup/_default/hosts.toml'), 'edited'));
    await wakes(/certs\.d\/_default/, () => rmSync(at('_default'), { recursive: true }));
    await wakes(/certs\.d\/_default/, () => renameSync(at('_backup/_default'), at('_default')));
    await wakes(/certs\.d\/_default\/hosts\.toml/, () => writeFileSync(at('_default/hosts.toml'), 'edited again'));
  });

  it('does not wake for its staging directory or anything else beside certs.d', async (t) => {
    const { certsDir, at } = scratch(t);
    writeDirectory(certsDir, { '_default/hosts.toml': 'abc', '../other/config.toml': '' });
    const { begins, wakes, reasons } = start(t, { certsDir });
    await begins;
    writeDirectory(certsDir, {
      '../other/config.toml': 'x',
      '../config.toml': 'x',
      '../.handspegel/1': 'x',
      '../certs.d.old/x': '',
    });
    rmSync(join(certsDir, '../.handspegel'), { recursive: true });
    await wakes(/_default/, () => writeFileSync(at('_default/hosts.toml'), 'x'));
    assert.deepEqual([...new Set(reasons)], ['the watch begins', 'certs.d/_default/hosts.toml changed']);
  });

  it('goes on when certs.d, or its parent, is replaced or made only later', async (t) => {
    const { parent, certsDir, at } = scratch(t);
    const { begins, wakes, next } = start(t, { certsDir });
    await begins;
    const both = Promise.all([next(/_default\/hosts\.toml/), next(/certs\.d/)]);
    writeDirectory(certsDir, { '_default/hosts.toml': 'abc' });
    await both;
    await wakes(/_default/, () => writeFileSync(at('_default/hosts.toml'), 'abd'));
    await wakes(/certs\.d changed/, () => renameSync(certsDir, join(parent, 'old')));
    await wakes(/_default\/hosts\.toml/, () => writeDirectory(certsDir, { '_default/hosts.toml': 'new' }));
    await wakes(/_default\/hosts\.toml/, () => writeFileSync(at('_default/hosts.toml'), 'newer'));
    const anew = next(/watch begins/);
    await wakes(/parent of certs\.d was replaced/, () => {
      renameSync(join(parent, 'containerd'), join(parent, 'old-containerd'));
      writeDirectory(certsDir, { '_default/hosts.toml': 'abc' });
    });
    await anew;
    await wakes(/_default\/hosts\.toml/, () => writeFileSync(at('_default/hosts.toml'), 'last'));
  });

  it('follows certs.d through links', async (t) => {
    const { parent, certsDir } = scratch(t);
    writeDirectory(parent, { 'real/certs.d/_default/hosts.toml': 'abc' });
    symlinkSync('real', join(parent, 'containerd'));
    const { begins, wakes } = start(t, { certsDir });
    await begins;
    await wakes(/_default/, () => writeFileSync(join(parent, 'real/certs.d/_default/hosts.toml'), 'x'));
  });

  it('follows a link to certs.d that leads elsewhere by now, or that certs.d became', async (t) => {
    const { parent, certsDir } = scratch(t);
    writeDirectory(certsDir, { '_default/hosts.toml': 'abc' });
    for (const name of ['one', 'two']) writeDirectory(parent, { [`${name}/_default/hosts.toml`]: 'abc' });
    const { begins, wakes, next } = start(t, { certsDir });
    await begins;
    for (const [away, name] of [
      [() => renameSync(certsDir, join(parent, 'old')), 'one'],
      [() => unlinkSync(certsDir), 'two'],
    ] as const) {
      away();
      await wakes(/a link to certs\.d/, () => symlinkSync(join(parent, name), certsDir));
      await next(/watch begins/);
      await wakes(/_default/, () => writeFileSync(join(parent, name, '_default/hosts.toml'), 'x'));
    }
  });

  it('wakes when the configuration changes: a file, however it is replaced', async (t) => {
    const { parent, certsDir } = scratch(t);
    const configPath = join(parent, 'config.yaml');
    const { begins, wakes, reasons } = start(t, { certsDir, configPath });
    await begins;
    await wakes(/configuration/, () => writeFileSync(configPath, 'a: 1'));
    await wakes(/configuration/, () => writeFileSync(configPath, 'a: 2'));
    writeFileSync(join(parent, 'new.yaml'), 'a: 3');
    await wakes(/configuration/, () => renameSync(join(parent, 'new.yaml'), configPath));
    await wakes(/configuration/, () => writeFileSync(configPath, 'a: 4'));
    await wakes(/configuration/, () => unlinkSync(configPath));
    const before = reasons.length;
    writeFileSync(join(parent, 'other.yaml'), 'x');
    await wakes(/configuration/, () => writeFileSync(configPath, 'a: 5'));
    assert.ok(reasons.length > before);
  });

  it('wakes when the configuration changes: a ConfigMap mount', async (t) => {
    const { parent, certsDir } = scratch(t);
    const mount = join(parent, 'mount');
    const swap = (name: string): void => {
      writeDirectory(mount, { [`${name}/config.yaml`]: name });
      symlinkSync(name, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    swap('..one');
    symlinkSync('..data/config.yaml', join(mount, 'config.yaml'));
    const { begins, wakes } = start(t, { certsDir, configPath: mount });
    await begins;
    for (const name of ['..two', '..three']) {
      await wakes(/configuration/, () => {
        swap(name);
        rmSync(join(mount, name === '..two' ? '..one' : '..two'), { recursive: true });
      });
    }
  });

  it('looks every so often when it cannot watch, says so once, and watches again when it can', async (t) => {
    const { certsDir, at } = scratch(t);
    writeDirectory(certsDir, { '_default/hosts.toml': 'abc' });
    let tries = 0;
    const load = async () => {
      tries += 1;
      if (tries < 4) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
      return import('chokidar');
    };
    const { begins, wakes, reports, reasons } = start(t, { certsDir, load, pollMs: 5, retryMs: 10 });
    await begins;
    assert.equal(tries, 4);
    assert.equal(reports.length, 2);
    assert.match(
      reports[0] ?? '',
      /every 0\.005 s, not watched: no inotify instance .*: raise fs\.inotify\.max_user_instances/,
    );
    assert.equal(reports[1], 'files are watched again');
    assert.ok(reasons.filter((reason) => reason === 'looking without a watch').length >= 6);
    await wakes(/_default/, () => writeFileSync(at('_default/hosts.toml'), 'x'));
  });

  it('ends when it is told to, watching or not, and leaves nothing behind', async (t) => {
    const { certsDir } = scratch(t);
    writeDirectory(certsDir, { '_default/hosts.toml': 'abc' });
    const watching = start(t, { certsDir });
    await watching.begins;
    await watching.end();
    const count = watching.reasons.length;
    writeFileSync(join(certsDir, '_default/hosts.toml'), 'x');
    const failing = start(t, { certsDir, load: () => Promise.reject(new Error('none')) });
    await failing.next(/looking/);
    await failing.end();
    assert.equal(watching.reasons.length, count);
    const stopped = AbortSignal.abort();
    await watchFiles({ certsDir, wake: assert.fail, report: assert.fail, signal: stopped });
    assert.ok(existsSync(certsDir));
  });
});
