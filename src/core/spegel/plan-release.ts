import { type JsonMap, mapOf, valueAt } from '../config/config-json.ts';
import { namesKeptOut } from './affinity.ts';
import { compareVersions } from './chart.ts';
import type { SpegelChoice } from './choice.ts';
import { isOurs, type Release, type SpegelThere, spegelText } from './release.ts';
import { differencesOf, type ValueDifference } from './value-differences.ts';

/** What is to be done with Spegel's release, and why. */
export type ReleasePlan =
  | { readonly action: 'nothing'; readonly reason: string; readonly remark?: string }
  | { readonly action: 'install'; readonly reason: string }
  | {
      readonly action: 'upgrade';
      readonly reason: string;
      readonly versions: { readonly from: string; readonly to: string } | undefined;
      readonly differences: readonly ValueDifference[];
    }
  | { readonly action: 'uninstall'; readonly reason: string }
  | { readonly action: 'refuse'; readonly reason: string; readonly hint: string };

export type PlanInput = {
  readonly choice: SpegelChoice;
  readonly where: { readonly release: string; readonly namespace: string };
  readonly version: string;
  /** The version was named, not only pinned. */
  readonly versionAsked: boolean;
  /** For the nodes that are kept out. */
  readonly values: (keptOut: readonly string[]) => JsonMap;
  /** Names of all nodes; `undefined` when nobody looked. */
  readonly nodes: readonly string[] | undefined;
  readonly found: Release | undefined;
  /** Every Spegel of the cluster; `undefined` when it may not be looked at. */
  readonly spegels: readonly SpegelThere[] | undefined;
  readonly takeOver: boolean;
};

const refuse = (reason: string, hint: string): ReleasePlan => ({ action: 'refuse', reason, hint });

const told = (spegels: readonly SpegelThere[]): string => spegels.map(spegelText).join('; ');

const isOfRelease = ({ release }: SpegelThere, { where }: Pick<PlanInput, 'where'>): boolean =>
  release?.name === where.release && release.namespace === where.namespace;

const planWithout = (input: PlanInput): ReleasePlan => {
  const { choice, spegels, takeOver } = input;
  if (!choice.wanted) {
    const remark =
      spegels === undefined || spegels.length === 0
        ? {}
        : { remark: `Spegel runs nevertheless, and is not ours to remove: ${told(spegels)}` };
    return { action: 'nothing', reason: `${choice.reason}, and there is no release`, ...remark };
  }
  if (spegels !== undefined && spegels.length > 0) {
    return refuse(
      `Spegel runs already: ${told(spegels)}`,
      'Two of them want the same ports. Leave it to whoever manages it, or name it: --release and --namespace; or remove it there first.',
    );
  }
  if (spegels === undefined && !takeOver) {
    return refuse(
      'DaemonSets of other namespaces may not be listed, so another Spegel would not be seen',
      'Give the right to list daemonsets (apps) in the cluster, or say --take-over if there is no other.',
    );
  }
  return { action: 'install', reason: choice.reason };
};

/** Names of nodes that are gone and still kept out are no reason for a rolling restart of every Spegel. */
const wantedValues = ({ values, choice, nodes, found }: PlanInput): JsonMap => {
  const exact = values(choice.keptOut);
  if (found === undefined || nodes === undefined) return exact;
  const before = namesKeptOut(valueAt(found.values, 'affinity'));
  const gone = before.filter((name) => !nodes.includes(name));
  const lenient = values([...new Set([...choice.keptOut, ...gone])]);
  return gone.length > 0 && differencesOf(found.values, lenient).length === 0 ? lenient : exact;
};

const planUpgrade = (input: PlanInput, found: Release, from: string): ReleasePlan => {
  const { version, versionAsked, choice } = input;
  const order = compareVersions(version, from);
  if (order < 0 && !versionAsked) {
    return refuse(
      `the release has chart ${from}, which is newer than ${version}, the one that this handspegel knows`,
      `Say --chart-version ${from} to keep it, or --chart-version ${version} to go back.`,
    );
  }
  const differences = differencesOf(found.values, wantedValues(input));
  const versions = from.replace(/^v/, '') === version.replace(/^v/, '') ? undefined : { from, to: version };
  const failed = found.status === 'deployed' ? [] : [`its status is ${found.status}`];
  const reasons = [
    ...(versions === undefined ? [] : ['another chart version']),
    ...(differences.length === 0
      ? []
      : [
          `${differences.length} value${differences.length === 1 ? '' : 's'} differ${differences.length === 1 ? 's' : ''}`,
        ]),
    ...failed,
  ];
  if (reasons.length === 0)
    return { action: 'nothing', reason: `${choice.reason}; chart ${from} and all values are as wanted` };
  return { action: 'upgrade', reason: reasons.join(', '), versions, differences };
};

/** What keeps us from touching a release at all. */
const obstacle = (input: PlanInput, found: Release): ReleasePlan | undefined => {
  const { where, spegels, takeOver, choice } = input;
  const name = `release ${where.release} in namespace ${where.namespace}`;
  if (found.version === undefined) {
    return refuse(
      `${name} is of chart ${found.chart}, not of Spegel's`,
      'Name another release: --release, --namespace.',
    );
  }
  const isOpen = found.status.startsWith('pending') || (found.status === 'uninstalling' && choice.wanted);
  if (isOpen) {
    const back = `helm rollback ${where.release} --namespace ${where.namespace}`;
    return refuse(
      `${name} is ${found.status}: Helm is at work there, or was stopped in the middle`,
      `Wait for it. If nobody is at work: "${back}", or "helm uninstall" for a first install.`,
    );
  }
  const other = (spegels ?? []).find((one) => isOfRelease(one, input) && one.manager !== undefined);
  if (other !== undefined && !takeOver) {
    return refuse(
      `${name} is managed by somebody else: ${spegelText(other)}`,
      'Change it there ("handspegel spegel manifest"), or say --take-over when that no longer looks after it.',
    );
  }
  return undefined;
};

/** Compares what is wanted with what is there. A release of the right name and of Spegel's chart counts, whoever made it. */
export const planRelease = (input: PlanInput): ReleasePlan => {
  const { choice, found, takeOver } = input;
  if (found === undefined || found.status === 'uninstalled') return planWithout(input);
  const blocked = obstacle(input, found);
  if (blocked !== undefined) return blocked;
  if (choice.wanted) return planUpgrade(input, found, found.version ?? '');
  if (choice.by === 'nodes' && !isOurs(found) && !takeOver) {
    return refuse(
      `${choice.reason}, but the release was made by somebody else (${found.description || 'no description'})`,
      'Say `enabled: false`, or --take-over, to have it uninstalled.',
    );
  }
  return { action: 'uninstall', reason: choice.reason };
};

/** `spegel uninstall`: asked for by a person, whatever `enabled` says. */
export const planUninstall = (input: Omit<PlanInput, 'choice' | 'values' | 'version' | 'versionAsked'>): ReleasePlan =>
  planRelease({
    ...input,
    choice: { wanted: false, by: 'configuration', reason: 'asked for', nodes: [], keptOut: [], problems: [] },
    values: () => input.found?.values ?? mapOf([]),
    version: '0.0.0',
    versionAsked: true,
  });
