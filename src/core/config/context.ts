import type { Facts } from '../facts.ts';
import type { Config } from './config.ts';
import { type Json, type JsonMap, mapOf, valueAt, withKeys } from './config-json.ts';
import { uniqueAddresses } from './context-address.ts';
import { bootstrapMirrors, controlPlaneOf } from './context-mirrors.ts';

/** The Secrets that a template may read; it remembers that one was read, since the file is then one of credentials. */
export class SecretMap extends Map<string, Readonly<Record<string, string>>> {
  wasRead = false;
  override get(name: string): Readonly<Record<string, string>> | undefined {
    const found = super.get(name);
    if (found !== undefined) this.wasRead = true;
    return found;
  }
}

/** All that a template may see. */
export type TemplateData = {
  /** The document and what is computed beside it. */
  readonly config: JsonMap;
  readonly node: JsonMap;
  readonly secrets: SecretMap;
};

/** The name of the Secret with Spegel's basic auth, if it is known and holds something. */
export const basicAuthSecret = (config: Config, facts: Facts): string => {
  const name = config.chart.basicAuthSecretName;
  const secret = Object.hasOwn(facts.secrets, name) ? facts.secrets[name] : undefined;
  return (secret?.['username'] ?? '') + (secret?.['password'] ?? '') === '' ? '' : name;
};

const present = (entries: readonly (readonly [string, Json | undefined])[]): (readonly [string, Json])[] =>
  entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));

/**
 * What a template sees. An unknown fact has no key, so that `missingkey=error` names it; lists are empty instead. A key
 * of the document with a computed name gives way to what is computed, if that is known.
 */
export const contextOf = (config: Config, facts: Facts): TemplateData => {
  const addresses = uniqueAddresses(facts.nodeAddresses);
  const { chart } = config;
  const spegel = mapOf([
    ['host_port', chart.ports.host],
    ['node_port', chart.ports.node],
    ['mirror_targets', bootstrapMirrors(config, facts).targets],
    ['resolve_tags', chart.resolveTags],
    ['basic_auth_secret', basicAuthSecret(config, facts)],
  ]);
  const computed = present([
    ['node_name', facts.nodeName],
    ['node_address_ip', addresses[0]],
    ['node_address_ips', addresses],
    ['master_address_ips', controlPlaneOf(config, facts)],
  ]);
  const given = valueAt(config.document, 'spegel');
  const base = typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as JsonMap) : mapOf([]);
  return {
    config: withKeys(config.document, [...computed, ['spegel', withKeys(base, Object.entries(spegel))]]),
    node: mapOf(
      present([
        ['labels', facts.labels],
        ['runtime', facts.runtime],
        ['version', facts.containerdVersion],
      ]),
    ),
    secrets: new SecretMap(Object.entries(facts.secrets)),
  };
};
