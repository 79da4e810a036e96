import assert from 'node:assert/strict';
import { describeDirectory, readDirectory } from '../support/directory.ts';
import { nodeIp } from '../support/simulated-node.ts';
import { createSpegel } from '../support/spegel/spegel.ts';
import {
  addSomebodys,
  backupNow,
  changeConfiguration,
  checkAfter,
  checkOurs,
  emptyStage,
  expectFromBackup,
  foreignNow,
  isOurs,
  livedStage,
  type Stage,
  topOf,
} from '../support/stage.ts';

/**
 * Row 3: one later start of Spegel (clear and write; `_backup/` stays), with pauses, an agent that looks now and then,
 * or is restarted in the middle. Throws when anything is not as it should be.
 */
export const playRow3 = async (seed: number, dir: string): Promise<void> => {
  const stage = await livedStage({ seed, dir });
  const { node, spegel, pace, say } = stage;
  const backup = backupNow(node);
  const run = await spegel.start();
  pace.ended();
  assert.deepEqual(run.failures, [], say('the init container never fails'));
  checkAfter(stage);
  assert.equal(
    readDirectory(node.certsDir)['_default/hosts.toml'],
    spegel.expectedFile('_default'),
    say("Spegel's file"),
  );
  checkOurs(stage, ['great-registry.com']);
  assert.deepEqual(backupNow(node), backup, say('_backup/ is untouched'));
  assert.equal(node.ledger().phase?.phase, 'spegel', say('phase'));
};

/**
 * Row 4: Spegel's uninstall hook, while configuration and addresses change and the agent is restarted. Throws when the
 * hook failed or anything is not as it should be afterwards.
 */
export const playRow4 = async (seed: number, dir: string): Promise<void> => {
  const stage = await livedStage({
    seed,
    dir,
    meanwhile: (seen) => {
      if (seen.chance.oneIn(15)) changeConfiguration(seen);
    },
  });
  const { node, spegel, pace, chance, say } = stage;
  if (chance.oneIn(2)) changeConfiguration(stage);
  expectFromBackup(stage);
  const run = await spegel.uninstall();
  pace.ended();
  assert.deepEqual(run.failures, [], say('the hook never fails'));
  checkAfter(stage);
  checkOurs(stage, ['_default', 'great-registry.com']);
  assert.equal('_backup/' in describeDirectory(node.certsDir), false, say('_backup/ is gone'));
  assert.equal(node.ledger().phase?.phase, 'bootstrap', say('phase'));
};

/** After its start Spegel's file stands beside ours, after its hook ours alone. */
const checkWriters = (stage: Stage, hook: boolean): void => {
  checkOurs(stage, hook ? ['_default', 'great-registry.com'] : ['great-registry.com']);
  if (hook) return;
  const { node, spegel, say } = stage;
  const standing = readDirectory(node.certsDir)['_default/hosts.toml'];
  assert.equal(standing, spegel.expectedFile('_default'), say("Spegel's file"));
};

/** Runs one of Spegel's containers until it succeeds, killed before some of its steps, as the kubelet does. */
const untilDone = async (
  stage: Stage,
  container: () => Promise<unknown>,
  crashes: { left: number; at: number },
): Promise<void> => {
  const { node, pace, chance, say } = stage;
  for (let attempt = 1; ; attempt += 1) {
    crashes.at = crashes.left > 0 ? 2 + chance.upTo(30) : 0;
    try {
      await container();
      pace.ended();
      return;
    } catch (error) {
      pace.ended();
      assert.ok(
        error instanceof Error && error.message === 'killed',
        say(`attempt ${attempt} failed by itself: ${String(error)}`),
      );
      crashes.left -= 1;
      const delay = chance.pick([0, 100, 1_000, 10_000, 20_000]);
      if (chance.oneIn(3)) node.restart();
      if (chance.oneIn(2)) node.advance(delay);
      else node.now += delay;
    }
  }
};

/**
 * Row 5: a step of Spegel fails half-way and is tried again: init container of a first or later start, or hook.
 * Somebody's files are all there in the end. Throws when one is not.
 */
export const playRow5 = async (seed: number, dir: string): Promise<void> => {
  const crashes = { left: 1 + (seed % 3), at: 0 };
  const crashAt = (): number => crashes.at;
  const first = seed % 2 === 0;
  const stage = first ? emptyStage({ seed, dir, crashAt }) : await livedStage({ seed, dir, crashAt });
  const { node, spegel, chance, theirs } = stage;
  if (first) {
    addSomebodys(stage, 2);
    node.advance(1_000);
    Object.assign(theirs, foreignNow(node));
  }
  const hook = !first && chance.oneIn(2);
  // What a person removed may come back with the hook, and go again when the hook is tried again.
  const tops = new Set(Object.keys(theirs).map(topOf));
  const maybe = (path: string): boolean => hook && !tops.has(topOf(path));
  await untilDone(stage, () => (hook ? spegel.uninstall() : spegel.start()), crashes);
  checkAfter(stage, maybe);
  checkWriters(stage, hook);
};

/**
 * The agent comes to a node for the first time, or without its state, between any two steps of a start or of the hook.
 * Spegel never fails, and what the agent has seen standing, or lies in `_backup/`, is there in the end.
 */
export const playLateAgent = async (seed: number, dir: string): Promise<void> => {
  const arrival = { at: 0, step: 0 };
  const stage = emptyStage({
    seed,
    dir,
    meanwhile: ({ node }) => {
      arrival.step += 1;
      if (arrival.step === arrival.at) node.restart({ loseState: true });
    },
  });
  const { node, spegel, pace, chance, theirs, say } = stage;
  const act = chance.pick(['first start', 'later start', 'hook', 'hook']);
  addSomebodys(stage, 2);
  if (chance.oneIn(2)) node.advance(1_000);
  if (act !== 'first start') await createSpegel({ family: spegel.family, certsDir: node.certsDir, nodeIp }).start();
  const before = foreignNow(node);
  const inBackup = Object.entries(backupNow(node)).filter(([path]) => !isOurs(path));
  Object.assign(theirs, act === 'first start' ? before : Object.fromEntries(inBackup));
  arrival.at = 1 + chance.upTo(40);
  node.restart({ loseState: true });
  if (act === 'hook') await spegel.uninstall();
  else await spegel.start();
  pace.ended();
  if (act === 'first start') {
    // What an agent without memory never saw, and Spegel did not move, nobody can know.
    node.advance(32_000);
    assert.deepEqual(pace.intrusions, [], say('nothing is written while Spegel is at work'));
  } else {
    // An agent that has only just come looks around for a while.
    node.advance(3_000);
    checkAfter(stage);
  }
  checkWriters(stage, act === 'hook');
};
