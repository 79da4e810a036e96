import { helmValuesSchema } from './helm-values-schema.ts';
import { flag, type JsonSchema, map, orNull, when, words } from './json-schema.ts';
import { settingsSchema } from './settings-schema.ts';

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
              helm_values: helmValuesSchema,
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
 * agent's parser refuses, but for what a schema cannot say: sums of durations out of bounds (json-schema-duration.ts), what
 * a string of `helm_values` holds, and the catch-all of `mirroredRegistries` twice in the same word.
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
