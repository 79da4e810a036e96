import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OwnChanges } from '../../src/core/difference.ts';
import { episodeWaits, type Recognise } from '../../src/core/episode.ts';
import { type Observation, observe, type Watch, waits } from '../../src/core/observe.ts';
import type { Tree } from '../../src/core/tree.ts';
import { type Imagined, treeOf } from '../support/imagined-tree.ts';

const textAt = (tree: Tree, path: string): string => {
  const seen = tree.entries.get(path);
  return seen?.kind === 'file' ? new TextDecoder().decode(seen.bytes) : '';
};

const recognise: Recognise = {
  spegel: (tree, path) => tree.backup !== undefined && textAt(tree, path) === 'spegel',
  standIn: (tree, path) => textAt(tree, path) === 'stand-in',
  spegelWrites: new Set(['_default/hosts.toml']),
  newHere: false,
  clearing: false,
  spegelCannotBeAtWork: false,
};

/** Looks at one imagined directory after the other; each tells when it is looked at. */
const watchFrom = (how: Partial<Recognise> = {}) => {
  let watch: Watch | undefined;
  return (now: number, live: Imagined, backup?: Imagined, own: OwnChanges = new Map()): Observation => {
    const seen = observe(watch, { tree: treeOf(live, backup), own, now }, { ...recognise, ...how });
    watch = seen.watch;
    return seen;
  };
};

const ours = { '_default/hosts.toml': 'ours', 'quay.io/hosts.toml': 'theirs' };
const spegel = { '_default/hosts.toml#2': 'spegel' };
const living = { ...spegel, 'quay.io/hosts.toml': 'theirs' };

describe('a look', () => {
  it('is settled at once on a node without _backup/', () => {
    assert.equal(watchFrom()(0, ours).settled, true);
  });

  it('waits a while when the agent starts beside a _backup/, longer when it knows nothing or a clear may have begun', () => {
    for (const [how, wait] of [
      [{}, waits.start],
      [{ newHere: true }, waits.startNewHere],
      [{ clearing: true }, waits.startClearing],
    ] as const) {
      const look = watchFrom(how);
      assert.equal(look(0, living, ours).lookAgainAt, wait);
      assert.equal(look(wait - 1, living, ours).settled, false);
      assert.equal(look(wait, living, ours).settled, true);
    }
  });

  it('waits until nothing has changed for 250 ms, and no longer than 2 s', () => {
    const look = watchFrom();
    look(0, ours);
    assert.equal(look(1_000, { ...ours, 'a.io/hosts.toml#1': '1' }).lookAgainAt, 1_250);
    assert.equal(look(1_249, { ...ours, 'a.io/hosts.toml#1': '1' }).settled, false);
    assert.equal(look(1_250, { ...ours, 'a.io/hosts.toml#1': '1' }).settled, true);
    let now = 2_000;
    for (let change = 2; now < 4_000; change += 1, now += 200) {
      assert.equal(look(now, { ...ours, [`a.io/hosts.toml#${change}`]: '1' }).settled, false, `${now}`);
    }
    assert.equal(look(now, { ...ours, 'a.io/hosts.toml#99': '1' }).settled, true);
  });

  it('waits longer for a file that went beside a _backup/: it may be the first step of a clear', () => {
    const look = watchFrom();
    look(0, living, ours);
    look(2_000, living, ours);
    const gone = { ...spegel, 'quay.io/': '' };
    assert.equal(look(3_000, gone, ours).lookAgainAt, 3_000 + waits.quietAfterVanishing);
    assert.equal(look(3_000 + waits.quietAfterVanishing, gone, ours).settled, true);
    const alone = watchFrom();
    alone(0, ours);
    assert.equal(alone(3_000, { '_default/hosts.toml': 'ours', 'quay.io/': '' }).lookAgainAt, 3_250);
  });

  it('tells what went while Spegel was not at work', () => {
    const look = watchFrom();
    look(0, ours);
    look(1_000, { '_default/hosts.toml': 'ours' });
    assert.deepEqual([...look(1_250, { '_default/hosts.toml': 'ours' }).vanished], ['quay.io', 'quay.io/hosts.toml']);
  });

  it("does not take what we did for somebody's change, but what somebody did right after us", () => {
    const bytes = new TextEncoder().encode('ours');
    const look = watchFrom();
    look(0, { 'quay.io/hosts.toml': 'theirs' });
    const own: OwnChanges = new Map<string, 'there' | Uint8Array>([
      ['_default', 'there'],
      ['_default/hosts.toml', bytes],
    ]);
    assert.equal(look(10, ours, undefined, own).settled, true);
    assert.equal(look(20, { ...ours, '_default/hosts.toml#3': 'other' }, undefined, own).settled, false);
    const other = watchFrom();
    other(0, living, ours);
    other(2_000, living, ours);
    const put: OwnChanges = new Map<string, 'there' | Uint8Array>([
      ['a.io', 'there'],
      ['a.io/hosts.toml', bytes],
    ]);
    assert.equal(other(2_010, living, ours, put).began, true, 'what we put there is gone again: Spegel clears');
  });
});

describe('Spegel at work', () => {
  it('begins when _backup/ appears, and ends 250 ms after its file was written', () => {
    const look = watchFrom();
    look(0, ours);
    assert.equal(look(1_000, ours, {}).began, true);
    assert.match(look(1_100, {}, ours).waitingFor ?? '', /Spegel is at work/);
    assert.equal(look(1_200, { '_default/hosts.toml#2': '' }, ours).settled, false);
    assert.equal(look(1_300, spegel, ours).settled, false);
    assert.equal(look(1_549, spegel, ours).settled, false);
    const seen = look(1_550, spegel, ours);
    assert.equal(seen.settled, true);
    assert.equal(seen.ended?.how, 'spegel-wrote');
    assert.deepEqual([...(seen.ended?.episode.vanished ?? [])].sort(), [
      '_default',
      '_default/hosts.toml',
      'quay.io',
      'quay.io/hosts.toml',
    ]);
  });

  it('begins when an entry goes while _backup/ stands', () => {
    const look = watchFrom();
    look(0, living, ours);
    look(2_000, living, ours);
    assert.equal(look(3_000, { 'quay.io/hosts.toml': 'theirs' }, ours).began, true);
    look(3_100, {}, ours);
    look(3_200, { '_default/hosts.toml#4': 'spegel' }, ours);
    assert.equal(look(3_450, { '_default/hosts.toml#4': 'spegel' }, ours).ended?.how, 'spegel-wrote');
  });

  it('is seen when a whole later start fell between two looks, also when inode numbers were used again', () => {
    const look = watchFrom();
    look(0, spegel, ours);
    look(2_000, spegel, ours);
    const again: Imagined = { '_default/#1': '', '_default/hosts.toml#2': 'spegel' };
    const tree = treeOf(again, ours);
    const file = tree.entries.get('_default/hosts.toml');
    assert.ok(file !== undefined);
    const watch = look(2_100, spegel, ours).watch;
    const id = { ...file.id, mtime: '9', ctime: '9' };
    const directory = tree.entries.get('_default');
    assert.ok(directory !== undefined);
    const entries = new Map([
      ...tree.entries,
      ['_default/hosts.toml', { ...file, id }],
      ['_default', { ...directory, id: { ...directory.id, mtime: '9' } }],
    ] as const);
    const seen = observe(watch, { tree: { ...tree, entries }, own: new Map(), now: 5_000 }, recognise);
    assert.equal(seen.began, true);
    assert.equal(
      observe(seen.watch, { tree: { ...tree, entries }, own: new Map(), now: 5_250 }, recognise).ended?.how,
      'spegel-wrote',
    );
    const copied = new Map([...tree.entries, ['_default/hosts.toml', { ...file, id }]] as const);
    assert.equal(
      observe(watch, { tree: { ...tree, entries: copied }, own: new Map(), now: 5_000 }, recognise).began,
      false,
      'text copied over the file is no start',
    );
  });

  it('ends when _backup/ is gone, also when the whole uninstall fell between two looks', () => {
    const look = watchFrom();
    look(0, living, ours);
    look(2_000, living, ours);
    assert.equal(look(3_000, { '_default/hosts.toml': 'ours', 'quay.io/hosts.toml': 'theirs' }).began, true);
    assert.equal(look(3_250, ours).ended?.how, 'backup-gone');
  });

  it('goes on through 5 s between clear and first rename', () => {
    const look = watchFrom();
    look(0, living, ours);
    look(2_000, living, ours);
    look(3_000, {}, ours);
    for (let now = 3_200; now < 8_000; now += 200) assert.equal(look(now, {}, ours).settled, false);
    look(8_000, { '_default/hosts.toml': 'ours' }, { 'quay.io/hosts.toml': 'theirs' });
    look(8_100, ours, {});
    look(8_200, ours);
    assert.equal(look(8_449, ours).settled, false);
    assert.equal(look(8_450, ours).ended?.how, 'backup-gone');
  });

  it("was a person when Spegel's file, or its stand-in, still stands 2 s after the last vanishing", () => {
    for (const text of ['spegel', 'stand-in']) {
      const look = watchFrom();
      const before = { '_default/hosts.toml#2': text, 'quay.io/hosts.toml': 'theirs' };
      look(0, before, ours);
      look(2_000, before, ours);
      const after = { '_default/hosts.toml#2': text };
      look(3_000, after, ours);
      assert.equal(look(3_000 + episodeWaits.person - 1, after, ours).settled, false);
      assert.equal(look(3_000 + episodeWaits.person, after, ours).ended?.how, 'person');
    }
  });

  it('was a person when anything still stands and Spegel has neither init container nor hook', () => {
    const look = watchFrom({ spegelCannotBeAtWork: true });
    look(0, ours, {});
    look(3_000, ours, {});
    look(4_000, { '_default/hosts.toml': 'ours' }, {});
    assert.equal(look(6_000, { '_default/hosts.toml': 'ours' }, {}).ended?.how, 'person');
    const empty = watchFrom({ spegelCannotBeAtWork: true });
    empty(0, ours, {});
    empty(3_000, ours, {});
    empty(4_000, {}, {});
    assert.equal(empty(9_000, {}, {}).settled, false, 'after a clear nothing stands');
  });

  it('is given up 30 s after the last change', () => {
    const look = watchFrom();
    look(0, living, ours);
    look(2_000, living, ours);
    look(3_000, {}, ours);
    assert.equal(look(32_999, {}, ours).settled, false);
    assert.equal(look(33_000, {}, ours).ended?.how, 'gave-up');
  });

  it('waits for all of its files that stood before', () => {
    const look = watchFrom();
    const before = { 'a.io/hosts.toml': 'spegel', 'b.io/hosts.toml': 'spegel' };
    look(0, before, {});
    look(2_000, before, {});
    look(3_000, {}, {});
    look(3_100, { 'a.io/hosts.toml#2': 'spegel' }, {});
    assert.equal(look(3_400, { 'a.io/hosts.toml#2': 'spegel' }, {}).settled, false);
    look(3_800, { 'a.io/hosts.toml#2': 'spegel', 'b.io/hosts.toml#2': 'spegel' }, {});
    assert.equal(
      look(4_050, { 'a.io/hosts.toml#2': 'spegel', 'b.io/hosts.toml#2': 'spegel' }, {}).ended?.how,
      'spegel-wrote',
    );
    look(5_000, {}, {});
    look(5_100, { 'a.io/hosts.toml#3': 'spegel' }, {});
    const until = 5_100 + episodeWaits.quietBetweenFiles;
    assert.equal(
      look(until, { 'a.io/hosts.toml#3': 'spegel' }, {}).ended?.how,
      'spegel-wrote',
      'one it no longer writes',
    );
  });

  for (const [step, live, backup] of [
    ['in the middle of the backup', { 'quay.io/hosts.toml': 'theirs' }, { '_default/hosts.toml': 'ours' }],
    ['after the clear', {}, ours],
    ['in the middle of the restore', { '_default/hosts.toml': 'ours' }, { 'quay.io/hosts.toml': 'theirs' }],
  ] as const) {
    it(`is taken for granted by an agent that starts ${step}`, () => {
      const look = watchFrom();
      const seen = look(0, live, backup);
      assert.equal(seen.began, true);
      assert.equal(look(29_999, live, backup).settled, false);
    });
  }

  it('is taken for granted beside a file that was just opened, until that stays empty', () => {
    const look = watchFrom();
    const opened = { '_default/hosts.toml#2': '' };
    assert.equal(look(0, opened, ours).began, true);
    assert.equal(look(episodeWaits.person - 1, opened, ours).settled, false);
    assert.equal(look(episodeWaits.person, opened, ours).ended?.how, 'person');
  });

  it('is not begun by a certs.d that was replaced, nor by files that appear or change', () => {
    const look = watchFrom();
    look(0, living, ours);
    look(2_000, living, ours);
    assert.equal(look(3_000, { ...living, 'new.io/hosts.toml': 'theirs' }, ours).began, false);
    assert.equal(look(4_000, { ...living, 'new.io/hosts.toml#2': 'theirs' }, ours).began, false);
    const tree = { ...treeOf({}, {}), rootId: '1:2' };
    const { watch } = look(5_000, living, ours);
    assert.equal(observe(watch, { tree, own: new Map(), now: 6_000 }, recognise).began, false);
  });
});
