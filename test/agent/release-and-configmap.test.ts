import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ConfigState } from '../../src/core/config/config-choice.ts';
import { readConfigMap } from '../../src/core/config/config-map.ts';
import { defaultSettings } from '../../src/core/config/settings.ts';
import { nothingWatched } from '../../src/inputs.ts';
import { createClock } from '../../src/io/clock.ts';
import { createStore } from '../../src/io/store.ts';
import { createNode } from '../../src/node.ts';
import { createProber } from '../../src/prober.ts';
import { createReleases } from '../../src/requests.ts';
import { scratchDirectory } from '../support/directory.ts';

const plain = 'handspegel: {preserve: true}\n';
const other = '# another one\n';
const field = 'handspegel: {release: true}\n';

/** A node with its agent, in one pod after the other; its mount and its watch say what the test says. */
const createWorld = (t: TestContext, { isWatching = true } = {}) => {
  const dir = scratchDirectory();
  t.after(() => rmSync(dir, { recursive: true }));
  const certsDir = join(dir, 'certs.d');
  mkdirSync(certsDir);
  const store = createStore(join(dir, 'state'));
  const steady = createClock();
  let later = 0;
  const clock = { ...steady, now: () => steady.now() + later };
  let mounted = plain;
  const state = (): ConfigState => ({ kind: 'text', text: mounted, file: 'config.yaml', sha256: hash(mounted) });
  const hash = (text: string): string => Buffer.from(text).toString('hex');
  const start = (podUid: string) => {
    const prober = createProber({
      now: clock.now,
      probe: async () => ({ at: clock.now(), verdict: 'refused', latencyMs: 0, detail: '' }),
      changed: () => undefined,
      pace: () => defaultSettings.probe,
      random: Math.random,
      signal: AbortSignal.abort(),
    });
    const node = createNode(
      {
        agentVersion: '0',
        certsDirFlag: certsDir,
        stateDir: join(dir, 'state'),
        given: { nodeAddresses: ['10.0.0.5'], controlPlane: ['10.0.0.1'], secrets: {}, runtime: 'containerd' },
        mounted: state,
        addresses: () => ['10.0.0.5'],
      },
      { clock, store, prober, event: () => undefined },
    );
    const releases = createReleases(node, store, clock, { podUid, isWatching });
    releases.look();
    return { node, releases };
  };
  let running = start('pod-1');
  return {
    /** A change has to stand still before it counts. */
    mount: (text: string): void => {
      mounted = text;
      running.node.configuration.reload();
      later += 1_000;
      running.releases.look();
    },
    watch: (text: string | undefined, uid = 'map-1'): void => {
      const object = text === undefined ? undefined : { metadata: { uid }, data: { 'config.yaml': text } };
      const told = readConfigMap(object, 'ConfigMap a/b', (bytes) => Buffer.from(bytes).toString('hex'));
      running.node.hear({ ...nothingWatched, told, connected: true });
      running.releases.look();
    },
    restart: (podUid: string): void => {
      running = start(podUid);
    },
    command: (): void => running.releases.request(),
    resume: (): boolean => running.releases.resume(),
    /** What the loop does until nothing of ours is left. */
    release: (): void => {
      assert.ok(running.releases.isReleasing(), 'it is asked for');
      assert.ok(running.node.turn(() => true).released);
      running.releases.finish();
      assert.ok(existsSync(join(dir, 'state/released')));
    },
    isReleased: (): boolean => running.releases.isReleased(),
    /** Nothing can be written to the state directory, or removed from it. */
    blockState: (): void => writeFileSync(join(dir, 'state'), ''),
    unblockState: (): void => rmSync(join(dir, 'state')),
    finish: (): boolean => running.node.turn(() => true).released && running.releases.finish(),
    problems: (): readonly string[] => running.node.status().problems.map(({ code }) => code),
  };
};

describe('a release that the field of the ConfigMap asks for', () => {
  it('lasts over a restart of the same pod, whose mount may still be without the field', (t) => {
    const world = createWorld(t);
    world.watch(field);
    world.release();
    world.restart('pod-1');
    assert.ok(world.isReleased());
  });

  it('ends when a configuration without the field comes by the watch', (t) => {
    const world = createWorld(t);
    world.watch(field);
    world.release();
    world.watch(`${field}# touched\n`);
    assert.ok(world.isReleased());
    world.watch(plain);
    assert.ok(!world.isReleased());
  });

  it('ends when the mount of another pod is without the field', (t) => {
    const world = createWorld(t);
    world.watch(field);
    world.release();
    world.restart('pod-2');
    assert.ok(!world.isReleased());
  });

  it('does not end because the ConfigMap is deleted, or broken, or the mount of the same pod has changed', (t) => {
    const world = createWorld(t);
    world.mount(field);
    world.release();
    world.watch(undefined);
    assert.ok(world.isReleased());
    world.watch('handspegel: [');
    assert.ok(world.isReleased());
    world.mount(other);
    assert.ok(world.isReleased());
    world.restart('pod-1');
    assert.ok(world.isReleased());
  });

  it('that cannot be remembered is said, and finished when it can be', (t) => {
    const world = createWorld(t);
    world.mount(field);
    world.blockState();
    assert.equal(world.finish(), false);
    assert.ok(!world.isReleased());
    assert.ok(world.problems().includes('state-not-saved'));
    world.unblockState();
    assert.equal(world.finish(), true);
    assert.ok(world.isReleased());
  });

  it('ends by the mount where nothing is watched', (t) => {
    const world = createWorld(t, { isWatching: false });
    world.mount(field);
    world.release();
    world.mount(plain);
    assert.ok(!world.isReleased());
  });
});

describe('a release that the command line asks for', () => {
  it('lasts whatever the configuration says, over restarts and in other pods', (t) => {
    const world = createWorld(t);
    world.watch(plain);
    world.command();
    world.release();
    world.watch(other);
    assert.ok(world.isReleased());
    world.mount(other);
    world.restart('pod-2');
    assert.ok(world.isReleased());
    assert.ok(world.resume());
    assert.ok(!world.isReleased());
  });

  it('ends when there is a ConfigMap of another UID: handspegel was installed anew', (t) => {
    const world = createWorld(t);
    world.watch(plain);
    world.command();
    world.release();
    world.watch(undefined);
    world.restart('pod-2');
    assert.ok(world.isReleased());
    world.watch(plain, 'map-2');
    assert.ok(!world.isReleased());
  });

  it('learns later which ConfigMap there was', (t) => {
    const world = createWorld(t);
    world.command();
    world.release();
    world.watch(plain, 'map-1');
    world.restart('pod-1');
    world.watch(plain, 'map-1');
    assert.ok(world.isReleased());
    world.watch(plain, 'map-2');
    assert.ok(!world.isReleased());
  });
});
