import { hostPlaces } from '../containerd/lint-keys.ts';
import type { DesiredFile } from '../desired.ts';
import type { Facts } from '../facts.ts';
import type { Problem } from '../problem.ts';
import { shownUrl } from '../shown-url.ts';
import type { Config } from './config.ts';
import type { RenderProblemCode } from './config-problems.ts';
import { controlPlaneOf } from './context-mirrors.ts';
import { isOpenPolicy, policyBreaches } from './mirror-policy.ts';
import { mirrorRisks } from './mirror-risks.ts';
import { placeOfOutput } from './output-place.ts';
import { type Source, sourcePlace } from './render-template.ts';

type Said = Pick<Problem, 'severity' | 'message' | 'hint'> & { readonly code: RenderProblemCode; readonly url: string };

const riskHints = {
  'mirror-unverified': 'Give its CA with `ca` and take skip_verify out.',
  'mirror-plain-http': 'Write https://, or say `schemes: [http]` in handspegel.policy.mirrors if it is meant.',
} as const;

const allowIt = (source: Source): string =>
  source.extension === undefined
    ? "Nothing of this file is written. The built-in template's own mirrors count too: allow the nodes' networks (`cidrs`) and `http` in handspegel.policy.mirrors."
    : 'Nothing of this file is written. Take it out, or allow it in handspegel.policy.mirrors.';

/** What `policy.mirrors` and common sense have against the hosts of a rendered hosts.toml. */
export const mirrorProblems = (
  source: Source,
  file: DesiredFile,
  { config, facts }: { readonly config: Config; readonly facts: Facts },
): readonly Problem[] => {
  const { mirrors } = config.settings.policy;
  const { nodeIp, additionalMirrorTargets } = config.chart;
  // Nothing but this node and the control plane: a node that boots need not read that again.
  const isOwn = source.extension === undefined && additionalMirrorTargets.length === 0;
  if (isOwn && isOpenPolicy(mirrors)) return [];
  const own = [...facts.nodeAddresses, ...controlPlaneOf(config, facts), ...(nodeIp === undefined ? [] : [nodeIp])];
  const name = `${source.registry}/${source.name}`;
  const breaches = policyBreaches(file.bytes, source.registry, mirrors).map(
    ({ url, kind, why }): Said => ({
      code: 'mirror-not-allowed',
      severity: 'error',
      url,
      message: `${name} from ${source.label} breaks policy.mirrors: ${kind} ${shownUrl(url)}: ${why}`,
      hint: allowIt(source),
    }),
  );
  const risks = mirrorRisks(file.bytes, source.registry, { own, policy: mirrors }).map(
    ({ url, code, why }): Said => ({
      code,
      severity: 'warning',
      url,
      message: `${name} from ${source.label}: ${shownUrl(url)}: ${why}`,
      hint: riskHints[code],
    }),
  );
  if (breaches.length + risks.length === 0) return [];
  const places = hostPlaces(file.bytes);
  const made = new TextDecoder().decode(file.bytes);
  return [...breaches, ...risks].map(({ url, ...problem }) => ({
    ...problem,
    ...sourcePlace(source, config),
    ...(source.extension === undefined
      ? {}
      : placeOfOutput(source.extension, made, places.get(url) ?? serverLine(made, url))),
  }));
};

const serverLine = (made: string, url: string): { readonly line?: number } => {
  const line = made.split('\n').findIndex((text) => /^\s*server\s*=/.test(text) && text.includes(url));
  return line < 0 ? {} : { line: line + 1 };
};
