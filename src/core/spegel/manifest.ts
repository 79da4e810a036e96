import { type Json, type JsonMap, listOf, mapOf } from '../config/config-json.ts';
import { type ChartReference, chartName } from './chart.ts';
import { printYaml } from './print-yaml.ts';
import { hasNull } from './values.ts';

export const manifestKinds = ['argocd', 'flux', 'helmfile'] as const;
export type ManifestKind = (typeof manifestKinds)[number];

export type ManifestInput = {
  readonly chart: ChartReference;
  readonly version: string;
  readonly release: string;
  /** Where Spegel runs. */
  readonly namespace: string;
  /** Where the tool's own objects belong. */
  readonly toolNamespace: string | undefined;
  readonly values: JsonMap;
  readonly wanted: boolean;
  /** Why, and what a reader shall know. */
  readonly comment: string;
};

const map = (entries: Readonly<Record<string, Json>>): JsonMap => mapOf(Object.entries(entries));

const object = (apiVersion: string, kind: string, name: string, namespace: string, spec: JsonMap): JsonMap =>
  map({ apiVersion, kind, metadata: map({ name, namespace }), spec });

const withoutScheme = (reference: string): string => reference.replace(/^oci:\/\//, '');

/** A registry reference in two: what it is in, and the last part. */
const split = (reference: string): readonly [string, string] => {
  const at = reference.lastIndexOf('/');
  return [reference.slice(0, at), reference.slice(at + 1)];
};

const noPath = (kind: string): Error =>
  new Error(`a chart on this machine is nothing that ${kind} could fetch: give --chart oci://… or https://…`);

/**
 * Argo CD's Application (argoproj.io/v1alpha1). Values with nulls go as text: what carries objects to a cluster may drop
 * a null inside one.
 */
const argocd = ({ chart, version, release, namespace, toolNamespace = 'argocd', values }: ManifestInput): Json[] => {
  if (chart.kind === 'path') throw noPath('Argo CD');
  const [repoURL, name] = chart.kind === 'oci' ? split(withoutScheme(chart.reference)) : [chart.url, chart.name];
  const given = hasNull(values) ? { values: printYaml(values) } : { valuesObject: values };
  const application = object('argoproj.io/v1alpha1', 'Application', release, toolNamespace, {
    project: 'default',
    source: map({ repoURL, chart: name, targetRevision: version, helm: map({ releaseName: release, ...given }) }),
    destination: map({ server: 'https://kubernetes.default.svc', namespace }),
    syncPolicy: map({
      automated: map({ prune: true, selfHeal: true }),
      syncOptions: listOf(['CreateNamespace=true']),
    }),
  });
  return [application];
};

/**
 * Flux's source and HelmRelease. Values with nulls go as the text of a ConfigMap: what carries objects to a cluster may
 * drop a null inside one.
 */
const flux = ({ chart, version, release, namespace, toolNamespace = 'flux-system', values }: ManifestInput): Json[] => {
  if (chart.kind === 'path') throw noPath('Flux');
  const source = chart.kind === 'oci' ? 'OCIRepository' : 'HelmRepository';
  const spec: JsonMap =
    chart.kind === 'oci'
      ? map({
          interval: '1h',
          url: chart.reference,
          ref: map({ tag: version }),
          layerSelector: map({ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', operation: 'copy' }),
        })
      : map({ interval: '1h', url: chart.url });
  const sourceRef = map({ kind: source, name: release });
  const nulls = hasNull(values);
  const config = map({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: map({
      name: `${release}-values`,
      namespace: toolNamespace,
      labels: map({ 'reconcile.fluxcd.io/watch': 'Enabled' }),
    }),
    data: map({ 'values.yaml': printYaml(values) }),
  });
  const helmRelease = object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', release, toolNamespace, {
    interval: '10m',
    releaseName: release,
    targetNamespace: namespace,
    ...(chart.kind === 'oci'
      ? { chartRef: sourceRef }
      : { chart: map({ spec: map({ chart: chart.name, version, sourceRef }) }) }),
    install: map({ createNamespace: true }),
    upgrade: map({ remediation: map({ retries: 3 }) }),
    ...(nulls ? { valuesFrom: listOf([map({ kind: 'ConfigMap', name: `${release}-values` })]) } : { values }),
  });
  return [
    object('source.toolkit.fluxcd.io/v1', source, release, toolNamespace, spec),
    ...(nulls ? [config] : []),
    helmRelease,
  ];
};

const helmfile = ({ chart, version, release, namespace, values, wanted }: ManifestInput): Json[] => {
  const repositories =
    chart.kind === 'repository' ? { repositories: listOf([map({ name: chartName, url: chart.url })]) } : {};
  const name =
    chart.kind === 'oci' ? chart.reference : chart.kind === 'path' ? chart.path : `${chartName}/${chart.name}`;
  const one = map({
    name: release,
    namespace,
    createNamespace: true,
    chart: name,
    ...(chart.kind === 'path' ? {} : { version }),
    installed: wanted,
    wait: true,
    atomic: true,
    values: listOf([values]),
  });
  return [map({ ...repositories, releases: listOf([one]) })];
};

const made: Readonly<Record<ManifestKind, (input: ManifestInput) => Json[]>> = { argocd, flux, helmfile };

/** Spegel's installation in the words of a GitOps tool; comments alone when there is to be none. Throws for a chart on this machine where the tool could not fetch it. */
export const spegelManifest = (kind: ManifestKind, input: ManifestInput): string => {
  const comment = input.comment
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('');
  if (!input.wanted && kind !== 'helmfile') return comment;
  return comment + made[kind](input).map(printYaml).join('---\n');
};
