import { flag, type JsonSchema, list, map, text, unlike, when } from './json-schema.ts';
import { addressSchema, ipv6, portNumber } from './json-schema-address.ts';

const open: JsonSchema = {};

/** The chart renders the text of a number like the number. */
const port = (description: string): JsonSchema => ({
  description,
  anyOf: [
    { type: 'integer', minimum: 1, maximum: 65_535 },
    { type: 'string', pattern: `^${portNumber}$` },
    { type: 'null' },
  ],
});

/** Handed to Spegel as the text of a flag. */
const told = (description: string): JsonSchema => ({ description, enum: [true, false, 'true', 'false', null] });

const host = `(\\[${ipv6}\\]|[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?)`;
const url = `[hH][tT][tT][pP][sS]?://${host}(:${portNumber})?`;
const targets = (description: string): JsonSchema => list(description, { type: 'string', pattern: `^${url}$` });
const registries = (description: string): JsonSchema => ({
  ...list(description, { type: 'string', pattern: `^(_default|\\*|${url})$` }),
  not: {
    type: 'array',
    allOf: [{ contains: { const: '_default' } }, { contains: { const: '*' } }],
  },
});

/** Charts up to v0.0.30 have another name for a value; it counts where the new one is not given. */
const orOldName = (name: string, old: string, schema: JsonSchema): JsonSchema =>
  when({ required: [name], properties: { [name]: { not: { type: 'null' } } } }, {}, { properties: { [old]: schema } });

const mirroredRegistries = registries('Registries that Spegel mirrors, each a URL, `_default` for all.');
const additionalMirrorTargets = targets('Mirrors that Spegel names after itself.');
const prependExisting = told('Spegel writes its mirrors before those that stood there.');

const registry = map(
  "The registry's Service.",
  {
    hostPort: port('Port on each node.'),
    nodePort: port('Port of the Service.'),
    nodeIp: {
      description: "Instead of the node's own address.",
      anyOf: [{ type: 'null' }, { const: '' }, addressSchema()],
    },
    usePreferSameNodeTrafficDistribution: flag('Spegel names its Service alone.'),
    internalTrafficLocal: flag('Charts after v0.7.4: the Service stays on the node.'),
  },
  open,
);

const spegel: JsonSchema = {
  ...map(
    "Spegel's own settings.",
    {
      containerdMirrorAdd: flag('Spegel writes hosts.toml files.'),
      containerdRegistryConfigPath: text('Where Spegel writes them.', {
        pattern: '^/',
        ...unlike('(^|/)\\.\\.(/|$)', '[\\x00-\\x1f\\x7f]'),
      }),
      resolveTags: told('Spegel is asked for tags.'),
      mirroredRegistries,
      additionalMirrorTargets,
      prependExisting,
    },
    open,
  ),
  allOf: [
    orOldName('mirroredRegistries', 'registries', mirroredRegistries),
    orOldName('additionalMirrorTargets', 'additionalMirrorRegistries', additionalMirrorTargets),
    orOldName('prependExisting', 'appendMirrors', prependExisting),
  ],
};

/** What of the chart's values the agent reads, in a map. Everything else in it is Helm's; a string is no schema's. */
export const helmValuesSchema: JsonSchema = {
  type: ['object', 'string', 'null'],
  description: "Values of Spegel's chart: a map, or a string of YAML, which keeps nulls.",
  properties: {
    basicAuthSecretName: text('Secret with the credentials of the mirrors.'),
    service: map('The Service.', { registry }, open),
    spegel,
  },
};
