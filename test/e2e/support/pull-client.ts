import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { builtContainerd } from './built.ts';
import { type Containerd, startContainerd } from './containerd.ts';
import { imageNamed } from './image.ts';
import type { PullWorld } from './pull-node.ts';

/** A containerd and one way to have it pull. */
export type PullClient = { readonly name: string; readonly containerd: Containerd; readonly flags: readonly string[] };

export type Pulled = {
  readonly ms: number;
  /** `pulled`: the image of that digest is there with all of its content. */
  readonly outcome: 'pulled' | 'failed' | 'broken image' | 'cut';
  readonly error: string;
};

/** Debian's containerd, and 2.4.2 with its transfer service and without. */
export const startClients = async (t: TestContext, world: PullWorld): Promise<readonly PullClient[]> => {
  const start = (name: string, bin?: string): Promise<Containerd> => {
    const dir = join(world.dir, name);
    mkdirSync(dir);
    const options = { dir, certsDir: join(dir, 'none'), wrap: world.wrap };
    return startContainerd(t, bin === undefined ? options : { ...options, bin });
  };
  const [debian, today] = await Promise.all([start('debian'), start('2.4.2', builtContainerd('2.4.2'))]);
  return [
    { name: "Debian's 1.6.20", containerd: debian, flags: [] },
    { name: '2.4.2', containerd: today, flags: [] },
    { name: '2.4.2 --local', containerd: today, flags: ['--local'] },
  ];
};

/** Whether `images check` tells of that image, with that digest and no content missing. */
const isWhole = (list: string, reference: string, digest: string): boolean =>
  list.split('\n').some((line) => {
    const words = line.split(/\s+/);
    return words[0] === reference && words.includes(digest) && words.includes('complete');
  });

export type PullOptions = {
  readonly image: string;
  readonly hostsDir: string;
  readonly limitMs: number;
  /** Others pull from the same containerd at the same time, which needs an image of its own for each. */
  readonly together?: boolean;
};

const outcomeOf = (error: string, whole: boolean): Pulled['outcome'] => {
  if (error !== '') return /ended with SIG/.test(error) ? 'cut' : 'failed';
  return whole ? 'pulled' : 'broken image';
};

/** One pull of an image that is not there; what it leaves goes again. */
export const pullOnce = async ({ containerd, flags }: PullClient, options: PullOptions): Promise<Pulled> => {
  const { image, hostsDir, limitMs, together = false } = options;
  const { ctr, ctrWithin } = containerd;
  const reference = `registry.test/tools/${image}:v1`;
  const words = ['images', 'pull', '--snapshotter', 'native', ...flags, '--hosts-dir', hostsDir, reference];
  const began = performance.now();
  const error = await ctrWithin(limitMs, ...words).then(
    () => '',
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
  );
  const ms = performance.now() - began;
  // For what is no image it fails.
  const list = await ctr('images', 'check', '--snapshotter', 'native', `name==${reference}`).catch(() => '');
  const outcome = outcomeOf(error, isWhole(list, reference, imageNamed(image).digest));
  await ctr('images', 'rm', '--sync', reference);
  // Content that a pull holds on to while it is under way is let go of, also that of others.
  if (!together) await ctr('content', 'prune', 'references');
  return { ms, outcome, error };
};
