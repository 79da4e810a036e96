import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Ended, handspegel, startProcess, type Wrap } from './agent.ts';
import type { Place } from './place.ts';

/** The script for this place, as `user-data` prints it. */
export const bootScriptFor = async (t: TestContext, place: Place, flags: readonly string[] = []): Promise<string> => {
  const used = ['--config', '--certs-dir', '--state-dir', '--control-plane', '--containerd-version'];
  const own = place.flags.flatMap((word, at) => (used.includes(word) ? [word, place.flags[at + 1] ?? ''] : []));
  const { code, stdout, output } = await handspegel(t, { ...place, flags: own }, [
    'user-data',
    '--format',
    'shell',
    ...flags,
  ]);
  if (code !== 0) throw new Error(output);
  return stdout;
};

/** Runs a script that is a file, as a machine does at boot. */
export const boot = (
  t: TestContext,
  script: string,
  { wrap = [], shell = ['sh'] }: { readonly wrap?: Wrap; readonly shell?: readonly string[] } = {},
): Promise<Ended> => startProcess(t, [...wrap, ...shell, script]).ended;

/** Inode and time of writing of every file below certs.d: an equal file that was written anew differs. */
export const stampsOf = ({
  files,
  certsDir,
  at = (path) => path,
}: Pick<Place, 'files' | 'certsDir'> & Partial<Pick<Place, 'at'>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(files()).map((path) => {
      const { ino, mtimeNs } = statSync(at(join(certsDir, path)), { bigint: true });
      return [path, `${ino} ${mtimeNs}`];
    }),
  );

const libraries = (program: string): readonly string[] => {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  const folders = new Set([...maps.matchAll(/(\/\S+)\/libc\.so\.6/g)].map(([, folder = '']) => folder));
  return program === 'dash' ? [...folders].map((folder) => join(folder, 'libc.so.6')) : [];
};

/**
 * A root directory with dash and these commands of busybox and nothing else: no `ip`, no `busybox` by name. /proc is the
 * caller's to mount.
 */
export const bareRoot = (dir: string, commands: readonly string[]): string => {
  const root = join(dir, 'bare');
  for (const folder of ['bin', 'proc', 'dev', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  const copy = (from: string, to: string): void => {
    mkdirSync(join(root, to, '..'), { recursive: true });
    copyFileSync(from, join(root, to));
  };
  copy('/bin/dash', 'bin/sh');
  for (const library of libraries('dash')) copy(library, library);
  const loader = readdirSync('/lib64').find((name) => name.startsWith('ld-linux'));
  if (loader !== undefined) copy(join('/lib64', loader), join('lib64', loader));
  for (const command of commands) copy('/bin/busybox', join('bin', command));
  return root;
};
