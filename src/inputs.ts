import type { LearnedFacts } from './core/cluster-facts.ts';
import type { Config } from './core/config/config.ts';
import { type ConfigChoice, chooseConfig, type Mounted, type StoredConfig } from './core/config/config-choice.ts';
import { prepare } from './core/config/render.ts';
import { defaultSettings, type Settings } from './core/config/settings.ts';
import type { Desired } from './core/desired.ts';
import { type Facts, noFacts } from './core/facts.ts';
import type { PlanSettings } from './core/plan-input.ts';
import type { Problem } from './core/problem.ts';
import type { Tools } from './core/tools.ts';

/** What was given by flag or variable; everything may be missing. */
export type GivenFacts = {
  readonly nodeName?: string | undefined;
  readonly nodeAddresses: readonly string[];
  readonly controlPlane: readonly string[];
  readonly runtime?: string | undefined;
  readonly containerdVersion?: string | undefined;
  readonly secrets: Facts['secrets'];
};

/** Facts that outlive a restart; Secrets are never among them. */
export type RememberedFacts = Omit<Facts, 'secrets'>;

const firstKnown = (...lists: readonly (readonly string[] | undefined)[]): readonly string[] =>
  lists.find((list) => list !== undefined && list.length > 0) ?? [];

/** What counts: what is seen on this node now, what was given, what the cluster tells, what was known before. */
export const combineFacts = (
  given: GivenFacts,
  seen: { readonly nodeAddresses: readonly string[] },
  remembered: RememberedFacts | undefined,
  learned: LearnedFacts = {},
): Facts => {
  const known = remembered ?? noFacts;
  const nodeName = given.nodeName ?? known.nodeName;
  const runtime = given.runtime ?? learned.runtime ?? known.runtime;
  // A version belongs to its runtime: of another one than before nothing is remembered.
  const before = runtime === known.runtime ? known.containerdVersion : undefined;
  const containerdVersion = given.containerdVersion ?? learned.containerdVersion ?? before;
  const heldImages = learned.heldImages ?? known.heldImages;
  return {
    nodeAddresses: firstKnown(seen.nodeAddresses, given.nodeAddresses, known.nodeAddresses),
    controlPlane: firstKnown(given.controlPlane, learned.controlPlane, known.controlPlane),
    labels: learned.labels ?? known.labels,
    ...(heldImages === undefined ? {} : { heldImages }),
    secrets: given.secrets,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(containerdVersion === undefined ? {} : { containerdVersion }),
  };
};

export const rememberable = ({ secrets: _, ...facts }: Facts): RememberedFacts => facts;

/** The configuration in force, and what it asks for. */
export type Configuration = {
  readonly choice: () => ConfigChoice;
  readonly settings: () => Settings;
  readonly desired: (facts: Facts) => Desired | undefined;
  /** Looks at what is mounted now; true when something about it is new. */
  readonly reload: () => boolean;
  /** A change has been seen that may not be whole yet: when to look again, on the steady clock. */
  readonly lookAgainAt: () => number | undefined;
};

/** An editor truncates a file and writes it in pieces: a change counts when it has stood still for this long. */
const settleMs = 200;

export type ConfigurationDeps = {
  readonly mounted: () => Mounted | undefined;
  readonly stored: StoredConfig | undefined;
  readonly store: (stored: StoredConfig) => void;
  readonly tools: Tools;
  readonly clock?: () => number;
};

const keyOf = (mounted: Mounted | undefined): string => {
  if (mounted === undefined) return 'defaults';
  return mounted.kind === 'text'
    ? mounted.sha256
    : `${mounted.kind}:${mounted.kind === 'error' ? mounted.message : ''}`;
};

/** Keeps the last good configuration in force; templates are parsed once for each configuration. */
export const createConfiguration = (deps: ConfigurationDeps): Configuration => {
  let stored = deps.stored;
  let seen: string | undefined;
  let choice: ConfigChoice | undefined;
  let pending: { readonly key: string; readonly since: number } | undefined;
  let prepared: { readonly config: Config; readonly render: (facts: Facts) => Desired } | undefined;

  const reload = (): boolean => {
    const mounted = deps.mounted();
    const key = keyOf(mounted);
    if (key === seen && choice !== undefined) {
      pending = undefined;
      return false;
    }
    if (choice !== undefined && deps.clock !== undefined) {
      const now = deps.clock();
      if (pending?.key !== key) pending = { key, since: now };
      if (now - pending.since < settleMs) return false;
    }
    pending = undefined;
    seen = key;
    choice = chooseConfig(mounted, stored);
    if (choice.store !== undefined) {
      stored = choice.store;
      deps.store(choice.store);
    }
    const { config } = choice;
    const options = deps.clock === undefined ? deps.tools : { ...deps.tools, clock: deps.clock };
    prepared = config === undefined ? undefined : { config, render: prepare(config, options) };
    return true;
  };

  const current = (): ConfigChoice => {
    if (choice === undefined) reload();
    if (choice === undefined) throw new Error('no configuration was chosen');
    return choice;
  };

  return {
    reload,
    lookAgainAt: () => (pending === undefined ? undefined : pending.since + settleMs),
    choice: current,
    settings: () => current().config?.settings ?? defaultSettings,
    desired: (facts) => {
      current();
      return prepared?.render(facts);
    },
  };
};

export const planSettings = (settings: Settings): PlanSettings => ({
  preserve: settings.preserve,
  orphanAfterMs: settings.handoff.orphanAfter,
  gate: settings.gate,
  deadlyFiles: settings.deadlyFiles,
});

/** Problems of configuration and templates that are in force or refused, errors first. */
export const inputProblems = (choice: ConfigChoice, desired: Desired | undefined): readonly Problem[] => [
  ...choice.problems,
  ...(desired?.problems ?? []),
  ...[...(desired?.units.values() ?? [])].flatMap((unit) => unit.problems),
];
