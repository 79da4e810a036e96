import type { MirrorPolicy } from './config/mirror-policy.ts';
import type { Desired } from './desired.ts';
import type { Facts } from './facts.ts';
import type { Outs } from './gate/standing.ts';
import type { MirrorState } from './gate/verdict.ts';
import type { Ledger } from './ledger.ts';
import type { Observation } from './observe.ts';
import type { Survey } from './survey.ts';
import type { Tools } from './tools.ts';
import { registryOf, type Tree } from './tree.ts';

/** Everything a plan is made from: the same input gives the same plan. */
export type PlanInput = {
  readonly tree: Tree;
  readonly survey: Survey;
  readonly desired: Desired;
  readonly facts: Facts;
  readonly ledger: Ledger;
  readonly observation: Observation;
  readonly mirrors: ReadonlyMap<string, MirrorState>;
  /** Mirrors that the gate holds out, after the last samples. */
  readonly outs: Outs;
  /** Mirrors that a file of ours or Spegel's names already. */
  readonly known: ReadonlySet<string>;
  readonly settings: PlanSettings;
  /** Steady milliseconds since the epoch. */
  readonly now: number;
  /** Who owns files of ours: root in a cluster. */
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly tools: Tools;
  readonly index: RegistryIndex;
};

/** Paths by registry directory, so that a pass is linear in the number of registries. */
export type RegistryIndex = {
  /** Everything that stands but directories. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly originals: ReadonlyMap<string, readonly string[]>;
  /** Somebody's, as the ledger knows them. */
  readonly directories: ReadonlyMap<string, readonly string[]>;
  /** Directories that we made. */
  readonly made: ReadonlySet<string>;
};

const group = (paths: Iterable<string>): ReadonlyMap<string, readonly string[]> => {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const registry = registryOf(path);
    const known = groups.get(registry);
    if (known === undefined) groups.set(registry, [path]);
    else known.push(path);
  }
  return groups;
};

export const indexOf = (tree: Tree, ledger: Ledger): RegistryIndex => ({
  files: group([...tree.entries].flatMap(([path, seen]) => (seen.kind === 'directory' ? [] : [path]))),
  originals: group(Object.keys(ledger.originals)),
  directories: group(Object.keys(ledger.directories)),
  made: new Set(ledger.made),
});

export type PlanSettings = {
  /** Put other people's directories back that Spegel moved away or cleared. */
  readonly preserve: boolean;
  /** How long Spegel's own mirrors must refuse before its file counts as an orphan, in milliseconds. */
  readonly orphanAfterMs: number;
  /** `enforce`: costly mirrors leave the files; `observe`: it is only said; `off`: neither. */
  readonly gate: 'enforce' | 'observe' | 'off';
  /** Somebody's file that would kill containerd: said only, or moved into the originals. */
  readonly deadlyFiles: 'alarm' | 'quarantine';
  /** Where mirrors may lead. */
  readonly mirrorPolicy: MirrorPolicy;
};
