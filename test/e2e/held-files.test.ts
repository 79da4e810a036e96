import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Agent, handspegel, startProcess, startReadyAgent } from './support/agent.ts';
import { createPlace, type Place } from './support/place.ts';
import { together } from './support/until.ts';

/** The document's last example, with two registries. */
const config = `
cluster:
  addon:
    spegel:
      helm_values:
        spegel:
          containerdMirrorAdd: false
extensions:
  containerd-default-hosts-override:
    path: 'templates/root_dir/etc/containerd/certs.d/_default/hosts.toml'
    content: |
      [host.'http://{{.config.node_address_ip}}:30020']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
  containerd-great-registry-hosts-override:
    path: 'templates/root_dir/etc/containerd/certs.d/great-registry.com/hosts.toml'
    content: |
      [host.'https://my-mirror.internal']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
`;
const path = 'great-registry.com/hosts.toml';

type Held = { readonly place: Place; readonly agent: Agent; readonly file: string; readonly right: () => string };

/** Text, mode and owner of every file and directory. */
const begin = async (t: TestContext): Promise<Held> => {
  const place = createPlace(t, { config });
  const right = (): string => {
    const rights = ['.', '_default', 'great-registry.com', '_default/hosts.toml', path].map((one) => {
      const stat = statSync(join(place.certsDir, one), { throwIfNoEntry: false });
      return stat === undefined ? `no ${one}` : `${one} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid}`;
    });
    return JSON.stringify([place.files(), rights]);
  };
  return { place, agent: await startReadyAgent(t, place), file: join(place.certsDir, path), right };
};

const accidents: Readonly<Record<string, (held: Held) => void>> = {
  'overwritten in place': ({ file }) => writeFileSync(file, "[host.'http://elsewhere:1']\n"),
  'replaced by a rename': ({ file, place }) => {
    writeFileSync(join(place.dir, 'other'), "server = 'https://elsewhere'\n");
    renameSync(join(place.dir, 'other'), file);
  },
  'appended to': ({ file }) => appendFileSync(file, '# a line more\n'),
  truncated: ({ file }) => truncateSync(file),
  'cut in the middle': ({ file }) => truncateSync(file, 60),
  deleted: ({ file }) => unlinkSync(file),
  'given another mode': ({ file }) => chmodSync(file, 0o600),
  'given another owner': ({ file }) => chownSync(file, 65534, 65534),
  'replaced by a symbolic link': ({ file }) => {
    unlinkSync(file);
    symlinkSync('/etc/hostname', file);
  },
  'deleted with its directory': ({ place }) => rmSync(join(place.certsDir, 'great-registry.com'), { recursive: true }),
  'deleted with all others': ({ place }) => {
    rmSync(join(place.certsDir, 'great-registry.com'), { recursive: true });
    rmSync(join(place.certsDir, '_default'), { recursive: true });
  },
};

describe('a held file', together, () => {
  for (const [what, accident] of Object.entries(accidents)) {
    it(`is right again after it was ${what}`, async (t) => {
      const held = await begin(t);
      const before = held.right();
      accident(held);
      assert.notEqual(held.right(), before);
      const ms = await held.agent.until('right again', () => held.right() === before || undefined);
      t.diagnostic(`right again after ${Math.round(ms)} ms`);
    });
  }

  it('is right again within seconds when its whole directory goes while a _backup/ stands', async (t) => {
    const held = await begin(t);
    mkdirSync(join(held.place.certsDir, '_backup'));
    await held.agent.until(
      'it saw the _backup/',
      () => held.place.journal().some((record) => record.event === 'spegel-done') || undefined,
    );
    const before = held.right();
    rmSync(join(held.place.certsDir, 'great-registry.com'), { recursive: true });
    const ms = await held.agent.until('right again', () => held.right() === before || undefined, 30_000);
    t.diagnostic(`right again after ${Math.round(ms)} ms`);
  });

  it('that a process rewrites again and again is a conflict, and is then left to it', async (t) => {
    const held = await begin(t);
    const { place, agent, file } = held;
    // Writes whenever its own text is gone, as a cron job or another tool would.
    const writer = startProcess(t, [
      'busybox',
      'sh',
      '-c',
      `while :; do busybox grep -q elsewhere '${file}' || echo "server = 'https://elsewhere'" > '${file}'; busybox usleep 50000; done`,
    ]);
    const status = await agent.whenStatus('a conflict', ({ phase }) => phase.phase === 'conflict', 60_000);
    const one = status.files.find((each) => each.path === path);
    assert.equal(one?.action, 'conflict');
    assert.ok(place.writes(path) <= 6, `${place.writes(path)} writes`);
    assert.match(agent.output(), /conflict/);
    const written = place.writes(path);
    // Other files are still looked after.
    unlinkSync(join(place.certsDir, '_default/hosts.toml'));
    await agent.until('the other file is back', () => place.body('_default/hosts.toml'));
    assert.equal(place.writes(path), written);
    assert.equal(place.files()[path], "server = 'https://elsewhere'\n");
    const shown = await handspegel(t, place, ['status']);
    assert.equal(shown.code, 1);
    assert.match(shown.stdout, /conflict/);
    await writer.stop();
  });
});
