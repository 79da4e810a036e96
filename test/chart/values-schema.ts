import { parse } from 'yaml';
import { configSchema } from '../../src/core/config/config-schema.ts';
import type { JsonSchema } from '../../src/core/config/json-schema.ts';
import { readChartValues } from './values-comments.ts';

const seconds: JsonSchema = { type: 'integer', minimum: 1 };
const absolute: JsonSchema = { type: 'string', pattern: '^(/[^/]+)+/?$' };
const absoluteOrEmpty: JsonSchema = { type: 'string', pattern: '^((/[^/]+)+/?)?$' };
const name: JsonSchema = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 253 };
const texts: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };
const free: JsonSchema = { type: 'object' };
const interval: JsonSchema = { type: 'string', pattern: '^([0-9]+(ms|s|m|h))+$' };

/** What a default in values.yaml does not tell. */
const rules: Readonly<Record<string, JsonSchema>> = {
  config: configSchema,
  'image.digest': { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  imagePullSecrets: { type: 'array', items: name },
  existingConfigMap: { anyOf: [name, { const: '' }] },
  secrets: { type: 'array', items: name, uniqueItems: true },
  distribution: { enum: ['default', 'k3s', 'rke2', 'k0s', 'microk8s', 'talos', 'gke', 'eks', 'aks'] },
  certsDir: absoluteOrEmpty,
  containerdConfigDir: absoluteOrEmpty,
  stateDir: absolute,
  'kubernetes.apiServer': { type: 'string', pattern: '^(https?://[^/ ]+/?)?$' },
  'kubernetes.startupTaint': { type: 'string', pattern: '^([a-z0-9.-]+/)?[A-Za-z0-9_.-]*$', maxLength: 253 },
  'doctor.socketDir': absoluteOrEmpty,
  port: { type: ['integer', 'null'], minimum: 1, maximum: 65_535 },
  logLevel: { enum: ['debug', 'info', 'warn', 'error'] },
  extraEnv: { type: 'array', items: { type: 'object', required: ['name'] } },
  podSecurityContext: free,
  'serviceAccount.annotations': texts,
  'updateStrategy.maxUnavailable': {
    anyOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', pattern: '^[1-9][0-9]?%$|^100%$' },
    ],
  },
  nodeSelector: texts,
  affinity: free,
  tolerations: { type: 'array', items: free },
  podAnnotations: texts,
  podLabels: texts,
  terminationGracePeriodSeconds: seconds,
  resources: free,
  'resourceQuota.pods': seconds,
  'release.timeoutSeconds': seconds,
  'spegel.manage': { enum: [false, 'job'] },
  'spegel.release': { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$' },
  'spegel.namespace': { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$' },
  'spegel.chart': { type: 'string', pattern: '^((oci|https?)://[^/ ]+/[^ ]+)?$' },
  'spegel.chartVersion': { type: 'string', pattern: '^(v?[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?)?$' },
  'spegel.timeoutSeconds': seconds,
  'spegel.helm.path': absolute,
  'spegel.helm.chartPath': absoluteOrEmpty,
  'spegel.helm.registrySecret': { anyOf: [name, { const: '' }] },
  'spegel.helm.env': { type: 'array', items: { type: 'object', required: ['name'] } },
  'spegel.extraRules': { type: 'array', items: { type: 'object', required: ['apiGroups', 'resources', 'verbs'] } },
  'metrics.serviceMonitor.interval': interval,
  'metrics.serviceMonitor.labels': texts,
  'metrics.podMonitor.interval': interval,
  'metrics.podMonitor.labels': texts,
  'metrics.prometheusRule.labels': texts,
  'metrics.dashboard.labels': texts,
  'metrics.dashboard.annotations': texts,
};

/**
 * The schema of the chart's values, from values.yaml and from the schema of the agent's configuration. A key that nobody
 * knows is refused everywhere; `global` is Helm's own. Throws for a default whose type tells nothing.
 */
export const valuesSchema = (valuesYaml: string): JsonSchema => {
  const described = new Map(readChartValues(valuesYaml).map(({ path, description }) => [path, description]));
  const of = (value: unknown, path: string): JsonSchema => {
    const description = described.get(path) ?? '';
    const told = description === '' ? {} : { description };
    const rule = rules[path];
    if (rule !== undefined) return { ...rule, ...told };
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
      const entries = Object.entries(value).map(([key, inner]) => [
        key,
        of(inner, path === '' ? key : `${path}.${key}`),
      ]);
      const globals = path === '' ? { global: free } : {};
      return {
        type: 'object',
        ...told,
        additionalProperties: false,
        properties: { ...Object.fromEntries(entries), ...globals },
      };
    }
    if (typeof value === 'string' || typeof value === 'boolean') return { type: typeof value, ...told };
    throw new Error(`values.yaml: nothing says what ${path} may be; add a rule`);
  };
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'handspegel', ...of(parse(valuesYaml), '') };
};
