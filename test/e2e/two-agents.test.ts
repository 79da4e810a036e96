import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { writeDirectory } from '../support/directory.ts';
import { type Agent, type Ended, handspegel, startAgent, startReadyAgent } from './support/agent.ts';
import { configOf, path, says } from './support/great-registry.ts';
import { createPlace, type Place } from './support/place.ts';
import { stays, together } from './support/until.ts';

/** Two agents on one certs.d, with one state directory or one each; the first holds the lock. */
const begin = async (
  t: TestContext,
  shared: boolean,
): Promise<{ place: Place; other: Place; first: Agent; second: Agent }> => {
  const place = createPlace(t, { config: configOf('one') });
  const other = shared
    ? place
    : createPlace(t, { dir: place.dir, nodeIp: [place.nodeIp], stateName: 'other-state', config: configOf('one') });
  const first = await startReadyAgent(t, place);
  const second = startAgent(t, other);
  await second.until(
    'the second one waits',
    () => second.output().includes('another agent holds certs.d') || undefined,
  );
  return { place, other, first, second };
};

const release = async (t: TestContext, place: Place): Promise<Ended> => handspegel(t, place, ['release']);

for (const shared of [true, false]) {
  describe(
    `two agents on one directory, ${shared ? 'sharing a state directory' : 'each with its own state'}`,
    together,
    () => {
      it('one writes, and the other says whom it waits for', async (t) => {
        const { place, first, second } = await begin(t, shared);
        assert.match(second.output(), new RegExp(`"holder":"pid ${first.pid}"`));
        const readyz = await second.get('/readyz');
        assert.equal(readyz.code, 503);
        assert.match(readyz.body, new RegExp(`another agent holds certs.d: pid ${first.pid}`));
        assert.equal((await second.get('/livez')).code, 200);
        const mirrors = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
        for (const mirror of mirrors) {
          place.configure(configOf(mirror));
          await first.until(mirror, () => says(place, mirror) || undefined);
          unlinkSync(join(place.certsDir, '_default/hosts.toml'));
          await first.until('_default', () => place.body('_default/hosts.toml'));
        }
        await first.until('the journal', () => place.writes(path) === mirrors.length + 1 || undefined);
        assert.doesNotMatch(second.output(), /first pass|"write:/);
        assert.equal((await first.stop()).code, 0);
        await second.until('it takes over', () => second.output().includes('first pass') || undefined);
        assert.equal((await second.stop()).code, 0);
      });

      it('the writer is killed: the other takes over at once', async (t) => {
        const { place, other, first, second } = await begin(t, shared);
        await first.stop('SIGKILL');
        const ms = await second.until('it takes over', () => second.output().includes('first pass') || undefined);
        t.diagnostic(`taken over after ${Math.round(ms)} ms`);
        other.configure(configOf('after'));
        await second.until('it writes', () => says(place, 'after') || undefined);
        await second.until('it is ready', async () => (await second.get('/readyz')).code === 200 || undefined);
      });

      if (shared) {
        it('the writer is killed: the other remembers what that one had saved meanwhile', async (t) => {
          const { place, first, second } = await begin(t, shared);
          const theirs = "server = 'https://before.example.com'\n";
          writeDirectory(place.certsDir, { 'late.example.com/hosts.toml': theirs });
          place.configure(configOf('two', 'late.example.com'));
          await first.until('replaced', () => place.files()['late.example.com/hosts.toml'] !== theirs || undefined);
          await first.stop('SIGKILL');
          await second.until('it takes over', () => second.output().includes('first pass') || undefined);
          const ended = await release(t, place);
          assert.equal(ended.code, 0, ended.output);
          assert.deepEqual(place.files(), { 'late.example.com/hosts.toml': theirs });
        });
      }

      it('the writer is stopped: nobody writes, and both take it up again when it goes on', async (t) => {
        const { place, other, first, second } = await begin(t, shared);
        first.child.kill('SIGSTOP');
        const stamp = place.stamp(path);
        other.configure(configOf('while-stopped'));
        unlinkSync(join(place.certsDir, '_default/hosts.toml'));
        await stays(
          'nobody writes',
          3_000,
          () => place.stamp(path) === stamp && !('_default/hosts.toml' in place.files()),
        );
        await second.until(
          'it says that the holder is silent',
          () => /a process that does not answer/.test(second.output()) || undefined,
          30_000,
        );
        assert.match((await second.get('/readyz')).body, /does not answer/);
        first.child.kill('SIGCONT');
        await first.until(
          'it goes on',
          () => (says(place, 'while-stopped') && place.body('_default/hosts.toml')) || undefined,
        );
        assert.doesNotMatch(second.output(), /first pass/);
      });
    },
  );
}

describe('the directory that certs.d lies in is replaced while an agent runs', together, () => {
  it('it still keeps other agents out', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const first = await startReadyAgent(t, place);
    renameSync(place.etc, join(place.dir, 'old'));
    mkdirSync(place.etc);
    await first.until('the file is there again', () => says(place, 'one') || undefined, 60_000);
    place.configure(configOf('two'));
    await first.until('the new configuration', () => says(place, 'two') || undefined);
    const other = createPlace(t, {
      dir: place.dir,
      nodeIp: [place.nodeIp],
      stateName: 'other',
      config: configOf('one'),
    });
    const second = startAgent(t, other);
    await second.until('it waits', () => second.output().includes(`pid ${first.pid}`) || undefined);
    await first.stop();
    await second.until('it takes over', () => second.output().includes('first pass') || undefined);
  });
});

describe('release beside an agent that is stopped', together, () => {
  it('ends after 5 s with exit code 1, names the pid and what to do, and changes nothing', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const agent = await startReadyAgent(t, place);
    agent.child.kill('SIGSTOP');
    const before = place.files();
    const ended = await release(t, place);
    t.diagnostic(`gave up after ${Math.round(ended.ms)} ms`);
    assert.equal(ended.code, 1, ended.output);
    assert.ok(ended.ms > 4_500 && ended.ms < 50_000, `${ended.ms} ms`);
    assert.match(ended.output, new RegExp(`\\(pid ${agent.pid}\\) gave no answer in 5 s`));
    assert.match(ended.output, new RegExp(`kill -CONT ${agent.pid}.*kill -9 ${agent.pid}`, 's'));
    assert.deepEqual(place.files(), before);
    agent.child.kill('SIGCONT');
    await agent.whenStatus('it lives', ({ phase }) => phase.phase !== 'released');
    assert.deepEqual(place.files(), before);
  });

  it('with another state directory it says who holds the lock, and changes nothing', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    const agent = await startReadyAgent(t, place);
    const before = place.files();
    const other = createPlace(t, {
      dir: place.dir,
      nodeIp: [place.nodeIp],
      stateName: 'other',
      config: configOf('one'),
    });
    const ended = await release(t, other);
    assert.equal(ended.code, 1, ended.output);
    assert.match(ended.output, new RegExp(`another agent \\(pid ${agent.pid}\\) holds`));
    assert.deepEqual(place.files(), before);
    assert.equal((await agent.stop()).code, 0);
  });
});

const checkout = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
/**
 * Another user, who finds the checkout at its place also where that lies in somebody's closed home: in a mount namespace
 * of its own, the first directory on the way is covered by an open one that holds nothing but the checkout.
 */
const openTheWay = `
  checkout=$1; shift
  closed=
  way=
  for part in $(dirname "$checkout" | tr / ' '); do
    way=$way/$part
    [ -n "$closed" ] || setpriv --reuid=65534 --regid=65534 --clear-groups -- test -x "$way" || closed=$way
  done
  if [ -n "$closed" ]; then
    hold=$(mktemp -d)
    mount --bind "$checkout" "$hold"
    mount -t tmpfs -o mode=0755 none "$closed"
    mkdir -p "$checkout"
    mount --move "$hold" "$checkout"
    rmdir "$hold"
    cd /
  fi
  exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"`;
const nobody = ['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', openTheWay, 'sh', checkout];

describe('a process of another user', together, () => {
  it('can ask the agent for nothing', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    // Everything on the way there is open, as on a node.
    for (const dir of [place.dir, join(place.dir, 'var')]) chmodSync(dir, 0o755);
    const agent = await startReadyAgent(t, place);
    const before = place.files();
    for (const words of [['release'], ['resume'], ['status'], ['restore', path]]) {
      const ended = await handspegel(t, place, words, { wrap: nobody });
      assert.equal(ended.code, 1, `${words.join(' ')}: ${ended.output}`);
      assert.notEqual(ended.output, '');
    }
    assert.deepEqual(place.files(), before);
    assert.equal(statSync(place.stateDir).mode & 0o777, 0o700);
    assert.equal((await agent.status()).phase.phase, 'bootstrap');
  });

  it('can look with plan, diff and render, and writes nothing', async (t) => {
    const place = createPlace(t, { config: configOf('one'), controlPlane: ['192.0.2.1'] });
    for (const dir of [place.dir, join(place.dir, 'var')]) chmodSync(dir, 0o755);
    const agent = await startReadyAgent(t, place);
    await agent.stop();
    writeFileSync(join(place.certsDir, path), "server = 'https://elsewhere'\n");
    const before = JSON.stringify([place.files(), place.stamp(path), place.stamp('_default/hosts.toml')]);
    const plan = await handspegel(t, place, ['plan'], { wrap: nobody });
    assert.equal(plan.code, 3, plan.output);
    assert.match(plan.stdout, /great-registry\.com\/hosts\.toml .*write/);
    const diff = await handspegel(t, place, ['diff'], { wrap: nobody });
    assert.equal(diff.code, 3, diff.output);
    assert.match(diff.stdout, /^-server = 'https:\/\/elsewhere'$/m);
    const render = await handspegel(t, place, ['render'], { wrap: nobody });
    assert.equal(render.code, 0, render.output);
    assert.match(render.stdout, /http:\/\/192\.0\.2\.1:30020/);
    assert.equal(JSON.stringify([place.files(), place.stamp(path), place.stamp('_default/hosts.toml')]), before);
  });

  it('can look at a node where nothing is yet, and makes nothing', async (t) => {
    const place = createPlace(t, { config: configOf('one') });
    chmodSync(place.dir, 0o755);
    for (const [word, code] of [
      ['plan', 3],
      ['diff', 3],
      ['render', 0],
    ] as const) {
      const ended = await handspegel(t, place, [word], { wrap: nobody });
      assert.equal(ended.code, code, ended.output);
    }
    assert.equal((await handspegel(t, place, ['plan'])).code, 3, 'root looks, too');
    assert.equal(statSync(place.certsDir, { throwIfNoEntry: false }), undefined);
    assert.equal(statSync(place.stateDir, { throwIfNoEntry: false }), undefined);
  });
});
