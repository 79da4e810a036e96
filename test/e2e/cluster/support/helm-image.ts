import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { helmBinary } from '../../support/built.ts';
import { imageOf, pushImage } from '../../support/image.ts';
import { origin } from './addresses.ts';

/** Pushes an image as an administrator would choose one for `spegel.helm.image`: a Helm, cp, and Spegel's chart in /spegel. */
export const pushHelmImage = async (dir: string, chart: string): Promise<string> => {
  const root = join(dir, 'helm-image');
  for (const name of ['bin', 'usr/bin']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/cp'));
  copyFileSync(helmBinary, join(root, 'usr/bin/helm'));
  cpSync(chart, join(root, 'spegel'), { recursive: true });
  const words = ['--owner=0', '--group=0', '--mode=a+rX', '-C', root, '-cf', '-', '.'];
  const tar = spawnSync('tar', words, { maxBuffer: 512 * 1024 * 1024 });
  if (tar.status !== 0) throw new Error(`tar failed: ${tar.stderr.toString()}`);
  await pushImage(`http://${origin}`, 'helm', 'test', imageOf(tar.stdout, ['/usr/bin/helm']));
  return `${origin}/helm:test`;
};
