import type { Desired } from './desired.ts';
import type { OwnChanges } from './difference.ts';
import type { Recognise } from './episode.ts';
import type { Facts } from './facts.ts';
import { bearingOf } from './gate/bearing.ts';
import type { Mirror } from './gate/mirror.ts';
import type { MirrorState } from './gate/verdict.ts';
import { recordVersions, referencedObjects } from './history.ts';
import { type Ledger, without } from './ledger.ts';
import { type Observation, observe, type Watch } from './observe.ts';
import type { Kept } from './originals.ts';
import { followOriginals, keepFirstSights } from './originals.ts';
import { mirrorsOf, outsOf } from './pass-mirrors.ts';
import { type Plan, type PlanBase, plan } from './plan.ts';
import type { PlanSettings } from './plan-input.ts';
import { recordBefore } from './record.ts';
import { sameValue } from './same-value.ts';
import { answersTwice, knownSpegel, localMirrors, refusingSince } from './spegel-file.ts';
import { ownerAt, type Survey, surveyOf } from './survey.ts';
import type { Tools } from './tools.ts';
import { registryOf, sameTree, type Tree } from './tree.ts';

export type PassInput = {
  readonly tree: Tree;
  readonly watch: Watch | undefined;
  /** What we changed since the last look. */
  readonly own: OwnChanges;
  readonly desired: Desired;
  readonly facts: Facts;
  readonly ledger: Ledger;
  readonly mirrors: ReadonlyMap<string, MirrorState>;
  readonly settings: PlanSettings;
  readonly now: number;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly tools: Tools;
  /** What the state directory held may be lost: everything that it should hold is to be stored again. */
  readonly storeAll?: boolean;
};

export type Pass = {
  readonly observation: Observation;
  readonly survey: Survey;
  /** What is remembered before anything is changed. */
  readonly kept: Kept;
  /** What would be done; only done when the observation is settled. */
  readonly plan: Plan;
  readonly base: PlanBase;
  /** Mirrors to be probed: of Spegel's files, standing or kept, of ours, and this node's own ports. */
  readonly probe: readonly Mirror[];
  /** When time alone will change the plan. */
  readonly lookAgainAt: number | undefined;
};

/** Does `planPass` go by the same in both, apart from the time and what was seen before? */
export const sameSight = (a: PassInput, b: PassInput): boolean =>
  a.ledger === b.ledger &&
  a.desired === b.desired &&
  a.storeAll === b.storeAll &&
  a.tools === b.tools &&
  a.own.size + b.own.size === 0 &&
  sameValue([a.facts, a.settings, a.owner], [b.facts, b.settings, b.owner]) &&
  bearingOf(a.mirrors) === bearingOf(b.mirrors) &&
  sameTree(a.tree, b.tree);

/** Is it beyond doubt that `planPass` makes the same of both? */
export const sameInput = (a: PassInput, b: PassInput): boolean =>
  a.now === b.now && a.watch === b.watch && sameSight(a, b);

/** Spegel clears in byte order: what is missing went before everything that still stands. */
const looksLikeAClear = ({ tree, ledger }: PassInput): boolean => {
  const known = [
    ...Object.keys(ledger.written),
    ...Object.entries(ledger.originals).flatMap(([path, original]) => (original.state === 'present' ? [path] : [])),
  ];
  const missing = known.filter((path) => !tree.entries.has(path)).map(registryOf);
  const [first] = [...tree.entries.keys()].map(registryOf).sort();
  return first !== undefined && missing.length > 0 && missing.every((registry) => registry <= first);
};

const recogniseBy = (input: PassInput): Recognise => {
  const facts = (tree: Tree) => ({ tree, ledger: input.ledger, tools: input.tools, desired: input.desired });
  return {
    spegel: (tree, path) => ownerAt(path, facts(tree)).writer === 'spegel',
    standIn: (tree, path) => {
      const seen = tree.entries.get(path);
      const owned = ownerAt(path, facts(tree));
      if (owned.writer !== 'ours' && owned.writer !== 'ours-edited') return false;
      return knownSpegel(path, seen, owned, { ...input, tree })?.standIn !== undefined;
    },
    spegelWrites: new Set(
      [...input.desired.units.values()].flatMap(({ registry, policy, files }) => {
        const builtIn = files.some(({ name, source }) => name === 'hosts.toml' && source === 'built-in');
        return policy === 'yield' && builtIn ? [`${registry}/hosts.toml`] : [];
      }),
    ),
    newHere: Object.keys(input.ledger.written).length === 0,
    clearing: looksLikeAClear(input),
    spegelCannotBeAtWork: input.desired.spegel === 'no-mirrors',
  };
};

/** Spegel's files, standing or kept, by path. */
const spegelFiles = (input: PassInput, survey: Survey): ReadonlyMap<string, Uint8Array> => {
  const found = new Map<string, Uint8Array>();
  for (const path of new Set([...survey.keys(), ...Object.keys(input.ledger.spegel)])) {
    const owned = survey.get(path) ?? { writer: 'absent' };
    const known = knownSpegel(path, input.tree.entries.get(path), owned, input);
    if (known !== undefined) found.set(path, known.file.bytes);
  }
  return found;
};

/** When the refusals of some Spegel file will have lasted long enough to make it an orphan. */
const orphanTime = (input: PassInput, files: readonly (readonly string[])[]): number | undefined => {
  const times = files.flatMap((urls) => {
    const since = refusingSince(urls, input.mirrors);
    const at =
      since === undefined || answersTwice(urls, input.mirrors) ? undefined : since + input.settings.orphanAfterMs;
    return at === undefined || at <= input.now ? [] : [at];
  });
  return times.length === 0 ? undefined : Math.min(...times);
};

const merge = (first: Kept, second: Kept): Kept => ({
  ledger: second.ledger,
  objects: new Map([...first.objects, ...second.objects]),
});

/** Nothing is to be stored that is stored already: an unchanged ledger stays the same value, known bytes are left out. */
const onlyNew = (kept: Kept, before: Ledger, storeAll: boolean): Kept => {
  if (storeAll) return kept;
  const known = referencedObjects(before);
  return {
    ledger: sameValue(kept.ledger, before) ? before : kept.ledger,
    objects: new Map([...kept.objects].filter(([sha256]) => !known.has(sha256))),
  };
};

/** Spegel came anew, or has gone: bytes that it wrote before, and that nothing stands in for, are no longer its own. */
const withoutForgotten = (ledger: Ledger, observation: Observation, tree: Tree): Ledger => {
  const how = observation.ended?.how;
  if (how !== 'spegel-wrote' && how !== 'backup-gone') return ledger;
  return {
    ...ledger,
    spegel: without(ledger.spegel, ...Object.keys(ledger.spegel).filter((path) => !tree.entries.has(path))),
  };
};

const follow = (input: PassInput, observation: Observation, survey: Survey): Kept => {
  const { tree, ledger, tools, desired } = input;
  const look = { tree, survey, desired, ledger, tools };
  if (!observation.settled) return keepFirstSights(look);
  const current = withoutForgotten(ledger, observation, tree);
  const followed = followOriginals({
    ...look,
    ledger: current,
    observation,
    first: input.watch === undefined,
    now: input.now,
  });
  return merge(followed, recordVersions(followed.ledger, { tree, survey, at: input.now, tools }));
};

/** One look at the node, thought through: pure, so that agent, dry run and tests share it. */
export const planPass = (input: PassInput): Pass => {
  const { tree, tools, desired } = input;
  const observation = observe(input.watch, { tree, own: input.own, now: input.now }, recogniseBy(input));
  const survey = surveyOf({ tree, ledger: input.ledger, tools, desired });
  const seen = follow(input, observation, survey);
  const spegel = spegelFiles(input, survey);
  const mirrors = mirrorsOf(input, survey, spegel);
  const base: PlanBase = {
    tree,
    survey,
    desired,
    facts: input.facts,
    ledger: seen.ledger,
    observation,
    mirrors: input.mirrors,
    outs: outsOf(input, survey, mirrors.all),
    known: mirrors.standing,
    settings: input.settings,
    now: input.now,
    owner: input.owner,
    tools: { ...tools, object: (sha256) => seen.objects.get(sha256) ?? tools.object(sha256) },
  };
  const made = plan(base);
  const kept = observation.settled ? merge(seen, recordBefore(seen.ledger, made, tools)) : seen;
  const files = [...spegel].map(([path, bytes]) => localMirrors(bytes, registryOf(path), input));
  const times = [observation.lookAgainAt, orphanTime(input, files), made.gateAt].filter((at) => at !== undefined);
  return {
    observation,
    survey,
    kept: onlyNew(kept, input.ledger, input.storeAll ?? false),
    plan: made,
    base,
    probe: mirrors.all,
    lookAgainAt: times.length === 0 ? undefined : Math.min(...times),
  };
};
