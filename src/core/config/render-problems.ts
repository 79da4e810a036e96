import { newerThanModelled, parseContainerdVersion } from '../containerd/containerd-version.ts';
import type { DesiredUnit } from '../desired.ts';
import type { Problem } from '../problem.ts';
import type { RenderProblemCode } from './config-problems.ts';
import { basicAuthSecret, type TemplateData } from './context.ts';
import { bootstrapMirrors, doubledTargets } from './context-mirrors.ts';
import { namespaceOf } from './extension-path.ts';
import type { JudgeInput } from './render-judge.ts';
import type { SpegelHere } from './render-policy.ts';

/** What all units of one rendering share. */
export type UnitInput = JudgeInput & {
  readonly data: TemplateData;
  readonly here: SpegelHere;
  /** Registry directories that Spegel writes with these values. */
  readonly spegelWrites: ReadonlySet<string>;
  /** An extension switches `_default/hosts.toml` off. */
  readonly defaultOff: boolean;
  /** A built-in template is in use. */
  readonly builtInHosts: boolean;
};

type Finding = Pick<Problem, 'severity' | 'message' | 'hint'> & { readonly code: RenderProblemCode };

const ipv6Finding = ({ config, facts }: UnitInput): Finding | undefined => {
  const { leftOut } = bootstrapMirrors(config, facts);
  if (leftOut.length === 0) return undefined;
  const version = parseContainerdVersion(facts.containerdVersion ?? '')?.text;
  const who = version === undefined ? 'containerd of an unknown version may ignore' : `containerd ${version} ignores`;
  return {
    code: 'mirror-ipv6-left-out',
    severity: 'warning',
    message: `${who} a file that names an IPv6 mirror; left out: ${leftOut.join(', ')}`,
    hint: version === undefined ? 'Say the version: --containerd-version.' : 'containerd 2.0 and later read them.',
  };
};

/** Of no file, unlike the others. */
const newerProblems = ({ facts }: UnitInput): readonly Problem[] => {
  const message = newerThanModelled(parseContainerdVersion(facts.containerdVersion ?? ''));
  if (message === undefined) return [];
  const hint = 'Look for a newer handspegel; until then compare a pull with what `explain` says of it.';
  return [{ code: 'containerd-version-newer' satisfies RenderProblemCode, severity: 'info', message, hint }];
};

const basicAuthFinding = ({ config, facts }: UnitInput): Finding | undefined => {
  const name = config.chart.basicAuthSecretName;
  if (name === '' || basicAuthSecret(config, facts) !== '') return undefined;
  return {
    code: 'basic-auth-secret-unknown',
    severity: 'warning',
    message: `the Secret ${JSON.stringify(name)} of basicAuthSecretName is not known, so mirrors will answer 401`,
    hint: 'Let the agent read the Secret with its keys username and password.',
  };
};

const doubledFinding = ({ config, facts, here }: UnitInput): Finding | undefined => {
  const doubled = doubledTargets(config, facts);
  if (doubled.length === 0 || here.spegel !== 'adds-mirrors') return undefined;
  return {
    code: 'spegel-names-host-twice',
    severity: 'warning',
    message: `additionalMirrorTargets names Spegel's own mirror ${doubled.join(', ')}: its file has the host twice, and containerd ignores such a file`,
    hint: 'Remove it from additionalMirrorTargets: Spegel adds its own mirrors by itself.',
  };
};

const replacesFinding = (unit: DesiredUnit, { here, spegelWrites }: UnitInput): Finding | undefined => {
  const hosts = unit.files.find(({ name, source }) => name === 'hosts.toml' && source !== 'built-in');
  if (hosts === undefined || unit.policy !== 'hold') return undefined;
  if (here.spegel !== 'adds-mirrors' || !spegelWrites.has(unit.registry)) return undefined;
  return {
    code: 'extension-replaces-spegel',
    severity: 'info',
    message: `${hosts.source} replaces Spegel's own file for ${unit.registry}: ${unit.policyReason}`,
    hint: 'Say `handoff: yield` or `handoff: merge` in the extension if Spegel shall count there too.',
  };
};

/** `reg_5000_` and `reg:5000` are one registry, and containerd looks for the first name first. */
const hiddenFinding = (unit: DesiredUnit, namespaces: ReadonlyMap<string, string>): Finding | undefined => {
  const twin = namespaces.get(unit.registry);
  if (twin === undefined) return undefined;
  return {
    code: 'registry-directory-hidden',
    severity: 'warning',
    message: `containerd looks into ${twin}/ before ${unit.registry}/, so the latter is never read`,
    hint: 'Keep one of the two directories.',
  };
};

/** A directory without hosts.toml stops containerd from looking into `_default`. */
const hidesFinding = (unit: DesiredUnit): Finding | undefined => {
  const broken = unit.problems.some(({ severity }) => severity === 'error');
  if (unit.registry === '_default' || broken || unit.files.some(({ name }) => name === 'hosts.toml')) return undefined;
  return {
    code: 'registry-hides-default',
    severity: 'warning',
    message: `${unit.registry}/ has no hosts.toml, but hides _default: its images get no mirror`,
    hint: 'Add an extension for its hosts.toml that names the mirrors too.',
  };
};

/** What is said once for the whole node, beside the problems of each unit. */
export const nodeProblems = (units: ReadonlyMap<string, DesiredUnit>, input: UnitInput): readonly Problem[] => {
  const all = [...units.values()];
  const namespaces = new Map(
    [...units.keys()].flatMap((name) => (namespaceOf(name) === name ? [] : [[namespaceOf(name), name] as const])),
  );
  const findings = [
    ...(input.builtInHosts ? [ipv6Finding(input), basicAuthFinding(input)] : []),
    doubledFinding(input),
    ...all.flatMap((unit) => [replacesFinding(unit, input), hiddenFinding(unit, namespaces), hidesFinding(unit)]),
  ];
  return [
    ...newerProblems(input),
    ...findings.flatMap((finding) => (finding === undefined ? [] : [{ ...finding, file: input.config.file }])),
  ];
};
