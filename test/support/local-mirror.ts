import type { Mirror } from '../../src/core/gate/mirror.ts';

/** A mirror of this node, as `_default/hosts.toml` names it. */
export const localMirror = (url: string, more: Partial<Mirror> = {}): Mirror => ({
  key: url,
  url,
  probeUrls: [`${url}/v2/`],
  role: 'local',
  address: '127.0.0.1',
  port: 30020,
  registries: ['_default'],
  near: true,
  deep: true,
  onePod: true,
  headers: {},
  ca: [],
  client: undefined,
  skipVerify: false,
  ...more,
});
