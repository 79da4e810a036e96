import { createSpegel } from '../../../support/spegel/spegel.ts';
import { generousMs, until } from '../../support/until.ts';
import { origin } from './addresses.ts';
import type { ClusterNode } from './node.ts';

/** The origin registry's own file, as node.sh writes it. */
export const originFile = `server = 'http://${origin}'\n`;

const host = (address: string, port: number): string =>
  `[host.'http://${address}:${port}']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n`;

/** The built-in file for these addresses, this node's first. */
export const bootstrapFile = (addresses: readonly string[]): string =>
  addresses.map((address) => host(address, 30020)).join('\n');

/** What Spegel of v0.7 writes, the real one and its stand-in. */
export const spegelFile = (nodeIp: string): string =>
  createSpegel({ family: 'v0.7', certsDir: '/etc/containerd/certs.d', nodeIp, bin: false }).expectedFile('_default');

/** Waits until a node's catch-all file, without the agent's marker, is this. */
export const whenDefault = async (node: ClusterNode, text: string): Promise<void> => {
  const otherwise = (): string => JSON.stringify(node.files(), undefined, 1);
  const isSo = (): boolean => node.body('_default/hosts.toml') === text;
  await until(`_default of ${node.name} is as it should be`, isSo, { limitMs: 4 * generousMs, otherwise });
};
