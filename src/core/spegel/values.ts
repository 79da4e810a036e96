import type { Config } from '../config/config.ts';
import { isMap, type Json, type JsonMap, mapOf, valueAt, withKeys } from '../config/config-json.ts';
import { type CertsDirPreset, presetCertsDir } from '../config/settings-certs-dir.ts';
import { awayFrom } from './affinity.ts';

type Places = { readonly containerdSock: string; readonly containerdContentPath: string };

const content = 'io.containerd.content.v1.content';
const rancher = (name: string): Places => ({
  containerdSock: '/run/k3s/containerd/containerd.sock',
  containerdContentPath: `/var/lib/rancher/${name}/agent/containerd/${content}`,
});

/** Where distributions keep what Spegel mounts, when it is not where the chart looks (https://spegel.dev/docs/getting-started/). */
const placesOf: readonly (readonly [CertsDirPreset, Places])[] = [
  ['k3s', rancher('k3s')],
  ['rke2', rancher('rke2')],
  ['k0s', { containerdSock: '/run/k0s/containerd.sock', containerdContentPath: `/var/lib/k0s/containerd/${content}` }],
  [
    'microk8s',
    {
      containerdSock: '/var/snap/microk8s/common/run/containerd.sock',
      containerdContentPath: `/var/snap/microk8s/common/var/lib/containerd/${content}`,
    },
  ],
];

/** A distribution is known by where its certs.d lies, however that was said. */
const placesFor = (certsDir: string): Places | undefined =>
  placesOf.find(([preset]) => presetCertsDir(preset) === certsDir)?.[1];

/** What makes Spegel agree with the files that the agent writes, whatever the chart's own defaults are. */
const ourValues = (config: Config, certsDir: string): JsonMap => {
  const { layout } = config.chart.ports;
  const nodePort = layout === 'single-port' ? 30_020 : 30_021;
  const registry = mapOf(
    layout === 'two-ports' ? Object.entries({ hostPort: 30_020, nodePort }) : [['nodePort', nodePort]],
  );
  return mapOf([
    ['service', mapOf([['registry', registry]])],
    [
      'spegel',
      mapOf([
        ...Object.entries(placesFor(certsDir) ?? {}),
        ['containerdMirrorAdd', true],
        ['containerdRegistryConfigPath', certsDir],
      ]),
    ],
  ]);
};

const merged = (base: JsonMap, over: JsonMap): JsonMap =>
  withKeys(
    base,
    Object.entries(over).map(([key, value]) => {
      const before = valueAt(base, key);
      return [key, isMap(before) && isMap(value) ? merged(before, value) : value];
    }),
  );

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  return mapOf(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

/** `registryFilters` at the top, as Kublr's page writes it: charts read it below `spegel` (since v0.4.0). */
const withFilters = (values: JsonMap): JsonMap => {
  const [filters, spegel] = [valueAt(values, 'registryFilters'), valueAt(values, 'spegel')];
  if (filters === undefined || !isMap(spegel) || Object.hasOwn(spegel, 'registryFilters')) return values;
  return withKeys(values, [['spegel', withKeys(spegel, [['registryFilters', filters]])]]);
};

/**
 * The values that Spegel's chart is to be installed with: ours, then `helm_values`, keys sorted. A null of a string stays,
 * which is how Helm unsets a default of the chart; `keptOut` are the nodes where no Spegel can run.
 */
export const spegelValues = (config: Config, certsDir: string, keptOut: readonly string[] = []): JsonMap => {
  const values = withFilters(merged(ourValues(config, certsDir), config.helmValues));
  const all =
    keptOut.length === 0
      ? values
      : withKeys(values, [['affinity', awayFrom(keptOut.toSorted(), valueAt(values, 'affinity'))]]);
  const result = sorted(all);
  return isMap(result) ? result : mapOf([]);
};

/** Does a null stand anywhere in a map? Some ways to hand values on lose it. */
export const hasNull = (value: Json): boolean => {
  if (value === null) return true;
  if (Array.isArray(value)) return value.some(hasNull);
  return isMap(value) && Object.values(value).some(hasNull);
};

/** The same for JSON, which has no whole numbers beyond 2^53. */
export const asPlainJson = (value: Json): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(asPlainJson);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asPlainJson(inner)]));
};
