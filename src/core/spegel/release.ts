import { isMap, type Json, type JsonMap, mapOf } from '../config/config-json.ts';
import { chartName, versionInLabel } from './chart.ts';

/** A release of Helm, as far as it decides what is to be done. */
export type Release = {
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  /** `deployed`, `failed`, `pending-upgrade`, … */
  readonly status: string;
  /** Name and version as Helm shows them: `spegel-0.7.4`. */
  readonly chart: string;
  /** `undefined`: it is not Spegel's chart. */
  readonly version: string | undefined;
  /** Of the last revision; ours begins with `handspegel`. */
  readonly description: string;
  readonly values: JsonMap;
};

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const textAt = (value: unknown, key: string): string => {
  const text = record(value)[key];
  return typeof text === 'string' || typeof text === 'number' ? String(text) : '';
};

/** The release of that name in what `helm list -o json` printed; without description and values. */
export const readRelease = (listed: unknown, name: string): Omit<Release, 'description' | 'values'> | undefined => {
  const found: unknown = Array.isArray(listed) ? listed.find((one) => textAt(one, 'name') === name) : undefined;
  if (found === undefined) return undefined;
  const chart = textAt(found, 'chart');
  return {
    name,
    namespace: textAt(found, 'namespace'),
    revision: textAt(found, 'revision'),
    status: textAt(found, 'status').toLowerCase(),
    chart,
    version: versionInLabel(chart),
  };
};

/** The description of the last revision in what `helm history -o json` printed. */
export const readDescription = (history: unknown): string =>
  Array.isArray(history) ? textAt(history.at(-1), 'description') : '';

/** What `helm get values -o json` printed: a map, or null. */
export const readValues = (values: unknown): JsonMap => {
  const map = values as Json;
  return isMap(map) ? map : mapOf([]);
};

/** What the command writes into each revision, so that a later one can tell whose the last was. */
export const descriptionOf = (agentVersion: string): string => `handspegel ${agentVersion}`;

export const isOurs = ({ description }: Release): boolean => description.startsWith('handspegel ');

/** A DaemonSet that carries Spegel's labels, and who looks after it. */
export type SpegelThere = {
  readonly namespace: string;
  readonly name: string;
  /** The Helm release that made it. */
  readonly release: { readonly name: string; readonly namespace: string } | undefined;
  /** What else left its name on it: it would undo what we do. */
  readonly manager: { readonly kind: 'Flux' | 'Argo CD'; readonly name: string } | undefined;
};

/** Flux labels what its releases make, Argo CD annotates or labels what it applies. */
const managerOf = (labels: unknown, annotations: unknown): SpegelThere['manager'] => {
  const flux = textAt(labels, 'helm.toolkit.fluxcd.io/name') || textAt(labels, 'kustomize.toolkit.fluxcd.io/name');
  if (flux !== '') return { kind: 'Flux', name: flux };
  const [tracked = ''] = textAt(annotations, 'argocd.argoproj.io/tracking-id').split(':');
  const argo = tracked || textAt(labels, 'argocd.argoproj.io/instance');
  return argo === '' ? undefined : { kind: 'Argo CD', name: argo };
};

/** A DaemonSet (apps/v1) of Spegel's chart, by its labels; `undefined` for any other. */
export const readSpegel = (daemonSet: unknown): SpegelThere | undefined => {
  const { labels, annotations, name, namespace } = record(record(daemonSet)['metadata']);
  if (textAt(labels, 'app.kubernetes.io/component') !== chartName) return undefined;
  const release = textAt(annotations, 'meta.helm.sh/release-name');
  return {
    name: String(name),
    namespace: String(namespace),
    release:
      release === '' ? undefined : { name: release, namespace: textAt(annotations, 'meta.helm.sh/release-namespace') },
    manager: managerOf(labels, annotations),
  };
};

/** In words: what it is, and who looks after it. */
export const spegelText = ({ namespace, name, release, manager }: SpegelThere): string => {
  const by = [
    ...(release === undefined ? [] : [`Helm release ${release.name} in namespace ${release.namespace}`]),
    ...(manager === undefined ? [] : [`${manager.kind} (${manager.name})`]),
  ];
  return `DaemonSet ${namespace}/${name} of ${by.length === 0 ? 'nobody that left a name' : by.join(', ')}`;
};
