import { type Family, traitsOf } from './families.ts';

/** The chart's values as the user gives them: any YAML document's map. */
export type Values = { readonly [key: string]: unknown };

/** What the init container of one node is started with. */
export interface ConfigurationArguments {
  readonly certsDir: string;
  readonly mirroredRegistries: readonly string[];
  readonly mirrorTargets: readonly string[];
  readonly resolveTags: boolean;
  readonly prependExisting: boolean;
}

/** What the chart makes of its values on one node. */
export interface ChartResult extends ConfigurationArguments {
  /** `containerdMirrorAdd`: the init container and the uninstall hook exist. */
  readonly mirrorAdd: boolean;
  readonly basicAuthSecretName: string;
  readonly hostPort: string;
  readonly nodePort: string;
}

const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

const oldRegistries = [
  'https://cgr.dev',
  'https://docker.io',
  'https://ghcr.io',
  'https://quay.io',
  'https://mcr.microsoft.com',
  'https://public.ecr.aws',
  'https://gcr.io',
  'https://registry.k8s.io',
  'https://k8s.gcr.io',
  'https://lscr.io',
];

/** The defaults in `values.yaml` of each family's chart, as far as they reach the directory. */
export function defaultValues(family: Family): Values {
  const { names, catchAll, singlePort, basicAuth } = traitsOf(family);
  return {
    ...(basicAuth ? { basicAuthSecretName: '' } : {}),
    service: {
      registry: {
        nodeIp: '',
        port: 5000,
        ...(singlePort ? { nodePort: 30020 } : { nodePort: 30021, hostPort: 30020 }),
      },
    },
    spegel: {
      containerdRegistryConfigPath: '/etc/containerd/certs.d',
      containerdMirrorAdd: true,
      resolveTags: true,
      [names.registries]: catchAll ? [] : oldRegistries,
      [names.targets]: [],
      [names.existing]: false,
    },
  };
}

/** Helm's merge: maps are merged, null removes a default, everything else replaces it. */
export function mergeValues(defaults: Values, given: Values): Values {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    const before = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isMap(value) && isMap(before) ? mergeValues(before, value) : value;
  }
  return merged;
}

function at(values: Values, ...path: readonly string[]): unknown {
  let value: unknown = values;
  for (const key of path) value = isMap(value) ? value[key] : undefined;
  return value;
}

/** `{{ .Values.x }}`: nothing for what is not there. */
const printed = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** What `if` of a Go template takes for true. */
const truthy = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isMap(value) ? Object.keys(value).length > 0 : Boolean(value);

const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(printed) : []);

/** strconv.ParseBool, which go-arg uses for a flag with a value; `--flag=` with none, from a null, is true. */
function parseBool(flag: string, text: string): boolean {
  if (['', '1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw new Error(`error processing ${flag}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/**
 * The arguments of the init container on one node.
 * Source: charts/spegel/templates/daemonset.yaml and _helpers.tpl (networking.nodeIp) of each family.
 */
export function chartArguments(family: Family, values: Values, nodeIp: string): ChartResult {
  const traits = traitsOf(family);
  const all = mergeValues(defaultValues(family), values);
  const registry = (key: string): unknown => at(all, 'service', 'registry', key);
  const spegel = (key: string): unknown => at(all, 'spegel', key);

  const ownIp = traits.nodeIp && truthy(registry('nodeIp')) ? printed(registry('nodeIp')) : nodeIp;
  const hostPort = printed(registry('hostPort'));
  const nodePort = printed(registry('nodePort'));
  const onlyNodePort =
    traits.singlePort || (traits.preferSameNode && truthy(registry('usePreferSameNodeTrafficDistribution')));
  const mirrorAdd = truthy(spegel('containerdMirrorAdd'));
  if (mirrorAdd && (nodePort === '' || (!onlyNodePort && hostPort === ''))) {
    // `- http://$(NODE_IP):` is a map in YAML.
    throw new Error('the chart renders a null port as a map, which the API server refuses as an argument');
  }
  const own = (onlyNodePort ? [nodePort] : [hostPort, nodePort]).map((port) => `http://${ownIp}:${port}`);

  return {
    certsDir: printed(spegel('containerdRegistryConfigPath')),
    mirroredRegistries: list(spegel(traits.names.registries)),
    mirrorTargets: [...own, ...list(spegel(traits.names.targets))],
    resolveTags: parseBool('--resolve-tags', printed(spegel('resolveTags'))),
    prependExisting: parseBool('--prepend-existing', printed(spegel(traits.names.existing))),
    mirrorAdd,
    basicAuthSecretName: traits.basicAuth ? printed(at(all, 'basicAuthSecretName')) : '',
    hostPort: traits.singlePort ? '' : hostPort,
    nodePort,
  };
}
