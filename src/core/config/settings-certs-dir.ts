import type { Problem } from '../problem.ts';

/** Distributions whose containerd reads its registry hosts files from a directory that we know. */
export const certsDirPresets = [
  'default',
  'k3s',
  'rke2',
  'k0s',
  'microk8s',
  'talos',
  'kind',
  'eks',
  'aks',
  'gardener',
] as const;
export type CertsDirPreset = (typeof certsDirPresets)[number];

export const defaultCertsDir = '/etc/containerd/certs.d';

const presets: Readonly<Record<CertsDirPreset, string>> = {
  default: defaultCertsDir,
  k3s: '/var/lib/rancher/k3s/agent/etc/containerd/certs.d',
  rke2: '/var/lib/rancher/rke2/agent/etc/containerd/certs.d',
  k0s: '/etc/k0s/certs.d',
  microk8s: '/var/snap/microk8s/current/args/certs.d',
  talos: '/etc/cri/conf.d/hosts',
  kind: defaultCertsDir,
  eks: defaultCertsDir,
  aks: defaultCertsDir,
  gardener: defaultCertsDir,
};

/** The directory of a preset. */
export const presetCertsDir = (preset: CertsDirPreset): string => presets[preset];

export type CertsDirChoice = {
  readonly path: string;
  readonly source: 'flag' | 'preset' | 'helm_values' | 'default';
  readonly problems: readonly Problem[];
};

/**
 * Where certs.d lies: the flag, then `handspegel.certsDir.preset`, then the chart's `containerdRegistryConfigPath`, then
 * containerd's usual place. Each further one that says something else is a warning: Spegel and we would then write into
 * different directories.
 */
export const chooseCertsDir = (given: {
  readonly flag?: string | undefined;
  readonly preset?: CertsDirPreset | undefined;
  readonly helmValues?: string | undefined;
}): CertsDirChoice => {
  const said: { source: CertsDirChoice['source']; name: string; path: string }[] = [];
  const say = (source: CertsDirChoice['source'], name: string, path: string | undefined): void => {
    if (path !== undefined) said.push({ source, name, path: path === '/' ? path : path.replace(/\/+$/, '') });
  };
  say('flag', '--certs-dir', given.flag);
  say('preset', 'handspegel.certsDir.preset', given.preset === undefined ? undefined : presets[given.preset]);
  say('helm_values', 'helm_values.spegel.containerdRegistryConfigPath', given.helmValues);
  const [chosen, ...others] = said;
  if (chosen === undefined) return { path: defaultCertsDir, source: 'default', problems: [] };
  const problems = others
    .filter((other) => other.path !== chosen.path)
    .map(
      (other): Problem => ({
        code: 'certs-dir-differs',
        severity: 'warning',
        message: `${chosen.name} says that certs.d is ${chosen.path}, but ${other.name} says ${other.path}; the first one counts`,
        hint: 'Let all of them name the directory that containerd reads (config_path), or leave the wrong one out.',
      }),
    );
  return { path: chosen.path, source: chosen.source, problems };
};
