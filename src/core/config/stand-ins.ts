import type { Facts } from '../facts.ts';
import { exampleInside, parseCidr } from './cidr.ts';
import type { Config } from './config.ts';

const secretNames = [
  /\.secrets\.([A-Za-z0-9_]+)\.([A-Za-z0-9_]+)/g,
  /index\s+\$?\.secrets\s+"([^"]+)"\s+"([^"]+)"/g,
  /\(\s*index\s+\$?\.secrets\s+"([^"]+)"\s*\)\s*\.?\s*"?([A-Za-z0-9_]+)/g,
];

/** Secrets are not in a checkout: those that templates name get a stand-in, so that the rest can be judged. */
export const withStandIns = (config: Config, facts: Facts): Facts => {
  const secrets: Record<string, Record<string, string>> = {};
  const add = (name: string, key: string): void => {
    secrets[name] = { ...secrets[name], [key]: 'example' };
  };
  for (const { content } of config.extensions) {
    for (const pattern of secretNames) {
      for (const [, name = '', key = ''] of content.matchAll(pattern)) add(name, key);
    }
  }
  const basic = config.chart.basicAuthSecretName;
  if (basic !== '') for (const key of ['username', 'password']) add(basic, key);
  return { ...facts, secrets: { ...secrets, ...facts.secrets } };
};

/** Where policy.mirrors allows networks, examples lie in them: the nodes of such a cluster do. */
export const insidePolicy = (config: Config, facts: Facts): Facts => {
  const cidr = parseCidr(config.settings.policy.mirrors.cidrs[0] ?? '');
  if (cidr === undefined) return facts;
  return { ...facts, nodeAddresses: [exampleInside(cidr, 10)], controlPlane: [exampleInside(cidr, 1)] };
};
