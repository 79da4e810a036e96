import type { Desired } from '../../../src/core/desired.ts';
import { codes } from './config-cases.ts';

/** A path below certs.d as extensions name it. */
export const at = (path: string): string => `templates/root_dir/etc/containerd/certs.d/${path}`;

export type Entry = { path: string; content: string; handoff?: string };

/** A configuration with these extensions. */
export const withExtensions = (extensions: Record<string, Entry>, rest: object = {}): string =>
  JSON.stringify({ extensions, ...rest });

/** A configuration with these values of `cluster.addon.spegel`. */
export const spegel = (values: object): object => ({ cluster: { addon: { spegel: values } } });

export const policies = (desired: Desired): Record<string, string> =>
  Object.fromEntries([...desired.units].map(([registry, { policy }]) => [registry, policy]));

/** What is wrong with one registry. */
export const unitCodes = (desired: Desired, registry: string): string[] =>
  codes(desired.units.get(registry)?.problems ?? []);
