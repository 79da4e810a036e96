import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

// What a disk, a kernel or a container runtime may refuse, made real in namespaces of their own. Needs root.

const source = (name: string): string => JSON.stringify(new URL(`../../src/io/${name}.ts`, import.meta.url).href);

/** What each script begins with: a place with one file of each kind, and what is done to it again and again. */
const prelude = (place: string): string => `
  import { execFileSync } from 'node:child_process';
  import * as fs from 'node:fs';
  import { createApplier } from ${source('apply-changes')};
  import { describeMount } from ${source('describe-mount')};
  import { readTree } from ${source('read-tree')};
  import { createStore } from ${source('store')};
  const place = ${JSON.stringify(place)};
  const certsDir = place + '/containerd/certs.d';
  const file = certsDir + '/_default/hosts.toml';
  const attributes = { mode: 0o644, uid: 0, gid: 0 };
  const { apply, prepare, discard } = createApplier({ certsDir });
  const store = createStore(place + '/state');
  const content = (bytes) => [{ kind: 'file', path: 'hosts.toml', bytes, ...attributes }];
  const put = (path, bytes) => apply([{ kind: 'put-directory', path, content: content(bytes), ...attributes, mode: 0o755 }]);
  const write = (bytes) => {
    const expected = readTree(certsDir).entries.get('_default/hosts.toml').id;
    return apply([{ kind: 'write-file', path: '_default/hosts.toml', bytes, expected, ...attributes }]);
  };
  const attempt = (act) => { try { return act() ?? 'done'; } catch (error) { return error.message; } };
  const record = (detail) => ({ at: 'now', event: 'test', detail });
  const names = (directory) => fs.readdirSync(directory).sort();
  const text = () => fs.readFileSync(file, 'utf8');
  const large = Buffer.alloc(16384, 'x');
  const begin = () => {
    fs.mkdirSync(place + '/containerd', { recursive: true });
    put('_default', Buffer.from('old'));
    store.writeJson('ledger.json', 'old');
    store.appendJournal([record('old')]);
  };
  const out = (value) => console.log(JSON.stringify(value));
`;

type Seen = Readonly<Record<string, unknown>>;

const run = (t: TestContext, before: readonly string[], body: (place: string) => string): Seen => {
  const place = mkdtempSync(join(tmpdir(), 'io-limits-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const command = [...before, process.execPath, '--input-type=module', '-e', prelude(place) + body(place)];
  return JSON.parse(execFileSync('env', command, { encoding: 'utf8' })) as Seen;
};

/** Mounts made inside are seen by nobody else and go with the process. */
const ownMounts = ['unshare', '--mount', '--propagation', 'private'];
/** A user namespace has limits of its own. */
const ownLimits = ['unshare', '--user', '--map-root-user'];
const descriptors = (count: number) => ['sh', '-c', `ulimit -n ${count}; exec "$0" "$@"`];

const failedWith = (outcome: unknown, pattern: RegExp): void => {
  const { result, error } = outcome as { result: string; error: string };
  assert.equal(result, 'failed');
  assert.match(error, pattern);
};

describe('what may be refused', () => {
  it('a full disk: the old files stay whole, nothing is left behind, it goes on when there is room', (t) => {
    const seen = run(
      t,
      ownMounts,
      () => `
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', place]);
      begin();
      const fd = fs.openSync(place + '/filler', 'w');
      try { for (;;) fs.writeSync(fd, large); } catch {}
      const full = {
        write: write(large), put: put('quay.io', large), ledger: attempt(() => store.writeJson('ledger.json', 'x'.repeat(20000))),
        object: attempt(() => store.putObject(large)), prepared: attempt(() => prepare([{ kind: 'put-directory', path: 'ghcr.io', content: content(large), ...attributes }])),
        preparedLedger: attempt(() => store.prepareJson('ledger.json', 'x'.repeat(20000))), discarded: attempt(discard), journal: attempt(() => store.appendJournal([record('x'.repeat(20000))])),
        text: text(), names: names(place + '/containerd'), certs: names(certsDir), state: names(place + '/state'),
        kept: store.readJson('ledger.json'), records: store.readJournal(5).length,
      };
      fs.closeSync(fd);
      fs.rmSync(place + '/filler');
      out({ ...full, after: [write(large).result, put('quay.io', Buffer.from('new')).result, text().length,
        attempt(() => store.writeJson('ledger.json', 'new')), attempt(() => store.appendJournal([record('new')])),
        store.readJournal(5).map(({ detail }) => detail)] });`,
    );
    failedWith(seen['write'], /ENOSPC.*no space or no inode is left there: free some/);
    failedWith(seen['put'], /ENOSPC/);
    assert.match(String(seen['ledger']), /cannot write ledger\.json in .*state: ENOSPC.*free some/);
    assert.match(String(seen['object']), /cannot keep a file in .*ENOSPC/);
    assert.match(String(seen['prepared']), /ENOSPC/);
    assert.match(String(seen['preparedLedger']), /cannot prepare ledger\.json in .*ENOSPC/);
    assert.equal(seen['discarded'], 'done');
    assert.deepEqual(seen['state'], ['journal.jsonl', 'ledger.json', 'objects']);
    assert.match(String(seen['journal']), /cannot write the journal in .*ENOSPC/);
    assert.equal(seen['text'], 'old');
    assert.deepEqual(seen['names'], ['certs.d']);
    assert.deepEqual(seen['certs'], ['_default']);
    assert.deepEqual(seen['kept'], { kind: 'value', value: 'old' });
    assert.equal(seen['records'], 1);
    assert.deepEqual(seen['after'], ['done', 'done', 16_384, 'done', 'done', ['old', 'new']]);
  });

  it('no inode left: the same', (t) => {
    const seen = run(
      t,
      ownMounts,
      () => `
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=24', 'none', place]);
      begin();
      let last = 0;
      try { for (;; last += 1) fs.writeFileSync(place + '/filler' + last, ''); } catch {}
      const full = { write: write(large), text: text(), names: names(place + '/containerd') };
      for (let n = 0; n < last; n += 1) fs.rmSync(place + '/filler' + n);
      out({ ...full, after: write(large).result });`,
    );
    failedWith(seen['write'], /ENOSPC.*no inode is left/);
    assert.equal(seen['text'], 'old');
    assert.deepEqual(seen['names'], ['certs.d']);
    assert.equal(seen['after'], 'done');
  });

  it('a file system that turns read-only: said, read on, and written again afterwards', (t) => {
    const seen = run(
      t,
      ownMounts,
      () => `
      execFileSync('mount', ['-t', 'tmpfs', 'none', place]);
      begin();
      execFileSync('mount', ['-o', 'remount,ro', place]);
      const readOnly = {
        write: write(large), put: put('quay.io', large), tree: [...readTree(certsDir).entries.keys()],
        ledger: attempt(() => store.writeJson('ledger.json', 'new')), journal: attempt(() => store.appendJournal([record('x')])),
        removed: attempt(() => store.removeAll([])), swept: attempt(() => createApplier({ certsDir }).sweep()),
        kept: store.readJson('ledger.json'), text: text(),
        absent: createApplier({ certsDir: place + '/none/certs.d' }).apply([
          { kind: 'put-directory', path: 'a', content: [], ...attributes },
        ]),
      };
      execFileSync('mount', ['-o', 'remount,rw', place]);
      out({ ...readOnly, after: [write(large).result, attempt(() => store.writeJson('ledger.json', 'new'))] });`,
    );
    failedWith(seen['write'], /EROFS.*the file system is read-only: remount it read-write/);
    failedWith(seen['put'], /EROFS/);
    failedWith(seen['absent'], /EROFS/);
    assert.deepEqual(seen['tree'], ['_default', '_default/hosts.toml']);
    assert.match(String(seen['ledger']), /EROFS.*remount it read-write/);
    assert.match(String(seen['journal']), /EROFS/);
    assert.match(String(seen['removed']), /EROFS/);
    assert.equal(seen['swept'], 'done');
    assert.deepEqual(seen['kept'], { kind: 'value', value: 'old' });
    assert.equal(seen['text'], 'old');
    assert.deepEqual(seen['after'], ['done', 'done']);
  });

  it('certs.d on a mount of its own: found before, and said with what to do', (t) => {
    const seen = run(
      t,
      ownMounts,
      () => `
      begin();
      const without = describeMount(certsDir) ?? 'none';
      execFileSync('mount', ['--bind', certsDir, certsDir]);
      const bind = { described: describeMount(certsDir), write: write(large), put: put('quay.io', large) };
      execFileSync('umount', [certsDir]);
      execFileSync('mount', ['--bind', file, file]);
      const one = { described: describeMount(certsDir), write: write(large) };
      execFileSync('umount', [file]);
      out({ without, bind, one, text: text(), names: names(place + '/containerd'), after: write(large).result });`,
    );
    const bind = seen['bind'] as Seen;
    assert.equal(seen['without'], 'none');
    assert.match(String(bind['described']), /certs\.d is a mount of its own.*mount its parent directory instead/);
    failedWith(bind['write'], /EXDEV.*a mount of its own: mount its parent directory instead/);
    failedWith(bind['put'], /EXDEV/);
    const one = seen['one'] as Seen;
    assert.match(String(one['described']), /_default\/hosts\.toml is a mount of its own/);
    failedWith(one['write'], /EBUSY.*a mount point cannot be replaced/);
    assert.equal(seen['text'], 'old');
    assert.deepEqual(seen['names'], ['certs.d']);
    assert.equal(seen['after'], 'done');
  });

  it('no file descriptor left: nothing looks absent, nothing is torn, and it goes on', (t) => {
    const seen = run(
      t,
      descriptors(64),
      (place) => `
      const { readConfigSource } = await import(${source('config-source')});
      const { readInterfaces, defaultSources } = await import(${source('addresses')});
      const { createLog } = await import(${source('log')});
      const { probeMirror } = await import(${source('probe')});
      const { tryLock } = await import(${source('lock')});
      begin();
      fs.writeFileSync(${JSON.stringify(place)} + '/config.yaml', 'a: 1');
      const expected = readTree(certsDir).entries.get('_default/hosts.toml').id;
      const writing = { kind: 'write-file', path: '_default/hosts.toml', bytes: large, expected, ...attributes };
      const open = [];
      try { for (;;) open.push(fs.openSync('/dev/null')); } catch {}
      createLog({ level: 'error' }).error({}, 'not lost');
      const none = {
        write: apply([writing]), tree: attempt(() => readTree(certsDir)), config: readConfigSource(place + '/config.yaml'),
        ledger: attempt(() => store.writeJson('ledger.json', 'new')), read: attempt(() => store.readJson('ledger.json')),
        interfaces: attempt(() => typeof readInterfaces().size), sources: await defaultSources(),
        probe: (await probeMirror({ url: 'http://127.0.0.1:1/v2/', timeoutMs: 500 })).kind,
        lock: await tryLock(place).catch((error) => error.message),
      };
      for (const fd of open) fs.closeSync(fd);
      out({ ...none, text: text(), names: names(place + '/containerd'), after: apply([writing]).result,
        config2: readConfigSource(place + '/config.yaml').kind, kept: store.readJson('ledger.json') });`,
    );
    failedWith(seen['write'], /EMFILE.*too many open files: raise its limit/);
    assert.match(String(seen['tree']), /cannot read .*certs\.d: EMFILE/);
    assert.match(JSON.stringify(seen['config']), /"kind":"error".*EMFILE/);
    assert.match(String(seen['ledger']), /cannot write ledger\.json.*EMFILE/);
    assert.match(String(seen['read']), /cannot read ledger\.json.*EMFILE/);
    assert.equal(seen['interfaces'], 'number');
    assert.deepEqual(seen['sources'], []);
    assert.equal(seen['probe'], 'erroring');
    assert.match(String(seen['lock']), /cannot take the lock of certs\.d/);
    assert.equal(seen['text'], 'old');
    assert.deepEqual(seen['names'], ['certs.d']);
    assert.deepEqual([seen['after'], seen['config2']], ['done', 'text']);
    assert.deepEqual(seen['kept'], { kind: 'value', value: 'old' });
  });

  for (const [limit, pattern] of [
    ['max_inotify_instances', /no inotify instance or file descriptor is left: raise fs\.inotify\.max_user_instances/],
    ['max_inotify_watches', /no inotify watch is left: raise fs\.inotify\.max_user_watches/],
  ] as const) {
    it(`${limit} used up: looks instead of watching, says so once, and watches again`, (t) => {
      const seen = run(
        t,
        ownLimits,
        () => `
        const { watchFiles } = await import(${source('watch-files')});
        const limit = '/proc/sys/user/${limit}';
        const usual = fs.readFileSync(limit, 'utf8');
        begin();
        fs.writeFileSync(limit, '${limit === 'max_inotify_watches' ? 1 : 0}');
        const stop = new AbortController();
        const reports = [];
        let waiting = { pattern: /./, resolve() {} };
        const heard = (pattern) => new Promise((resolve) => { waiting = { pattern, resolve }; });
        const tell = (reason) => { if (waiting.pattern.test(reason)) waiting.resolve(); };
        const report = (message) => { reports.push(message); tell(message); };
        const ended = watchFiles({ certsDir, wake: tell, report, signal: stop.signal, pollMs: 20, retryMs: 60 });
        for (let n = 0; n < 12; n += 1) await heard(/looking without a watch/);
        const told = reports.length;
        const again = heard(/watched again/);
        fs.writeFileSync(limit, usual);
        await again;
        const woken = heard(/_default/);
        fs.appendFileSync(file, '#');
        await woken;
        stop.abort();
        await ended;
        out({ told, reports });`,
      );
      const reports = seen['reports'] as readonly string[];
      assert.equal(seen['told'], 1);
      assert.equal(reports.length, 2);
      assert.match(reports[0] ?? '', pattern);
    });
  }

  it("all capabilities but CHOWN, DAC_OVERRIDE and FOWNER: other people's files are put back all the same", (t) => {
    const few = ['setpriv', '--bounding-set', '-all,+chown,+dac_override,+fowner', '--inh-caps', '-all'];
    const seen = run(
      t,
      few,
      () => `
      begin();
      const owner = { uid: 1234, gid: 2345 };
      const unit = [{ kind: 'file', path: 'client.key', bytes: large, mode: 0o400, ...owner },
        { kind: 'directory', path: 'sub', mode: 0o500, ...owner }, { kind: 'file', path: 'sub/ca.crt', bytes: large, mode: 0o440, ...owner }];
      const outcomes = [apply([{ kind: 'put-directory', path: 'quay.io', content: unit, mode: 0o750, ...owner }])];
      const expected = readTree(certsDir).entries.get('quay.io/client.key').id;
      outcomes.push(apply([{ kind: 'write-file', path: 'quay.io/client.key', bytes: Buffer.from('new'), expected, mode: 0o400, ...owner }]));
      outcomes.push(apply([{ kind: 'set-attributes', path: 'quay.io/sub', mode: 0o700, uid: 0, gid: 0 }]));
      const kinds = [...readTree(certsDir).entries.values()].map(({ kind, mode, uid }) => [kind, mode.toString(8), uid]);
      const caps = fs.readFileSync('/proc/self/status', 'utf8').match(/CapEff:\\s*(\\w+)/)[1];
      out({ caps, kinds, results: outcomes.map(({ result, error }) => error ?? result) });`,
    );
    assert.equal(seen['caps'], '000000000000000b');
    assert.deepEqual(seen['results'], ['done', 'done', 'done']);
    assert.deepEqual(seen['kinds'], [
      ['directory', '755', 0],
      ['file', '644', 0],
      ['directory', '750', 1234],
      ['file', '400', 1234],
      ['directory', '700', 0],
      ['file', '440', 1234],
    ]);
  });
});
