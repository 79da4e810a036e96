import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differenceOf, isDifferent, vanishedEntries } from '../../src/core/difference.ts';
import { treeOf } from '../support/imagined-tree.ts';

const nothing = new Map();
const before = treeOf({ 'a.io/hosts.toml': 'x', 'b.io/hosts.toml': 'y' }, { 'a.io/hosts.toml': 'old' });

describe('two looks', () => {
  it('differ in nothing when nothing was changed', () => {
    assert.equal(isDifferent(differenceOf(before, before, nothing)), false);
  });

  it('tell what appeared, vanished and changed', () => {
    const after = treeOf({ 'a.io/hosts.toml#2': 'x', 'c.io/hosts.toml': 'z' }, { 'a.io/hosts.toml': 'old' });
    const difference = differenceOf(before, after, nothing);
    assert.deepEqual(difference.changed, ['a.io/hosts.toml']);
    assert.deepEqual(difference.appeared, ['c.io', 'c.io/hosts.toml']);
    assert.deepEqual(difference.vanished, ['b.io', 'b.io/hosts.toml']);
    assert.deepEqual(vanishedEntries(difference, before, after), ['b.io']);
  });

  it('tell a directory made anew from one that only got other files', () => {
    const anew = treeOf(
      { 'a.io/#2': '', 'a.io/hosts.toml': 'x', 'b.io/hosts.toml': 'y' },
      { 'a.io/hosts.toml': 'old' },
    );
    assert.deepEqual(vanishedEntries(differenceOf(before, anew, nothing), before, anew), ['a.io']);
    const other = treeOf({ 'a.io/hosts.toml#2': 'x', 'b.io/hosts.toml': 'y' }, { 'a.io/hosts.toml': 'old' });
    assert.deepEqual(vanishedEntries(differenceOf(before, other, nothing), before, other), []);
  });

  it('tell what became of _backup/', () => {
    const live = { 'a.io/hosts.toml': 'x', 'b.io/hosts.toml': 'y' };
    const backupOf = (after: Parameters<typeof treeOf>[1]): string =>
      differenceOf(before, treeOf(live, after), nothing).backup;
    assert.equal(backupOf({ 'a.io/hosts.toml': 'old' }), 'same');
    assert.equal(backupOf(undefined), 'vanished');
    assert.equal(backupOf({}), 'emptied');
    assert.equal(backupOf({ 'a.io/hosts.toml#2': 'new' }), 'changed');
    assert.equal(differenceOf(treeOf(live), treeOf(live, {}), nothing).backup, 'appeared');
    assert.equal(differenceOf(before, treeOf(live), new Map([['_backup', 'there']])).backup, 'same');
  });

  it('leave out what we did ourselves, as long as it stands as we left it', () => {
    const bytes = new TextEncoder().encode('ours');
    const after = treeOf({ 'a.io/hosts.toml#2': 'ours' }, { 'a.io/hosts.toml': 'old' });
    const own = new Map<string, 'gone' | 'there' | Uint8Array>([
      ['a.io/hosts.toml', bytes],
      ['b.io', 'gone'],
      ['b.io/hosts.toml', 'gone'],
    ]);
    assert.equal(isDifferent(differenceOf(before, after, own)), false);
    const overwritten = treeOf({ 'a.io/hosts.toml#3': 'theirs' }, { 'a.io/hosts.toml': 'old' });
    assert.deepEqual(differenceOf(before, overwritten, own).changed, ['a.io/hosts.toml']);
    const back = treeOf({ 'a.io/hosts.toml#2': 'ours', 'b.io/hosts.toml#2': 'again' }, { 'a.io/hosts.toml': 'old' });
    assert.deepEqual(differenceOf(before, back, own).changed, ['b.io/hosts.toml']);
    const taken = treeOf({ 'a.io/': '' }, { 'a.io/hosts.toml': 'old' });
    assert.deepEqual(differenceOf(before, taken, own).vanished, ['a.io/hosts.toml']);
  });
});
