import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ConfigState,
  chooseConfig,
  chooseMounted,
  readStored,
  type StoredConfig,
} from '../../../src/core/config/config-choice.ts';

const text = (content: string, file = 'config.yaml'): ConfigState => ({
  kind: 'text',
  text: content,
  file,
  sha256: content,
});
const good = 'handspegel: {preserve: false}\n';
const better = 'handspegel: {preserve: true}\n';
const bad = 'handspegel: {preserve: perhaps}\n';
const keep = (content: string, ...order: readonly string[]): StoredConfig => ({
  text: content,
  file: 'config.yaml',
  sha256: content,
  order: order.length === 0 ? [content] : order,
});

describe('the configuration that counts, from the mount alone', () => {
  it('is all defaults when none is asked for', () => {
    const choice = chooseMounted(undefined, undefined);
    assert.equal(choice.inForce, 'defaults');
    assert.deepEqual(choice.config?.extensions, []);
  });

  it('is the mounted one when it has no error, and it is kept', () => {
    const choice = chooseMounted(text(good), undefined);
    assert.equal(choice.inForce, 'mounted');
    assert.equal(choice.config?.settings.preserve, false);
    assert.deepEqual(choice.store, keep(good));
  });

  it('is not kept anew when it is the one already kept', () => {
    assert.equal(chooseMounted(text(good), keep(good)).store, undefined);
  });

  it('is the last good one while the mounted one has problems, also over a restart', () => {
    const choice = chooseMounted(text(bad), keep(good));
    assert.equal(choice.inForce, 'last good');
    assert.equal(choice.config?.settings.preserve, false);
    assert.deepEqual(choice.store, keep(good, bad), 'the broken one has been seen');
    assert.match(choice.problems[0]?.message ?? '', /perhaps|boolean|true or false/);
  });

  it('is the last good one when the mounted one is gone or cannot be read, and that is said', () => {
    for (const gone of [
      { kind: 'missing', file: 'x' },
      { kind: 'error', file: 'x', message: 'EACCES' },
    ] as const) {
      const choice = chooseMounted(gone, keep(good));
      assert.equal(choice.inForce, 'last good');
      assert.equal(choice.problems[0]?.severity, 'error');
    }
  });

  it('is none when the first one ever has problems: nothing is guessed', () => {
    const choice = chooseMounted(text(bad), undefined);
    assert.equal(choice.inForce, 'none');
    assert.equal(choice.config, undefined);
  });

  it('never runs backwards: an older mount does not replace the newer one that the watch had told', () => {
    const newer = keep(better, good, better);
    const choice = chooseMounted(text(good), newer);
    assert.equal(choice.inForce, 'last good');
    assert.equal(choice.config?.settings.preserve, true);
    assert.deepEqual(choice.problems, []);
    assert.equal(chooseMounted(text(`${good}# new\n`), newer).inForce, 'mounted', 'a third one is new');
  });
});

describe('the configuration that counts, with a watch', () => {
  it('is what the watch told last, whatever the mount still shows', () => {
    const choice = chooseConfig({
      mounted: text(good),
      watched: text(better, 'ConfigMap a/b, config.yaml'),
      stored: keep(good),
      order: [good, better],
    });
    assert.equal(choice.inForce, 'watched');
    assert.equal(choice.source, 'ConfigMap a/b, config.yaml');
    assert.deepEqual(choice.store?.order, [good, better]);
  });

  it('is the last good one when what the watch told is broken, and the place is named', () => {
    const choice = chooseConfig({
      mounted: text(good),
      watched: text(bad, 'ConfigMap a/b, config.yaml'),
      stored: keep(good),
      order: [good, bad],
    });
    assert.equal(choice.inForce, 'last good');
    assert.equal(choice.problems[0]?.file, 'ConfigMap a/b, config.yaml');
    assert.deepEqual(choice.store, keep(good, good, bad));
  });

  it('is the last good one when the ConfigMap is deleted, with what to do', () => {
    const watched = { kind: 'missing', file: 'ConfigMap a/b' } as const;
    const choice = chooseConfig({ mounted: text(good), watched, stored: keep(good), order: [good, 'missing'] });
    assert.equal(choice.inForce, 'last good');
    assert.equal(choice.problems[0]?.code, 'config-map-missing');
    assert.match(choice.problems[0]?.message ?? '', /ConfigMap a\/b does not exist/);
  });

  it('stays the defaults where nothing was ever configured and there is no ConfigMap', () => {
    const watched = { kind: 'missing', file: 'ConfigMap a/b' } as const;
    const choice = chooseConfig({ mounted: undefined, watched, stored: undefined, order: ['defaults', 'missing'] });
    assert.equal(choice.inForce, 'defaults');
    assert.equal(choice.problems[0]?.code, 'config-map-missing');
  });
});

describe('a configuration that comes back from the disk', () => {
  it('is the one that was kept', () => {
    assert.deepEqual(readStored(JSON.parse(JSON.stringify(keep(better, good, better)))), keep(better, good, better));
  });

  it('counts also without its order, and not at all without its text', () => {
    assert.deepEqual(readStored({ text: good, file: 'config.yaml', sha256: good }), keep(good));
    assert.equal(readStored({ file: 'config.yaml', sha256: good }), undefined);
    assert.equal(readStored('x'), undefined);
  });
});
