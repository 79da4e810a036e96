import { flag, type JsonSchema, list, map, text, words } from './json-schema.ts';
import { addressSchema, hostName, ipv4, ipv6, portNumber } from './json-schema-address.ts';
import { durationSchema } from './json-schema-duration.ts';
import { orphanBounds, probeBounds } from './settings.ts';
import { certsDirPresets } from './settings-certs-dir.ts';

const listen = (description: string): JsonSchema =>
  text(description, {
    pattern: `^(${ipv4}|\\[[0-9A-Fa-f:.]+\\]|${hostName})?:(0{1,5}|${portNumber})$`,
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
    interval: durationSchema("How often Spegel's mirrors on this node are asked; 10ms to 24h.", probeBounds.interval),
    timeout: durationSchema(
      'A mirror without a complete answer by then counts as hung; 10ms to 30s.',
      probeBounds.timeout,
    ),
    deepInterval: durationSchema(
      'How often they are asked for a manifest as well; 10ms to 24h.',
      probeBounds.deepInterval,
    ),
    remoteInterval: durationSchema('How often other mirrors are asked; 10ms to 24h.', probeBounds.remoteInterval),
  }),
  gate: words('Costly mirrors leave the files, are only reported, or are not probed.', ['enforce', 'observe', 'off']),
  handoff: map('Hand-off to Spegel.', {
    orphanAfter: durationSchema(
      "How long Spegel's mirrors must refuse before its file counts as left behind; 10ms to 720h.",
      orphanBounds,
    ),
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
