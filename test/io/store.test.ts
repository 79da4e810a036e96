import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { journalBytes } from '../../src/io/state/journal.ts';
import { createStore } from '../../src/io/store.ts';

const place = (t: TestContext) => {
  const parent = mkdtempSync(join(tmpdir(), 'store-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, 'lib/handspegel');
  return { parent, directory, at: (name: string) => join(directory, name), store: createStore(directory) };
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
const modeOf = (path: string): number => statSync(path).mode & 0o7777;
const record = (n: number, detail = '') => ({ at: new Date(n).toISOString(), event: 'write', detail: `${n}${detail}` });

describe('createStore', () => {
  it('makes nothing before something is kept, then everything private', (t) => {
    const { parent, directory, at, store } = place(t);
    const umask = process.umask(0);
    t.after(() => process.umask(umask));
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'missing' });
    assert.deepEqual(store.readJournal(5), []);
    assert.equal(store.getObject(sum('')), undefined);
    assert.equal(store.place(), undefined);
    store.remove('ledger.json');
    store.sweepObjects(new Set());
    store.removeAll([]);
    assert.deepEqual(readdirSync(parent), []);
    store.writeJson('ledger.json', { a: [1] });
    store.putObject(bytes('x'));
    store.appendJournal([record(1)]);
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'value', value: { a: [1] } });
    assert.equal(modeOf(directory), 0o700);
    assert.equal(modeOf(at('objects')), 0o700);
    for (const name of ['ledger.json', `objects/${sum('x')}`, 'journal.jsonl']) assert.equal(modeOf(at(name)), 0o600);
    assert.match(store.place() ?? '', /^\d+:\d+$/);
  });

  it('replaces, removes and leaves no temporary names', (t) => {
    const { directory, at, store } = place(t);
    store.writeJson('ledger.json', 1);
    writeFileSync(at('.ledger.json.tmp'), 'left by a crash');
    store.writeJson('ledger.json', 2);
    assert.deepEqual(readdirSync(directory), ['ledger.json']);
    store.remove('ledger.json');
    store.remove('ledger.json');
    assert.deepEqual(readdirSync(directory), []);
  });

  it('renames what was prepared for a value, and only for that one', (t) => {
    const { directory, at, store } = place(t);
    const [first, second] = [{ a: 1 }, { a: 1 }];
    store.prepareJson('ledger.json', first);
    assert.deepEqual(readdirSync(directory), ['.ledger.json.tmp']);
    assert.equal(modeOf(at('.ledger.json.tmp')), 0o600);
    const { ino } = statSync(at('.ledger.json.tmp'));
    store.writeJson('ledger.json', first);
    assert.equal(statSync(at('ledger.json')).ino, ino);
    assert.deepEqual(readdirSync(directory), ['ledger.json']);
    store.prepareJson('ledger.json', second);
    store.writeJson('ledger.json', { a: 3 });
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'value', value: { a: 3 } });
    store.writeJson('ledger.json', second);
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'value', value: second });
    assert.deepEqual(readdirSync(directory), ['ledger.json']);
  });

  it('removes what was prepared and not written, and what was left by a kill', (t) => {
    const { directory, at, store } = place(t);
    store.prepareJson('ledger.json', 1);
    store.discard();
    store.discard();
    assert.deepEqual(readdirSync(directory), []);
    store.putObject(bytes('x'));
    store.prepareJson('ledger.json', 2);
    writeFileSync(at(`objects/.${sum('y')}.tmp`), 'half');
    createStore(directory).sweep();
    assert.deepEqual(readdirSync(directory), ['objects']);
    assert.deepEqual(readdirSync(at('objects')), [sum('x')]);
  });

  it('writes as ever when what was prepared is gone with the directory, or something is in its way', (t) => {
    const { directory, at, store } = place(t);
    const value = [1];
    store.prepareJson('ledger.json', value);
    rmSync(directory, { recursive: true });
    store.writeJson('ledger.json', value);
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'value', value });
    rmSync(at('ledger.json'));
    mkdirSync(at('ledger.json/in the way'), { recursive: true });
    store.prepareJson('ledger.json', value);
    store.writeJson('ledger.json', value);
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'value', value });
    assert.deepEqual(readdirSync(directory).sort(), ['ledger.json', 'ledger.json.damaged']);
  });

  it('moves damaged files aside and says what was wrong', (t) => {
    const { directory, at, store } = place(t);
    store.writeJson('released', {});
    const damage = (content: string | Uint8Array): string => {
      writeFileSync(at('ledger.json'), content);
      const read = store.readJson('ledger.json');
      assert.equal(read.kind, 'damaged');
      assert.deepEqual(store.readJson('ledger.json'), { kind: 'missing' });
      return read.kind === 'damaged' ? read.reason : '';
    };
    assert.match(damage(''), /end of JSON input.*kept as ledger\.json\.damaged/);
    assert.match(damage('{"a":'), /JSON/);
    assert.match(damage(Uint8Array.of(0x22, 0xff, 0x22)), /not valid.*utf-8/i);
    assert.deepEqual(readFileSync(at('ledger.json.damaged')), Buffer.of(0x22, 0xff, 0x22));
    mkdirSync(at('ledger.json/inside'), { recursive: true });
    assert.match(JSON.stringify(store.readJson('ledger.json')), /not a file/);
    symlinkSync('/etc/passwd', at('ledger.json'));
    assert.match(JSON.stringify(store.readJson('ledger.json')), /not a file/);
    mkdirSync(at('ledger.json/inside'), { recursive: true });
    store.writeJson('ledger.json', 3);
    assert.deepEqual(readdirSync(directory), ['ledger.json', 'ledger.json.damaged', 'released']);
  });

  it('keeps bytes by their hash and gives back nothing else', (t) => {
    const { at, store } = place(t);
    assert.equal(store.putObject(bytes('one')), sum('one'));
    assert.deepEqual(store.getObject(sum('one')), bytes('one'));
    const { ino } = statSync(at(`objects/${sum('one')}`));
    store.putObject(bytes('one'));
    assert.equal(statSync(at(`objects/${sum('one')}`)).ino, ino);
    writeFileSync(at(`objects/${sum('one')}`), 'two');
    assert.equal(store.getObject(sum('one')), undefined);
    store.putObject(bytes('one'));
    assert.deepEqual(store.getObject(sum('one')), bytes('one'));
    assert.equal(store.getObject('../ledger.json'), undefined);
    store.putObject(new Uint8Array());
    store.putObject(bytes('two'));
    writeFileSync(at('objects/.x.tmp'), 'torn');
    store.sweepObjects(new Set([sum('two'), sum('never kept')]));
    assert.deepEqual(readdirSync(at('objects')), [sum('two')]);
    rmSync(at('objects'), { recursive: true });
    writeFileSync(at('objects'), 'a file');
    assert.equal(store.getObject(sum('two')), undefined);
    store.putObject(bytes('two'));
    assert.deepEqual(store.getObject(sum('two')), bytes('two'));
  });

  it('keeps a journal that a torn line does not break', (t) => {
    const { at, store } = place(t);
    for (const n of [1, 2, 3]) store.appendJournal([record(n)]);
    assert.deepEqual(store.readJournal(2), [record(2), record(3)]);
    assert.deepEqual(store.readJournal(9), [record(1), record(2), record(3)]);
    assert.deepEqual(store.readJournal(0), []);
    appendFileSync(at('journal.jsonl'), '{"at":"torn');
    assert.deepEqual(store.readJournal(2), [record(2), record(3)]);
    store.appendJournal([record(4)]);
    appendFileSync(at('journal.jsonl'), 'null\n{"at":1}\n\n');
    assert.deepEqual(store.readJournal(9), [record(1), record(2), record(3), record(4)]);
  });

  it('rotates the journal and still finds the records before', (t) => {
    const { directory, at, store } = place(t);
    const long = 'x'.repeat(100_000);
    for (let n = 0; n < 25; n += 1) store.appendJournal([record(n, long)]);
    assert.deepEqual(readdirSync(directory), ['journal.1.jsonl', 'journal.jsonl']);
    assert.ok(statSync(at('journal.1.jsonl')).size <= journalBytes + 200_000);
    const found = store.readJournal(8).map(({ detail }) => Number.parseInt(detail, 10));
    assert.deepEqual(found, [17, 18, 19, 20, 21, 22, 23, 24]);
  });

  it('removes everything but what is named', (t) => {
    const { directory, at, store } = place(t);
    store.putObject(bytes('x'));
    store.appendJournal([record(1)]);
    store.writeJson('released', { at: 'now' });
    symlinkSync(tmpdir(), at('link'));
    store.removeAll(['released']);
    assert.deepEqual(readdirSync(directory), ['released']);
    assert.ok(existsSync(tmpdir()));
  });

  it('is made anew when it is lost while running', (t) => {
    const { parent, directory, store } = place(t);
    store.writeJson('ledger.json', 1);
    const before = store.place();
    rmSync(join(parent, 'lib'), { recursive: true });
    assert.equal(store.place(), 'gone');
    assert.deepEqual(store.readJson('ledger.json'), { kind: 'missing' });
    store.putObject(bytes('x'));
    store.appendJournal([record(1)]);
    store.writeJson('ledger.json', 2);
    assert.deepEqual(readdirSync(directory), ['journal.jsonl', 'ledger.json', 'objects']);
    assert.notEqual(store.place(), before);
  });

  it('tells a directory that somebody made anew at once from the one that was lost', (t) => {
    const { directory, store } = place(t);
    store.writeJson('ledger.json', 1);
    for (let i = 0; i < 20; i++) {
      const before = store.place();
      rmSync(directory, { recursive: true });
      mkdirSync(directory, { mode: 0o700 });
      assert.notEqual(store.place(), before);
      assert.deepEqual(store.readJson('ledger.json'), { kind: 'missing' });
    }
  });

  it('refuses a directory that others could have filled, and tightens one that they can only read', (t) => {
    const { parent, directory, store } = place(t);
    mkdirSync(directory, { recursive: true });
    const refuses = (pattern: RegExp): void => {
      assert.throws(() => store.writeJson('a', 1), pattern);
      assert.throws(() => store.readJson('a'), pattern);
      assert.throws(() => store.getObject(sum('')), pattern);
      assert.throws(() => store.removeAll([]), pattern);
    };
    for (const mode of [0o777, 0o770, 0o1777]) {
      chmodSync(directory, mode);
      refuses(/in .*lib\/handspegel: it is writable by other users/);
    }
    chmodSync(directory, 0o755);
    store.writeJson('a', 1);
    assert.equal(modeOf(directory), 0o700);
    rmSync(directory, { recursive: true });
    mkdirSync(join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), directory);
    refuses(/cannot \w+ .* in .*: it is not a directory, or a symbolic link/);
    assert.deepEqual(readdirSync(join(parent, 'elsewhere')), []);
  });

  it('says what it was doing, why it failed, and keeps the cause', (t) => {
    const { parent, directory } = place(t);
    writeFileSync(join(parent, 'lib'), 'a file');
    assert.throws(
      () => createStore(directory).writeJson('ledger.json', 1),
      (error: unknown) =>
        error instanceof Error &&
        error.message.startsWith('cannot write ledger.json in ') &&
        error.cause instanceof Error,
    );
  });
});
