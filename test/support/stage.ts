import assert from 'node:assert/strict';
import { chmodSync, chownSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DesiredUnit } from '../../src/core/desired.ts';
import { bodyOf, describeDirectory, readDirectory } from './directory.ts';
import { type Pace, paceOf } from './pace.ts';
import { type Chance, chanceOf } from './seeded.ts';
import { createSimulatedNode, desiredOf, hostsText, nodeIp, type SimulatedNode, unit } from './simulated-node.ts';
import type { Family } from './spegel/families.ts';
import { createSpegel, type Spegel } from './spegel/spegel.ts';
import type { Step } from './spegel/steps.ts';

/** Somebody's registry directories: an ordinary one, one that sorts first and is nested, one without a file, a link, a file. */
const somebodys: readonly ((certsDir: string) => void)[] = [
  (dir) => {
    place(dir, 'quay.io/hosts.toml', "server = 'https://quay.io'\n[host.'https://m.example']\nca = 'ca.crt'\n", 0o640);
    place(dir, 'quay.io/ca.crt', 'PEM', 0o600);
    chmodSync(join(dir, 'quay.io'), 0o750);
    chownSync(join(dir, 'quay.io'), ...someone);
  },
  (dir) => {
    place(dir, '127.0.0.1:5000/hosts.toml', '[host."http://127.0.0.1:5000"]\n', 0o444);
    place(dir, '127.0.0.1:5000/certs/client.pem', 'KEY', 0o400);
  },
  (dir) => {
    mkdirSync(join(dir, 'empty.io/inner'), { recursive: true });
    chmodSync(join(dir, 'empty.io'), 0o711);
  },
  (dir) => {
    mkdirSync(dir, { recursive: true });
    symlinkSync('/somewhere/else', join(dir, 'link.io'));
    lchownSync(join(dir, 'link.io'), ...self);
  },
  (dir) => place(dir, 'README', 'kept by the platform team', 0o604),
];

const isRoot = process.getuid?.() === 0;
const self = [process.getuid?.() ?? 0, process.getgid?.() ?? 0] as const;
const someone = isRoot ? ([1234, 5678] as const) : self;

function place(certsDir: string, path: string, text: string, mode: number): void {
  const file = join(certsDir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chownSync(file, ...someone);
  chmodSync(file, mode);
}

export type Stage = {
  readonly node: SimulatedNode;
  readonly chance: Chance;
  readonly spegel: Spegel;
  readonly pace: Pace;
  /** Everything that is somebody's and must stand in the end, as `describeDirectory` tells it. */
  readonly theirs: Record<string, string>;
  /** The configuration as it is now: texts by registry. */
  readonly wanted: Map<string, string>;
  readonly say: (what: string) => string;
};

const mirror = (number: number): string => `http://10.1.2.${number}:30020`;

const desire = (wanted: ReadonlyMap<string, string>): ReturnType<typeof desiredOf> =>
  desiredOf(
    [...wanted].map(([registry, text]): DesiredUnit => {
      if (registry === '_default') return unit(registry, text);
      return unit(registry, text, { files: { 'ca.crt': `PEM of ${registry}` }, source: 'extension:ours' });
    }),
  );

export const changeConfiguration = ({ node, chance, wanted }: Pick<Stage, 'node' | 'chance' | 'wanted'>): void => {
  wanted.set('_default', hostsText(`http://${nodeIp}:30020`, mirror(9 + chance.upTo(90))));
  if (chance.oneIn(3)) wanted.set('great-registry.com', hostsText(`https://m${chance.upTo(9)}.internal`));
  node.desired = desire(wanted);
};

export const isOurs = (path: string): boolean => /^(?:_default|great-registry\.com|_backup)(?:\/|$)/.test(path);

export const foreignNow = (node: SimulatedNode): Record<string, string> => describeDirectory(node.certsDir, isOurs);

export const backupNow = (node: SimulatedNode): Record<string, string> =>
  describeDirectory(join(node.certsDir, '_backup'));

export const topOf = (path: string): string => path.split('/', 1)[0] ?? path;

export const addSomebodys = (stage: Pick<Stage, 'node' | 'chance'>, oneIn: number): void => {
  for (const make of somebodys) if (stage.chance.oneIn(oneIn)) make(stage.node.certsDir);
};

const names = ['quay.io', '127.0.0.1:5000', 'empty.io', 'link.io', 'README'] as const;

/** People come and go: some of their directories are removed, some are made anew. */
const letPeopleWork = ({ node, chance }: Pick<Stage, 'node' | 'chance'>): void => {
  somebodys.forEach((make, at) => {
    if (!chance.oneIn(4)) return;
    rmSync(join(node.certsDir, names[at] ?? ''), { recursive: true, force: true });
    if (chance.oneIn(2)) make(node.certsDir);
  });
};

type Meanwhile = (stage: Stage, next: Step) => void;
type Given = {
  readonly seed: number;
  readonly dir: string;
  readonly meanwhile?: Meanwhile;
  readonly crashAt?: () => number | undefined;
};

/** An empty node, and Spegel with pauses between its steps; the agent is restarted, or killed in a pass, now and then. */
export const emptyStage = ({ seed, dir, meanwhile, crashAt }: Given): Stage => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const chance = chanceOf(seed);
  const family = chance.pick<Family>(['v0.2', 'v0.4', 'main']);
  const wanted = new Map([
    ['_default', hostsText(`http://${nodeIp}:30020`, mirror(9))],
    ['great-registry.com', hostsText('https://m.internal')],
  ]);
  const node = createSimulatedNode({ dir, desired: desire(wanted) });
  node.mirrorsAre('up', 2);
  const pace = paceOf({
    node,
    chance,
    ...(crashAt === undefined ? {} : { crashAt }),
    meanwhile: (next) => {
      if (chance.oneIn(40)) node.restart();
      if (chance.oneIn(40)) node.killAfterWrite();
      meanwhile?.(stage, next);
    },
  });
  const spegel = createSpegel({ family, certsDir: node.certsDir, nodeIp, pause: pace.pause, attempts: 1 });
  const say = (what: string): string => {
    const journal = node.journal.slice(-12).map((record) => JSON.stringify(record));
    return [`seed ${seed}, ${family}: ${what}`, ...journal].join('\n');
  };
  const stage: Stage = { node, chance, spegel, pace, theirs: {}, wanted, say };
  return stage;
};

/** A node that has lived: our files, somebody's files, and Spegel's first start, done and settled. */
export const livedStage = async (given: Given): Promise<Stage> => {
  const stage = emptyStage(given);
  const { node, spegel } = stage;
  addSomebodys(stage, 2);
  node.advance(1_000);
  await createSpegel({ family: spegel.family, certsDir: node.certsDir, nodeIp }).start();
  node.advance(2_000);
  letPeopleWork(stage);
  // Until it is beyond doubt that it was no clear of Spegel's that failed.
  node.advance(125_000);
  Object.assign(stage.theirs, foreignNow(node));
  return stage;
};

export const checkOurs = ({ node, wanted, say }: Stage, registries: readonly string[]): void => {
  const seen = readDirectory(node.certsDir);
  for (const registry of registries) {
    assert.equal(bodyOf(seen[`${registry}/hosts.toml`]), wanted.get(registry), say(`${registry} is as wanted today`));
    if (registry !== '_default') assert.equal(seen[`${registry}/ca.crt`], `PEM of ${registry}`, say('its certificate'));
  }
};

export const checkAfter = (stage: Stage, maybe: (path: string) => boolean = () => false): void => {
  const { node, pace, theirs, say } = stage;
  node.advance(Math.max(0, pace.lastVisible() + 1_000 - node.now));
  assert.deepEqual(pace.intrusions, [], say('nothing is written while Spegel is at work'));
  assert.deepEqual(
    describeDirectory(node.certsDir, (path) => isOurs(path) || maybe(path)),
    theirs,
    say("other people's files are back"),
  );
  assert.notEqual(node.ledger().phase?.phase, 'conflict', say('no conflict'));
  assert.ok(node.isAtRest(), say('a second look changes nothing'));
};

/** What a person removed and Spegel's hook makes anew is there again. */
export const expectFromBackup = ({ node, theirs }: Stage): void => {
  const tops = new Set(Object.keys(theirs).map(topOf));
  for (const [path, what] of Object.entries(backupNow(node))) {
    if (!isOurs(path) && !tops.has(topOf(path))) theirs[path] = what;
  }
};
