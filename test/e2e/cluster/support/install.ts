import { origin } from './addresses.ts';
import type { Cluster } from './cluster.ts';

const chart = new URL('../../../../chart', import.meta.url).pathname;

const imageValues = (image: string): readonly string[] => {
  const [name, tag] = image.split(':');
  return [`--set=image.repository=${origin}/${name}`, `--set=image.tag=${tag}`];
};

/** `helm install` or `helm upgrade` of the project's chart with the image that this tree makes. */
export const helmHandspegel = ({ helm }: Cluster, verb: 'install' | 'upgrade', ...values: readonly string[]) =>
  helm(
    verb,
    'handspegel',
    chart,
    '--namespace=handspegel',
    ...(verb === 'install' ? ['--create-namespace'] : []),
    ...imageValues('handspegel:test'),
    ...values,
  );

/** `helm install` of Spegel; returns when its pods are ready. */
export const installSpegel = ({ helm, spegel }: Cluster) =>
  helm(
    'install',
    'spegel',
    spegel.chart,
    '--namespace=spegel',
    '--create-namespace',
    '--wait',
    '--timeout=120s',
    ...imageValues(spegel.image),
  );
