import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { build } from 'esbuild';
import { run } from '../../support/agent.ts';
import { addProgram, buildAgentImage, buildBundle, makeBases, scratch } from '../../support/agent-image.ts';
import { buildImage, pushImage } from '../../support/image.ts';
import { origin } from './addresses.ts';

/** A chart and an image: the stand-in's, or a real Spegel's by SPEGEL_CHART and SPEGEL_IMAGE. */
export type SpegelPackage = { readonly chart: string; readonly image: string; readonly real: boolean };

const standIn = new URL('../../../support/spegel/main.ts', import.meta.url).pathname;
const standInChart = new URL('../../../support/spegel-chart', import.meta.url).pathname;

const copy = (t: TestContext, from: string, name: string): Promise<string> =>
  run(t, ['skopeo', 'copy', '--quiet', '--dest-tls-verify=false', from, `docker://${origin}/${name}`]);

/** The environment decides; SPEGEL_IMAGE is whatever skopeo copies from, such as `oci:DIR:TAG`. */
const realSpegel = (): { readonly chart: string; readonly from: string } | undefined => {
  const [chart, from] = [process.env['SPEGEL_CHART'], process.env['SPEGEL_IMAGE']];
  if (!chart && !from) return undefined;
  if (!chart || !from) throw new Error('SPEGEL_CHART and SPEGEL_IMAGE belong together');
  return { chart, from };
};

const packSpegel = async (t: TestContext, dir: string, layout: string): Promise<SpegelPackage> => {
  const real = realSpegel();
  if (real !== undefined) {
    await copy(t, real.from, 'spegel:real');
    return { chart: real.chart, image: 'spegel:real', real: true };
  }
  const file = join(dir, 'spegel.mjs');
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ entryPoints: [standIn], bundle: true, platform: 'node', format: 'esm', outfile: file, banner });
  await addProgram(t, layout, { from: 'base', tag: 'spegel', file, path: '/spegel.mjs' });
  await copy(t, `oci:${layout}:spegel`, 'spegel:stand-in');
  return { chart: standInChart, image: 'spegel:stand-in', real: false };
};

/** Pushes all that the cluster runs: the agent of the project's Dockerfile, Spegel, and what sandboxes sleep in. */
export const pushSystemImages = async (t: TestContext): Promise<SpegelPackage> => {
  const dir = scratch(t, 'cluster-images');
  const layout = await makeBases(t, dir);
  await buildBundle(t);
  await buildAgentImage(t, dir, layout);
  await copy(t, `oci:${layout}:agent`, 'handspegel:test');
  const pause = buildImage(join(dir, 'pause'), 'pause\n', ['/bin/busybox', 'sleep', 'infinity']);
  await pushImage(`http://${origin}`, 'pause', '1', pause);
  return packSpegel(t, dir, layout);
};

/** An image of its own that sleeps: nothing of it lies on any node yet. */
export const pushSleeper = async (base: string, dir: string, tag: string): Promise<void> => {
  mkdirSync(join(dir, tag), { recursive: true });
  const image = buildImage(join(dir, tag), `${tag}\n`, ['/bin/busybox', 'sleep', 'infinity']);
  await pushImage(base, 'app', tag, image);
};
