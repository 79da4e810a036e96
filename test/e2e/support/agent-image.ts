import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { run } from './agent.ts';
import { atEnd, type Scope } from './cleanup.ts';

const project = new URL('../../..', import.meta.url).pathname;
const node = '/nodejs/bin/node';

/** A scratch directory that goes with the test; in lower case, since buildah takes its path for an image's name. */
export const scratch = (t: Scope, name: string): string => {
  const dir = join(tmpdir(), `handspegel-${name}-${randomBytes(6).toString('hex')}`);
  mkdirSync(dir);
  atEnd(t, () => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

/** The libraries that a program is linked with, as ldd names them. */
const librariesOf = async (t: TestContext, program: string): Promise<readonly string[]> => {
  const listed = await run(t, ['ldd', program]);
  return [...listed.matchAll(/(\/[^\s]+) \(0x/g)].map(([, path = '']) => path);
};

const put = (from: string, root: string, to: string): void => {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  copyFileSync(from, join(root, to));
};

const toImage = async (t: TestContext, layout: string, tag: string, root: string): Promise<void> => {
  const bundle = join(dirname(layout), `bundle-${tag}`);
  await run(t, ['umoci', 'new', '--image', `${layout}:${tag}`]);
  await run(t, ['umoci', 'unpack', '--image', `${layout}:${tag}`, bundle]);
  await run(t, ['cp', '-a', `${root}/.`, join(bundle, 'rootfs')]);
  await run(t, ['umoci', 'repack', '--image', `${layout}:${tag}`, bundle]);
  rmSync(bundle, { recursive: true });
};

/** An image of a file more than another one of the layout has, and what it runs. */
export const addProgram = async (
  t: TestContext,
  layout: string,
  image: { readonly from: string; readonly tag: string; readonly file: string; readonly path: string },
): Promise<void> => {
  const { from, tag, file, path } = image;
  await run(t, ['umoci', 'tag', '--image', `${layout}:${from}`, tag]);
  await run(t, ['umoci', 'insert', '--image', `${layout}:${tag}`, file, path]);
  const entrypoint = [node, path].flatMap((word) => ['--config.entrypoint', word]);
  await run(t, ['umoci', 'config', '--image', `${layout}:${tag}`, ...entrypoint]);
};

export type AgentImage = {
  /** OCI layout with the tags `base`, `build` and `agent`. */
  readonly layout: string;
  readonly dir: string;
};

/** Debian's libraries and npm's Node.js as base, another one with a shell to build in. */
export const makeBases = async (t: TestContext, dir: string): Promise<string> => {
  const layout = join(dir, 'oci');
  const [base, build] = [join(dir, 'base'), join(dir, 'build')];
  put(process.execPath, base, node);
  for (const library of await librariesOf(t, process.execPath)) {
    put(library, base, library);
    put(library, build, library);
  }
  put('/bin/busybox', build, '/bin/busybox');
  mkdirSync(join(build, 'tmp'));
  mkdirSync(join(base, 'tmp'));
  await run(t, ['chroot', build, '/bin/busybox', '--install', '-s', '/bin']);
  await run(t, ['umoci', 'init', '--layout', layout]);
  await toImage(t, layout, 'base', base);
  await toImage(t, layout, 'build', build);
  return layout;
};

/** Makes the bundle that goes into the image. */
export const buildBundle = (t: TestContext): Promise<string> =>
  run(t, ['npm', 'run', '--silent', '--prefix', project, 'build']);

/** Builds the project's Dockerfile on these bases, with the bundle that is there. */
export const buildAgentImage = async (t: TestContext, dir: string, layout: string, tag = 'agent'): Promise<void> => {
  const storage = ['--storage-driver', 'vfs', '--root', join(dir, 'storage'), '--runroot', join(dir, 'run')];
  const args = ['--build-arg', `BASE=oci:${layout}:base`, '--build-arg', `BUILD_BASE=oci:${layout}:build`];
  const name = `localhost/handspegel:${tag}`;
  const options = ['--isolation', 'chroot', '--timestamp', '0', '--no-cache', ...args, '--tag', name, project];
  await run(t, ['buildah', ...storage, 'bud', ...options]);
  await run(t, ['buildah', ...storage, 'push', name, `oci:${layout}:${tag}`]);
};

type Manifest = { readonly config: Blob; readonly layers: readonly Blob[]; readonly manifests?: readonly Tagged[] };
type Blob = { readonly digest: string; readonly size: number };
type Tagged = Blob & { readonly annotations?: Readonly<Record<string, string>> };

const blob = (layout: string, digest: string): unknown =>
  JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'));

/** Manifest and configuration of a tag. */
export const inspectImage = (layout: string, tag: string): { manifest: Manifest; config: Record<string, unknown> } => {
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Manifest;
  const found = index.manifests?.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag);
  if (found === undefined) throw new Error(`no image ${tag} in ${basename(layout)}`);
  const manifest = blob(layout, found.digest) as Manifest;
  return { manifest, config: blob(layout, manifest.config.digest) as Record<string, unknown> };
};

/** Unpacks a tag; gives its root file system. */
export const unpackImage = async (t: TestContext, dir: string, layout: string, tag: string): Promise<string> => {
  const bundle = join(dir, `unpacked-${tag}`);
  await run(t, ['umoci', 'unpack', '--image', `${layout}:${tag}`, bundle]);
  return join(bundle, 'rootfs');
};
