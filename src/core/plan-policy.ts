import { policyBreaches } from './config/mirror-policy.ts';
import type { PlanInput } from './plan-input.ts';
import type { Problem } from './problem.ts';
import { shownUrl } from './shown-url.ts';

const who = {
  spegel: "Spegel's file",
  kublr: "Kublr's file",
  tool: "another tool's file",
  foreign: "somebody's file",
} as const;

const isKnown = (writer: string | undefined): writer is keyof typeof who => writer !== undefined && writer in who;

/** What stands at a registry's hosts.toml and is not ours is never refused, but said. */
export const foreignBreaches = (input: PlanInput, registry: string): readonly Problem[] => {
  const path = `${registry}/hosts.toml`;
  const seen = input.tree.entries.get(path);
  const writer = input.survey.get(path)?.writer;
  if (seen?.kind !== 'file' || !isKnown(writer)) return [];
  const breaches = policyBreaches(seen.bytes, registry, input.settings.mirrorPolicy);
  if (breaches.length === 0) return [];
  const told = breaches.map(({ url, why }) => `${shownUrl(url)}: ${why}`).join('; ');
  return [
    {
      code: 'mirror-not-allowed-elsewhere',
      severity: 'warning',
      message: `${who[writer]} ${path} names what policy.mirrors does not allow, and is left as it is: ${told}`,
      hint:
        writer === 'spegel'
          ? "Allow Spegel's mirrors in handspegel.policy.mirrors, or change the chart's values."
          : 'Allow it in handspegel.policy.mirrors, or talk to whoever wrote the file.',
      file: `certs.d/${path}`,
      path,
    },
  ];
};
