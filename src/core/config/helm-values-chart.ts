import { hasControl } from './config-json.ts';
import { didYouMean, nearest } from './config-nearest.ts';
import { joinPath, type Report } from './config-problems.ts';
import { type At, itemsAt, keyAt, type Reader } from './config-reader.ts';
import { normaliseAddress } from './context-address.ts';
import { chartValueAt, type HelmValues } from './helm-values.ts';
import { type ChartPorts, readPorts } from './helm-values-ports.ts';
import { readFlag, readSwitch, readText, sayType } from './helm-values-types.ts';
import { catchAll, isCatchAll, registryUrl } from './helm-values-url.ts';
import type { Settings } from './settings.ts';

/** What the Spegel chart's values say about the files that Spegel writes, with the chart's defaults. */
export type ChartValues = {
  readonly ports: ChartPorts;
  /** Overrides the node's address in Spegel's file. */
  readonly nodeIp: string | undefined;
  /** Spegel writes hosts files at all. */
  readonly containerdMirrorAdd: boolean;
  /** `undefined`: not given. */
  readonly containerdRegistryConfigPath: string | undefined;
  readonly resolveTags: boolean;
  /** URLs of registries, each once, `_default` for the catch-all; empty means the catch-all alone. */
  readonly mirroredRegistries: readonly string[];
  readonly additionalMirrorTargets: readonly string[];
  readonly prependExisting: boolean;
  /** Empty: no basic auth. */
  readonly basicAuthSecretName: string;
};

/** The chart's values of each level that we look at, of all versions from v0.2.0 on, to tell a slip from a value. */
const knownValues: Readonly<Record<string, readonly string[]>> = {
  '': [
    'affinity',
    'basicAuthSecretName',
    'clusterDomain',
    'commonLabels',
    'daemonsetAnnotations',
    'extraInitContainers',
    'extraVolumes',
    'fullnameOverride',
    'grafanaDashboard',
    'image',
    'imagePullSecrets',
    'livenessProbe',
    'nameOverride',
    'namespaceOverride',
    'networkPolicy',
    'nodeSelector',
    'podAnnotations',
    'podSecurityContext',
    'priorityClassName',
    'resources',
    'revisionHistoryLimit',
    'securityContext',
    'service',
    'serviceAccount',
    'serviceMonitor',
    'spegel',
    'tolerations',
    'updateStrategy',
    'verticalPodAutoscaler',
    'registryFilters',
    'global',
  ],
  spegel: [
    'additionalMirrorRegistries',
    'additionalMirrorTargets',
    'appendMirrors',
    'containerdContentPath',
    'containerdMirrorAdd',
    'containerdNamespace',
    'containerdRegistryConfigPath',
    'containerdSock',
    'debugWebEnabled',
    'logLevel',
    'mirrorResolveRetries',
    'mirrorResolveTimeout',
    'mirroredRegistries',
    'persistence',
    'prependExisting',
    'registries',
    'registryFilters',
    'resolveLatestTag',
    'resolveTags',
  ],
  'service.registry': [
    'annotations',
    'hostPort',
    'internalTrafficLocal',
    'nodeIp',
    'nodePort',
    'port',
    'topologyAwareHintsEnabled',
    'usePreferSameNodeTrafficDistribution',
  ],
};

const sayMisspelt = (report: Report, values: HelmValues): void => {
  for (const [path, known] of Object.entries(knownValues)) {
    const at = path === '' ? values.at : chartValueAt(values, ...path.split('.'));
    for (const key of at?.node.entries?.keys() ?? []) {
      const child = keyAt(at, key);
      if (child === undefined || known.includes(key) || nearest(key, known) === undefined) continue;
      report.warning(
        'config-misspelt-key',
        child.keySpot,
        `the chart has no value ${JSON.stringify(joinPath(path, key))}${didYouMean(key, known)}`,
        'Correct the name, or leave it: Helm ignores what the chart does not know.',
      );
    }
  }
};

/** A registry twice is written twice alike; a mirror twice spoils the file, and two catch-alls are refused. */
const sayTwice = (reader: Reader, item: At, text: string, kind: 'registry' | 'target'): void => {
  const message = `${item.name} names ${text} a second time`;
  if (kind === 'registry' && isCatchAll(text)) {
    reader.report.error(reader.valueCode, item, `${message}; Spegel would not start`, 'Name the catch-all once.');
  } else if (kind === 'target') {
    const hint = 'Name it once: Spegel writes a host as often as it is told, and containerd ignores such a file.';
    reader.report.warning(reader.valueCode, item, message, hint);
  }
};

const readUrls = (reader: Reader, at: At | undefined, kind: 'registry' | 'target'): readonly string[] => {
  if (at === undefined || at.node.value === null) return [];
  if (at.node.items === undefined) {
    sayType(reader, at, 'a list of URLs', 'Helm would fail');
    return [];
  }
  const found = new Set<string>();
  for (const item of itemsAt(at)) {
    const text = readText(reader, item);
    const url = kind === 'registry' && isCatchAll(text) ? { ok: true as const, url: catchAll } : registryUrl(text);
    if (typeof item.node.value !== 'string') {
      if (item.node.value === null) sayType(reader, item, 'a URL', 'Spegel would not start');
    } else if (url.ok) {
      if (found.has(url.url)) sayTwice(reader, item, text, kind);
      found.add(url.url);
    } else {
      const hint = 'Write scheme and host alone, such as `https://registry.example.com`.';
      reader.report.error(
        reader.valueCode,
        item,
        `${item.name} ${url.error}: ${JSON.stringify(text)}; Spegel would not start`,
        hint,
      );
    }
  }
  return [...found];
};

const oldNames: Readonly<Record<string, string>> = {
  registries: 'mirroredRegistries',
  additionalMirrorRegistries: 'additionalMirrorTargets',
  appendMirrors: 'prependExisting',
};

/** Charts up to v0.0.30 have other names for three values; where only the old one is given, it counts. */
const valueOrOld = (report: Report, values: HelmValues, name: string): At | undefined => {
  const at = chartValueAt(values, 'spegel', name);
  const [old = ''] = Object.entries(oldNames).find(([, current]) => current === name) ?? [];
  const before = chartValueAt(values, 'spegel', old);
  if (before === undefined) return at;
  const used = at === undefined ? 'it is read as such' : `${name} counts`;
  report.warning(
    'helm-values-old-name',
    before.keySpot,
    `${old} is the name that charts up to v0.0.30 have for ${name}; ${used}`,
    `Write spegel.${name}; newer charts ignore ${old}.`,
  );
  return at ?? before;
};

const readNodeIp = (reader: Reader, at: At | undefined): string | undefined => {
  const text = readText(reader, at);
  const address = text === '' ? undefined : normaliseAddress(text);
  if (at !== undefined && text !== '' && address === undefined) {
    const message = `${at.name} is no IP address and no host name: ${JSON.stringify(text)}`;
    reader.report.error(reader.valueCode, at, message, 'Write an address without scheme and port.');
  }
  return address;
};

const readConfigPath = (reader: Reader, at: At | undefined): string | undefined => {
  if (at === undefined) return undefined;
  const text = readText(reader, at);
  if (text.startsWith('/') && !/(?:^|\/)\.\.(?:\/|$)/.test(text) && !hasControl(text)) return text;
  if (typeof at.node.value === 'string' || at.node.value === null) {
    const message = `${at.name} is no absolute path: ${JSON.stringify(text)}`;
    reader.report.error(
      reader.valueCode,
      at,
      message,
      'Write the directory that containerd reads, such as /etc/containerd/certs.d.',
    );
  }
  return undefined;
};

/** A table that a string of values sets to null takes all defaults below it away, and the chart fails to render. */
const sayMissingTables = (reader: Reader, values: HelmValues): void => {
  for (const path of [['spegel'], ['service'], ['service', 'registry']]) {
    const at = chartValueAt(values, ...path);
    if (at !== undefined && at.node.entries === undefined) sayType(reader, at, 'a map', 'the chart would not render');
  }
};

/** Reads the chart values that change what Spegel writes. Wrong types are errors: Helm would render nonsense. */
export const readChartValues = (report: Report, values: HelmValues, settings: Settings): ChartValues => {
  const reader: Reader = { report, typeCode: 'helm-values-type', valueCode: 'helm-values-value' };
  const spegel = (name: string): At | undefined => chartValueAt(values, 'spegel', name);
  sayMisspelt(report, values);
  sayMissingTables(reader, values);
  return {
    ports: readPorts(reader, values, settings.spegel.layout),
    nodeIp: readNodeIp(reader, chartValueAt(values, 'service', 'registry', 'nodeIp')),
    containerdMirrorAdd: readSwitch(reader, spegel('containerdMirrorAdd'), true),
    containerdRegistryConfigPath: readConfigPath(reader, spegel('containerdRegistryConfigPath')),
    resolveTags: readFlag(reader, spegel('resolveTags'), true),
    mirroredRegistries: readUrls(reader, valueOrOld(report, values, 'mirroredRegistries'), 'registry'),
    additionalMirrorTargets: readUrls(reader, valueOrOld(report, values, 'additionalMirrorTargets'), 'target'),
    prependExisting: readFlag(reader, valueOrOld(report, values, 'prependExisting'), false),
    basicAuthSecretName: readText(reader, chartValueAt(values, 'basicAuthSecretName')),
  };
};
