import type { PortLayout } from '../config/helm-values-ports.ts';

/** The version of Spegel's chart that this version of handspegel is tested with. */
export const pinnedChart = { reference: 'oci://ghcr.io/spegel-org/helm-charts/spegel', version: '0.7.4' } as const;

/** What the chart is called in its Chart.yaml. */
export const chartName = 'spegel';

/**
 * Where the chart comes from.
 * - `oci`: the whole reference, chart included.
 * - `repository`: a classic chart repository over HTTP, and the chart's name in it.
 * - `path`: a directory or a package on this machine; its version is in its Chart.yaml.
 */
export type ChartReference =
  | { readonly kind: 'oci'; readonly reference: string }
  | { readonly kind: 'repository'; readonly url: string; readonly name: string }
  | { readonly kind: 'path'; readonly path: string };

/** `oci://HOST/PATH/spegel`, `https://HOST/PATH/spegel` (the last part is the chart), or a path. */
export const readChartReference = (text: string): ChartReference => {
  if (text.startsWith('oci://')) return { kind: 'oci', reference: text.replace(/\/+$/, '') };
  const [, url = '', name = ''] = /^(https?:\/\/.+)\/([^/]+)\/*$/.exec(text) ?? [];
  return url === '' ? { kind: 'path', path: text } : { kind: 'repository', url, name };
};

/** A chart version: three numbers, perhaps with what follows in semver, perhaps with a `v` before. Ranges are none. */
export const isExactVersion = (text: string): boolean => /^v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/.test(text);

const numbersOf = (version: string): readonly number[] =>
  (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);

/** Negative when `a` is older; pre-releases count as their release. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (const [at, number] of left.entries()) {
    const difference = number - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Charts up to 0.7.4 have a host port and a node port, later ones the node port alone (docs/configuration.md). */
export const layoutsOfVersion = (version: string): readonly PortLayout[] =>
  compareVersions(version, '0.7.4') > 0 ? ['single-port'] : ['two-ports', 'same-node'];

/** `spegel-0.7.4`, as `helm list` shows a chart, into name and version; `undefined` for another chart. */
export const versionInLabel = (label: string): string | undefined => {
  const version = label.startsWith(`${chartName}-`) ? label.slice(chartName.length + 1) : '';
  return isExactVersion(version) ? version : undefined;
};
