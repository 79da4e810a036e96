import type { Desired, Policy } from '../desired.ts';
import type { Facts } from '../facts.ts';
import type { Config } from './config.ts';
import type { Extension } from './config-extensions.ts';

/** Does Spegel run here and write hosts files, and why not. */
export type SpegelHere = Pick<Desired, 'spegel' | 'spegelReason'>;

const isContainerd = (runtime: string): boolean => /^containerd\b/i.test(runtime);

/**
 * `enabled` decides; when it is not given, the runtime of this node does: Spegel works with containerd only, and an
 * unknown runtime is taken for containerd.
 */
export const spegelHere = (config: Config, facts: Facts): SpegelHere => {
  const { runtime } = facts;
  if (config.spegelEnabled === false) {
    return { spegel: 'disabled', spegelReason: 'cluster.addon.spegel.enabled is false' };
  }
  if (config.spegelEnabled === undefined && runtime !== undefined && runtime !== '' && !isContainerd(runtime)) {
    return { spegel: 'disabled', spegelReason: `the runtime of this node is ${runtime}, and Spegel needs containerd` };
  }
  if (!config.chart.containerdMirrorAdd) {
    return { spegel: 'no-mirrors', spegelReason: 'helm_values.spegel.containerdMirrorAdd is false' };
  }
  return { spegel: 'adds-mirrors', spegelReason: '' };
};

/** What the policy of one registry directory depends on. */
export type PolicyInput = {
  readonly registry: string;
  /** The extensions that give this directory its files, in their order. */
  readonly extensions: readonly Extension[];
  /** Its hosts.toml is ours, not an extension's. */
  readonly builtInHosts: boolean;
  readonly here: SpegelHere;
  /** Spegel writes a file for this registry. */
  readonly spegelWrites: boolean;
};

/** Who wins where Spegel writes too, and why: `handoff:`, then Spegel switched off, then whose template it is. */
export const policyOf = (input: PolicyInput): { readonly policy: Policy; readonly policyReason: string } => {
  const { registry, extensions, builtInHosts, here, spegelWrites } = input;
  const hosts = extensions.findLast(({ name, handoff }) => name === 'hosts.toml' && handoff !== undefined);
  const asked = hosts ?? extensions.findLast(({ handoff }) => handoff !== undefined);
  if (asked?.handoff !== undefined) {
    return {
      policy: asked.handoff,
      policyReason: `the extension ${JSON.stringify(asked.key)} says handoff: ${asked.handoff}`,
    };
  }
  if (here.spegel !== 'adds-mirrors') return { policy: 'hold', policyReason: here.spegelReason };
  if (registry === '_default') {
    return { policy: 'yield', policyReason: "Spegel's _default replaces the bootstrap file while its mirrors work" };
  }
  if (builtInHosts) {
    return {
      policy: 'yield',
      policyReason: "Spegel's file for this registry replaces the bootstrap file while its mirrors work",
    };
  }
  const key = JSON.stringify(extensions.at(-1)?.key ?? '');
  if (spegelWrites)
    return { policy: 'hold', policyReason: `the extension ${key} names this registry and replaces Spegel there` };
  return { policy: 'hold', policyReason: `the extension ${key} names this registry` };
};
