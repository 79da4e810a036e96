import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseContainerdVersion } from '../../src/core/containerd/containerd-version.ts';
import type { ExplainedHost, Explanation } from '../../src/core/containerd/explain.ts';
import { judgeHostsFile } from '../../src/core/containerd/judge.ts';
import { handspegel } from '../support/command-line.ts';
import { writeDirectory } from '../support/directory.ts';
import { run } from './support/agent.ts';
import { builtContainerd } from './support/built.ts';
import { type Containerd, startContainerd } from './support/containerd.ts';
import { type Expected, isClosed, isPlain, type Row, rows, serves } from './support/explain-trees.ts';
import { imageNamed } from './support/image.ts';
import { createPlace, type Place } from './support/place.ts';
import { type Asked, createRegistryWorld, type RegistryWorld } from './support/registry-world.ts';
import { until } from './support/until.ts';

type Way = { readonly name: string; readonly pull: (image: string) => Promise<unknown> };

type Release = {
  readonly name: string;
  readonly bin?: string;
  readonly expected: (row: Row) => Expected | 'dies';
  /** What `ctr images pull` may be told beside the image. */
  readonly flags: readonly (readonly string[])[];
};

const debian: Release = {
  name: "Debian's containerd",
  flags: [[]],
  expected: ({ expected, of16 }) => of16 ?? expected,
};

const today: Release = {
  name: 'containerd 2.4.2',
  bin: builtContainerd('2.4.2'),
  flags: [[], ['--local']],
  expected: ({ expected }) => expected,
};

/** A certs.d, and a network where containerd can reach nothing but the registries of this test. */
type Ground = { readonly place: Place; readonly world: RegistryWorld; readonly version: string };

const createGround = async (t: TestContext, { bin }: Release): Promise<Ground> => {
  const place = createPlace(t);
  const version = await run(t, [bin === undefined ? 'containerd' : join(bin, 'containerd'), '--version']);
  t.diagnostic(version.trim());
  return { place, world: await createRegistryWorld(t, place.dir), version: version.trim() };
};

const startOn = ({ place, world }: Ground, t: TestContext, { bin }: Release): Promise<Containerd> =>
  startContainerd(t, {
    dir: place.dir,
    certsDir: place.certsDir,
    wrap: world.wrap,
    ...(bin === undefined ? {} : { bin }),
  });

/** All ways to have it pull: as kubelet does, and by hand. */
const waysOf = (containerd: Containerd, { flags }: Release, certsDir: string): readonly Way[] => {
  const byCtr = (more: readonly string[]): Way => {
    const words = ['images', 'pull', '--snapshotter', 'native', ...more, '--hosts-dir', certsDir];
    return { name: ['ctr', ...more].join(' '), pull: (image) => containerd.ctr(...words, image) };
  };
  return [{ name: 'CRI', pull: containerd.pullOverCri }, ...flags.map(byCtr)];
};

const plant = (place: Place, row: Row): void => {
  rmSync(place.certsDir, { recursive: true, force: true });
  mkdirSync(place.certsDir);
  for (const directory of row.directories ?? []) mkdirSync(join(place.certsDir, directory), { recursive: true });
  writeDirectory(place.certsDir, row.files ?? {});
  for (const [link, target] of Object.entries(row.links ?? {})) {
    mkdirSync(dirname(join(place.certsDir, link)), { recursive: true });
    symlinkSync(target, join(place.certsDir, link));
  }
};

const explain = async ({ place, version }: Ground, image: string): Promise<Explanation> => {
  const flags = [...place.flags, '--containerd-version', version.replace(/^containerd \S+ /, '')];
  const { out, error } = await handspegel(['explain', image, '--json', ...flags]);
  assert.equal(error, '');
  return JSON.parse(out) as Explanation;
};

/** Whether they understand each other: HTTPS first finds out. */
const canTalk = ({ scheme, host, httpsFirst }: ExplainedHost): boolean =>
  httpsFirst || isPlain(host) === (scheme === 'http');

/** Up to the first that has it; where nobody listens nothing can be seen. */
const asksOf = (explanation: Explanation, kind: 'tag' | 'digest'): readonly ExplainedHost[] => {
  const hosts = explanation.hosts.filter(({ asked }) => asked.includes(kind));
  const found = hosts.findIndex((host) => serves(host.host) && canTalk(host));
  return hosts.slice(0, found < 0 ? hosts.length : found + 1).filter(({ host }) => !isClosed(host));
};

const urlOf = ({ scheme, httpsFirst, host, path, ns }: ExplainedHost, rest: string): string => {
  const url = new URL(`${httpsFirst ? 'http' : scheme}://${host}${path}/${rest}`);
  if (ns !== undefined) url.searchParams.set('ns', ns);
  return url.href;
};

/** A server that is asked again at once, e.g. by HTTP after HTTPS, is one. */
const inOrder = (asked: readonly Asked[]): readonly string[] =>
  asked.map(({ host }) => host).filter((host, index, all) => host !== all[index - 1]);

const urlsOf = (asked: readonly Asked[]): readonly string[] =>
  asked.flatMap(({ url }) => url ?? []).filter((url, index, all) => url !== all[index - 1]);

const isFetch = ({ method, url = '' }: Asked): boolean => method === 'GET' && /\/manifests\/sha256:/.test(url);

type Pull = { readonly asked: readonly Asked[]; readonly error?: string };

const pullBy = async (way: Way, world: RegistryWorld, image: string): Promise<Pull> => {
  world.asked();
  try {
    await way.pull(image);
    return { asked: world.asked() };
  } catch (error) {
    return { asked: world.asked(), error: error instanceof Error ? error.message : String(error) };
  }
};

const check = (row: Row, explanation: Explanation, pull: Pull): void => {
  const { repository, tag = '', digest = '' } = explanation.image;
  const kind = row.byDigest ? 'digest' : 'tag';
  const fetches = pull.asked.some(isFetch);
  const resolved = pull.asked.findLastIndex(({ method }) => method === 'HEAD') + 1;
  const resolving = fetches ? pull.asked.slice(0, resolved) : pull.asked;
  const said = asksOf(explanation, kind);
  const hosts = said.map(({ host }) => host);
  assert.deepEqual(inOrder(resolving), hosts, `explain; ${pull.error}`);
  const urls = said.filter(canTalk).map((host) => urlOf(host, `${repository}/manifests/${tag || digest}`));
  assert.deepEqual(urlsOf(resolving), urls);
  const tls = said.filter((host) => isPlain(host.host) && host.scheme === 'https').map(({ host }) => host);
  assert.deepEqual(inOrder(resolving.filter(({ url }) => url === undefined)), tls);

  if (!fetches) return;
  const fetched = asksOf(explanation, 'digest').filter(canTalk);
  assert.deepEqual(
    inOrder(pull.asked.filter(isFetch)),
    fetched.map(({ host }) => host),
  );
};

const checkOutcome = (row: Row, expected: Expected, explanation: Explanation, pull: Pull): void => {
  assert.equal(pull.error === undefined, expected.pulls, pull.error);
  const last = asksOf(explanation, row.byDigest ? 'digest' : 'tag').at(-1);
  const found = last !== undefined && serves(last.host) && canTalk(last);
  const takes = explanation.outcome === 'pulls' || explanation.refused !== undefined;
  assert.equal(takes && found, expected.pulls, 'explain');
};

describe('explain and real containerd agree on which servers are asked, in order, and what comes of it', () => {
  for (const release of [debian, today]) {
    it(release.name, async (t) => {
      const ground = await createGround(t, release);
      const containerd = await startOn(ground, t, release);
      const ways = waysOf(containerd, release, ground.place.certsDir);
      let count = 0;
      for (const row of rows) {
        const expected = release.expected(row);
        if (expected === 'dies') continue;
        plant(ground.place, row);
        for (const way of ways.filter(({ name }) => name.startsWith(row.only ?? ''))) {
          count += 1;
          const name = `pull-${count}`;
          const image = `${join(row.registry, name)}${row.byDigest ? `@${imageNamed(name).digest}` : ':v1'}`;
          await t.test(`${row.what}, by ${way.name}`, async () => {
            const explanation = await explain(ground, image);
            const said = asksOf(explanation, row.byDigest ? 'digest' : 'tag').map(({ host }) => host);
            assert.deepEqual(said, expected.asked, 'explain and the table');
            const pull = await pullBy(way, ground.world, image);
            assert.equal(explanation.refused !== undefined, row.refusedBy16 === true && release === debian);
            if (explanation.refused !== undefined && way.name === 'CRI') {
              assert.match(pull.error ?? '', /failed to parse image reference/);
              assert.deepEqual([pull.asked, explanation.outcome], [[], 'fails']);
              return;
            }
            check(row, explanation, pull);
            checkOutcome(row, expected, explanation, pull);
          });
        }
      }
      // Else 2.x would have pulled over CRI in the way of `ctr --local`.
      assert.doesNotMatch(containerd.process.output(), /incompatible with transfer service/);
    });
  }
});

describe('a file that is judged deadly', () => {
  it("ends Debian's containerd at the first pull over CRI", async (t) => {
    const ground = await createGround(t, debian);
    for (const row of rows.filter(({ of16 }) => of16 === 'dies')) {
      await t.test(row.what, async (inner) => {
        plant(ground.place, row);
        const image = `${row.registry}/pull-1:v1`;
        assert.equal((await explain(ground, image)).outcome, 'dies');
        const bytes = Buffer.from(row.files?.['_default/hosts.toml'] ?? '');
        const version = parseContainerdVersion(ground.version);
        assert.equal(judgeHostsFile(bytes, { version, filesBeside: new Map() }).verdict, 'deadly');

        const containerd = await startOn(ground, inner, debian);
        await assert.rejects(containerd.pullOverCri(image));
        await until('containerd is dead', () => containerd.process.child.exitCode ?? undefined);
        const { output } = await containerd.process.ended;
        assert.match(output, /^panic: interface conversion: [^\n]* not \*toml\.Tree/m);
        assert.match(output, /getSortedHosts/);
        assert.deepEqual(ground.world.asked(), []);
      });
    }
  });
});
