import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ConfigState, StoredConfig } from '../../src/core/config/config-choice.ts';
import { type Configuration, createConfiguration, nothingWatched, type Watched } from '../../src/inputs.ts';
import { createTools } from '../../src/tools.ts';

/** A version of the ConfigMap: a word for good ones, so that each is another document. */
const stateOf = (version: string): ConfigState => {
  if (version === 'missing') return { kind: 'missing', file: 'config.yaml' };
  const text = version === 'bad' ? 'handspegel: {preserve: perhaps}' : `# ${version}`;
  return { kind: 'text', text, file: 'config.yaml', sha256: version };
};

type Step = { readonly do: 'edit' | 'connect' | 'tell' | 'disconnect' | 'mount' | 'restart'; readonly n: number };

/**
 * A ConfigMap with its history, a watch that tells each change in order while it is connected, and a mount that follows
 * at any distance and may leave versions out. The one thing that it does not do is to show, after the watch has told a
 * newer one, a version that the watch has passed over while it was away: by content that cannot be told from news.
 */
const createWorld = (first: string) => {
  const tools = createTools({ agentVersion: '0', object: () => undefined });
  const history = [first];
  const told = new Set<number>();
  const at = { mount: 0, watch: -1, now: 0 };
  let watched: Watched = nothingWatched;
  let stored: StoredConfig | undefined;
  const open = (): Configuration =>
    createConfiguration({
      mounted: () => stateOf(history[at.mount] ?? ''),
      watched: () => watched,
      stored,
      store: (kept) => {
        stored = JSON.parse(JSON.stringify(kept)) as StoredConfig;
      },
      tools,
      clock: () => at.now,
    });
  let configuration = open();
  const tell = (index: number): void => {
    at.watch = index;
    told.add(index);
    watched = { told: { state: stateOf(history[index] ?? ''), uid: 'u' }, connected: true, why: undefined };
  };
  const step = ({ do: what, n }: Step, words: readonly string[]): void => {
    if (what === 'edit') history.push(words[n % words.length] ?? '');
    if (what === 'connect' && !watched.connected) tell(history.length - 1);
    if (what === 'tell' && watched.connected && at.watch < history.length - 1) tell(at.watch + 1);
    if (what === 'disconnect') watched = { ...watched, connected: false };
    if (what === 'mount') {
      const next = Math.min(at.mount + 1 + (n % 3), history.length - 1);
      if (next > at.watch || told.has(next)) at.mount = next;
    }
    if (what === 'restart') {
      watched = nothingWatched;
      configuration = open();
    }
    // The second look is after a change of the mount has stood still.
    for (let look = 0; look < 2; look += 1) {
      configuration.reload();
      at.now += 1_000;
    }
  };
  return { history, step, inForce: (): string => configuration.choice().sha256 };
};

const steps = fc.array(
  fc.record({
    do: fc.constantFrom<Step['do']>(
      'edit',
      'edit',
      'connect',
      'tell',
      'tell',
      'disconnect',
      'mount',
      'mount',
      'restart',
    ),
    n: fc.nat(20),
  }),
  { maxLength: 60 },
);

/** Versions that were in force, one after the other, must be found in the history in that order. */
const runsForward = (seen: readonly string[], history: readonly string[]): boolean => {
  let at = -1;
  for (const version of seen) {
    at = history.indexOf(version, at + 1);
    if (at < 0) return false;
  }
  return true;
};

const playAll = (all: readonly Step[], words: readonly string[]): void => {
  const world = createWorld(words[0] ?? '');
  const seen: string[] = [];
  for (const step of all) {
    world.step(step, words);
    const now = world.inForce();
    if (now !== '' && now !== seen.at(-1)) seen.push(now);
    assert.ok(runsForward(seen, world.history), `in force: ${seen.join()}; history: ${world.history.join()}`);
  }
  world.step({ do: 'connect', n: 0 }, words);
  for (let i = 0; i < world.history.length; i += 1) world.step({ do: 'tell', n: 0 }, words);
  const newest = world.history.at(-1) ?? '';
  if (newest !== 'bad' && newest !== 'missing') assert.equal(world.inForce(), newest, 'the watch has the last word');
};

describe('a configuration that comes by a watch and a mount that lags', () => {
  it('never runs backwards, and ends at the newest: versions that are all different', () => {
    // Each edit makes a version that never was: its place among the steps.
    const words = Array.from({ length: 61 }, (_, i) => `v${i}`);
    fc.assert(
      fc.property(steps, (all) =>
        playAll(
          all.map((step, i) => (step.do === 'edit' ? { ...step, n: i + 1 } : step)),
          words,
        ),
      ),
      { numRuns: 500 },
    );
  });

  it('never runs backwards, and ends at the newest: edits there and back, broken ones, deletions', () => {
    fc.assert(
      fc.property(steps, (all) => playAll(all, ['a', 'b', 'bad', 'missing', 'a', 'b', 'c'])),
      { numRuns: 500 },
    );
  });
});
