import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseConfig, type Mounted, type StoredConfig } from '../../../src/core/config/config-choice.ts';

const mounted = (text: string, sha256 = text): Mounted => ({ kind: 'text', text, file: 'config.yaml', sha256 });
const good = 'handspegel: {preserve: false}\n';
const better = 'handspegel: {preserve: true}\n';
const bad = 'handspegel: {preserve: perhaps}\n';
const keep = (text: string, supersedes = text): StoredConfig => ({
  text,
  file: 'config.yaml',
  sha256: text,
  supersedes,
});

describe('the configuration that counts', () => {
  it('is all defaults when none is asked for', () => {
    const choice = chooseConfig(undefined, undefined);
    assert.equal(choice.inForce, 'defaults');
    assert.deepEqual(choice.config?.extensions, []);
  });

  it('is the mounted one when it has no error, and it is kept', () => {
    const choice = chooseConfig(mounted(good), undefined);
    assert.equal(choice.inForce, 'mounted');
    assert.equal(choice.config?.settings.preserve, false);
    assert.deepEqual(choice.store, keep(good));
  });

  it('is not kept anew when it is the one already kept', () => {
    assert.equal(chooseConfig(mounted(good), keep(good)).store, undefined);
  });

  it('is the last good one while the mounted one has problems, also over a restart', () => {
    const choice = chooseConfig(mounted(bad), keep(good));
    assert.equal(choice.inForce, 'last good');
    assert.equal(choice.config?.settings.preserve, false);
    assert.equal(choice.store, undefined);
    assert.match(choice.problems[0]?.message ?? '', /perhaps|boolean|true or false/);
  });

  it('is the last good one when the mounted one is gone or cannot be read, and that is said', () => {
    for (const gone of [
      { kind: 'missing', file: 'x' },
      { kind: 'error', file: 'x', message: 'EACCES' },
    ] as const) {
      const choice = chooseConfig(gone, keep(good));
      assert.equal(choice.inForce, 'last good');
      assert.equal(choice.problems[0]?.severity, 'error');
    }
  });

  it('is none when the first one ever has problems: nothing is guessed', () => {
    const choice = chooseConfig(mounted(bad), undefined);
    assert.equal(choice.inForce, 'none');
    assert.equal(choice.config, undefined);
  });

  it('never runs backwards: an older mount does not replace the newer one that superseded it', () => {
    const newer = keep(better, good);
    const choice = chooseConfig(mounted(good), newer);
    assert.equal(choice.inForce, 'last good');
    assert.equal(choice.config?.settings.preserve, true);
    assert.deepEqual(choice.problems, []);
    assert.equal(chooseConfig(mounted(bad.replace('perhaps', 'true')), newer).inForce, 'mounted', 'a third one is new');
  });
});
