import { certsDirPresets } from './settings-certs-dir.ts';

/**
 * A JSON Schema, draft 7; patterns are of the part that JavaScript and Go's RE2 read alike: no look-around.
 */
export type JsonSchema = { readonly [key: string]: unknown };

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const ipv4 = `(${octet}\\.){3}${octet}`;
const hex = '[0-9A-Fa-f]{1,4}';
/** `count` groups in front of the `::`, and at most `total - count` behind it. */
const shortened = (count: number, total: number, tail: string): string => {
  const before = count === 0 ? '' : `${hex}(:${hex}){${count - 1}}`;
  const rest = total - count;
  if (tail !== '') return `${before}::(${hex}:){0,${rest}}${tail}`;
  return rest === 0 ? `${before}::` : `${before}::(${hex}(:${hex}){0,${rest - 1}})?`;
};
const counts = (most: number): readonly number[] => Array.from({ length: most + 1 }, (_, count) => count);
const ipv6 = `(${[
  `(${hex}:){7}${hex}`,
  ...counts(7).map((count) => shortened(count, 7, '')),
  `(${hex}:){6}${ipv4}`,
  ...counts(5).map((count) => shortened(count, 5, ipv4)),
].join('|')})`;
const label = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** At least one letter: four numbers that are no address are no name either. */
const hostName = `(${label}\\.)*${label}\\.?`;
const address = `(${ipv4}|\\[(${ipv4}|${ipv6})\\]|${ipv6}|${hostName})`;

/** A rule that counts only where another schema fits. */
const when = (condition: JsonSchema, rule: JsonSchema, otherwise: JsonSchema = {}): JsonSchema =>
  Object.fromEntries([
    ['if', condition],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    ['then', rule],
    ['else', otherwise],
  ]);

const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema['type'], 'null'] });
const text = (description: string, more: JsonSchema = {}): JsonSchema =>
  orNull({ type: 'string', description, ...more });
const flag = (description: string): JsonSchema => orNull({ type: 'boolean', description });
const list = (description: string, items: JsonSchema): JsonSchema => orNull({ type: 'array', description, items });
const map = (description: string, properties: JsonSchema, more: JsonSchema = { additionalProperties: false }) =>
  orNull({ type: 'object', description, properties, ...more });
const words = (description: string, values: readonly string[]): JsonSchema => ({
  description,
  enum: [...values, null],
});

/** An address or a name, as normaliseAddress takes it; `before` may stand in front. */
const addressSchema = (before = ''): JsonSchema => ({
  type: 'string',
  maxLength: 300,
  pattern: `^${before}${address}$`,
  anyOf: [{ pattern: `^${before}(${ipv4}|\\[${ipv4}\\])$` }, { not: { pattern: `^${before}[0-9.]+$` } }],
});

/** The syntax alone: bounds of durations are the agent's to check. */
const duration = (description: string): JsonSchema =>
  text(description, {
    pattern:
      '^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*$',
  });

const listen = (description: string): JsonSchema =>
  text(description, {
    pattern: `^(${ipv4}|\\[[0-9A-Fa-f:.]+\\]|${hostName})?:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[0-5]?[0-9]{1,4})$`,
  });

const cidr: JsonSchema = {
  type: 'string',
  pattern: `^(${ipv4}/0*(3[0-2]|[12]?[0-9])|(${ipv6})/0*(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`,
};

/** `handspegel:` of the document, setting by setting as settings.ts reads it. */
export const settingsSchema: JsonSchema = map('Settings of handspegel itself.', {
  controlPlane: map('Control-plane nodes.', {
    addresses: list('Addresses of the control-plane nodes, without asking the cluster.', addressSchema()),
  }),
  probe: map('How mirrors are asked.', {
    interval: duration("How often Spegel's mirrors on this node are asked; 10ms to 24h."),
    timeout: duration('A mirror without a complete answer by then counts as hung; 10ms to 30s.'),
    deepInterval: duration('How often they are asked for a manifest as well; 10ms to 24h.'),
    remoteInterval: duration('How often other mirrors are asked; 10ms to 24h.'),
  }),
  gate: words('Costly mirrors leave the files, are only reported, or are not probed.', ['enforce', 'observe', 'off']),
  handoff: map('Hand-off to Spegel.', {
    orphanAfter: duration("How long Spegel's mirrors must refuse before its file counts as left behind; 10ms to 720h."),
  }),
  preserve: flag("Other people's registry directories that Spegel moves away are put back."),
  deadlyFiles: words("Somebody's file that would end containerd: say it, or move it away.", ['alarm', 'quarantine']),
  policy: map('Who may redirect pulls.', {
    mirrors: map('Where mirrors may lead; empty lists allow everything.', {
      cidrs: list('CIDRs.', cidr),
      hosts: list('Host names, also with a leading `*.`.', addressSchema('(\\*\\.)?')),
      schemes: list('Schemes.', { type: 'string', enum: ['http', 'https'] }),
    }),
  }),
  certsDir: map('Where certs.d lies.', { preset: words('Name of a distribution.', certsDirPresets) }),
  spegel: map("Spegel's chart.", {
    layout: words("Which ports Spegel's chart opens.", ['auto', 'two-ports', 'single-port']),
  }),
  server: map('Where the agent listens.', {
    listen: listen("Health and metrics; without an address: the node's."),
    adminListen: listen('Status page and API.'),
  }),
  onTermination: words('What becomes of our files when the agent is told to stop.', ['keep', 'release']),
  missingKey: words('What a template gets for a key that does not exist.', ['error', 'default', 'zero']),
  release: flag('Give everything back and write no more.'),
});

const prefix = '^templates/root_dir/etc/containerd/certs\\.d/';

const inCertsDir = '^/([^/]*/)*[eE][tT][cC]/[cC][oO][nN][tT][aA][iI][nN][eE][rR][dD]/[cC][eE][rR][tT][sS]\\.[dD](/|$)';

/** One of `extensions:`. Paths that are not below certs.d belong to other programs, whatever else they hold. */
const extension: JsonSchema = {
  type: 'object',
  required: ['path'],
  properties: { path: { type: 'string', minLength: 1, not: { pattern: '[\\x00-\\x1f\\x7f]' } } },
  ...when(
    { properties: { path: { type: 'string', pattern: prefix } } },
    {
      required: ['path', 'content'],
      additionalProperties: false,
      properties: {
        path: {
          type: 'string',
          pattern: `${prefix}[^/\\\\]{1,255}/[^/\\\\]{1,255}$`,
          not: { pattern: `${prefix}((_backup|\\.handspegel|\\.\\.?)/|[^/]*/\\.\\.?$)` },
        },
        content: { type: 'string', description: "Go template; '' means that the file is not generated." },
        handoff: words('What happens where Spegel writes too.', ['yield', 'hold', 'merge']),
      },
    },
    { properties: { path: { not: { pattern: inCertsDir } } } },
  ),
};

const documentProperties: JsonSchema = {
  cluster: map(
    'What Kublr says of the cluster; only addon.spegel is read.',
    {
      addon: map(
        'Addons.',
        {
          spegel: map(
            'Spegel.',
            {
              enabled: flag('Whether Spegel runs here; the default depends on the container runtime of the node.'),
              helm_values: {
                type: ['object', 'string', 'null'],
                description: "Values of Spegel's chart: a map, or a string of YAML, which keeps nulls.",
              },
            },
            {},
          ),
        },
        {},
      ),
    },
    {},
  ),
  extensions: orNull({
    type: 'object',
    description: 'Templates of files, applied in alphanumerical order of their keys.',
    additionalProperties: extension,
  }),
  handspegel: settingsSchema,
};

const document: JsonSchema = map('The document.', documentProperties, {});
const misplaced: JsonSchema = { not: { required: ['handspegel'] } };

/**
 * The configuration as JSON Schema: bare, under `kublrAgentConfig` or under `spec.kublrAgentConfig`. It refuses what the
 * agent's parser refuses, but for what a schema cannot say: bounds of durations, and what is inside `helm_values`.
 */
export const configSchema: JsonSchema = {
  type: 'object',
  description: 'The configuration: docs/configuration.md.',
  properties: { ...documentProperties, kublrAgentConfig: document, spec: when({ type: 'object' }, misplaced) },
  allOf: [
    when({ required: ['kublrAgentConfig'] }, misplaced),
    when(
      { required: ['spec'], properties: { spec: { type: 'object', required: ['kublrAgentConfig'] } } },
      {
        ...misplaced,
        properties: { kublrAgentConfig: false, spec: { properties: { kublrAgentConfig: document } } },
      },
    ),
  ],
};
