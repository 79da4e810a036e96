import type { LearnedFacts } from './core/cluster-facts.ts';
import type { Config } from './core/config/config.ts';
import {
  type ConfigChoice,
  type ConfigState,
  chooseConfig,
  type StoredConfig,
  stateKey,
} from './core/config/config-choice.ts';
import type { ToldConfigMap } from './core/config/config-map.ts';
import { type ConfigOrder, caughtUp, shownByMount, toldByWatch } from './core/config/config-order.ts';
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
  /** Looks at what is mounted, and was told, now; true when something about it is new. */
  readonly reload: () => boolean;
  /** A change has been seen that may not be whole yet: when to look again, on the steady clock. */
  readonly lookAgainAt: () => number | undefined;
};

/** What the watch on the ConfigMap has told last. */
export type Watched = {
  /** `undefined`: nothing yet. */
  readonly told: ToldConfigMap | undefined;
  readonly connected: boolean;
  /** Why changes do not come by it, where that has lasted. */
  readonly why: string | undefined;
};

export const nothingWatched: Watched = { told: undefined, connected: false, why: undefined };

/** An editor truncates a file and writes it in pieces: a change counts when it has stood still for this long. */
const settleMs = 200;

/** Several times what kubelet's mount ever runs behind. */
const mountLagMs = 600_000;

export type ConfigurationDeps = {
  readonly mounted: () => ConfigState | undefined;
  readonly watched: () => Watched;
  readonly stored: StoredConfig | undefined;
  readonly store: (stored: StoredConfig) => void;
  readonly tools: Tools;
  readonly clock: () => number;
};

const identityOf = (state: ConfigState | undefined): string =>
  state?.kind === 'error' ? `error:${state.message}` : stateKey(state);

/** What is mounted, once it has stood still. */
const createSettled = (look: () => ConfigState | undefined, clock: () => number) => {
  let settled: { readonly state: ConfigState | undefined } | undefined;
  let pending: { readonly key: string; readonly since: number } | undefined;
  return {
    look: (): ConfigState | undefined => {
      const state = look();
      const key = identityOf(state);
      if (settled === undefined || identityOf(settled.state) === key) {
        settled = { state };
        pending = undefined;
        return state;
      }
      if (pending?.key !== key) pending = { key, since: clock() };
      if (clock() - pending.since < settleMs) return settled.state;
      settled = { state };
      pending = undefined;
      return state;
    },
    lookAgainAt: (): number | undefined => (pending === undefined ? undefined : pending.since + settleMs),
  };
};

/** Keeps the last good configuration in force; templates are parsed once for each configuration. */
export const createConfiguration = (deps: ConfigurationDeps): Configuration => {
  const { tools, clock } = deps;
  const mount = createSettled(deps.mounted, clock);
  let stored = deps.stored;
  let order: ConfigOrder = stored?.order ?? [];
  let orderedAt = clock();
  let heard: ToldConfigMap | undefined;
  let seen: string | undefined;
  let choice: ConfigChoice | undefined;
  let prepared: { readonly config: Config; readonly render: (facts: Facts) => Desired } | undefined;

  const orderNow = (mounted: ConfigState | undefined, { told, connected }: Watched): ConfigOrder => {
    // Once: what the mount brought since, while the watch was away, is newer.
    const known = told === undefined || told === heard ? order : toldByWatch(order, stateKey(told.state));
    heard = told;
    // What cannot be read is trouble on this node, no state of the configuration.
    if (mounted?.kind === 'error') return known;
    const shown = shownByMount(known, stateKey(mounted), connected);
    return clock() - orderedAt < mountLagMs ? shown : caughtUp(shown, stateKey(mounted));
  };

  const reload = (): boolean => {
    const mounted = mount.look();
    const watched = deps.watched();
    const next = orderNow(mounted, watched);
    const key = `${identityOf(mounted)}\n${watched.told === undefined ? '' : identityOf(watched.told.state)}\n${next.join()}`;
    if (key === seen && choice !== undefined) return false;
    if (next.join() !== order.join()) orderedAt = clock();
    seen = key;
    order = next;
    choice = chooseConfig({ mounted, watched: watched.told?.state, stored, order });
    if (choice.store !== undefined) {
      stored = choice.store;
      deps.store(choice.store);
    }
    const { config } = choice;
    prepared = config === undefined ? undefined : { config, render: prepare(config, { ...tools, clock }) };
    return true;
  };

  const current = (): ConfigChoice => {
    if (choice === undefined) reload();
    if (choice === undefined) throw new Error('no configuration was chosen');
    return choice;
  };

  return {
    reload,
    lookAgainAt: mount.lookAgainAt,
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
  mirrorPolicy: settings.policy.mirrors,
});

const unwatched = (why: string): Problem => ({
  code: 'config-map-unwatched',
  severity: 'warning',
  message: `changes of the ConfigMap come by its mount alone, some 60 to 90 s late: ${why}`,
  hint: 'Look at the API server, and at the rights in the chart; nothing else depends on it.',
});

/** Problems of configuration and templates that are in force or refused. */
export const inputProblems = (
  choice: ConfigChoice,
  desired: Desired | undefined,
  watched: Watched = nothingWatched,
): readonly Problem[] => [
  ...choice.problems,
  ...(watched.why === undefined ? [] : [unwatched(watched.why)]),
  ...(desired?.problems ?? []),
  ...[...(desired?.units.values() ?? [])].flatMap((unit) => unit.problems),
];
