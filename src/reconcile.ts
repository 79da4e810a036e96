import { type Change, type Outcome, traces } from './core/change.ts';
import { deadlyNews } from './core/deadly.ts';
import { type Decision, destroys } from './core/decision.ts';
import type { Desired } from './core/desired.ts';
import { textOf } from './core/error-text.ts';
import type { Facts } from './core/facts.ts';
import type { Mirror } from './core/gate/mirror.ts';
import type { MirrorState } from './core/gate/verdict.ts';
import { emptyLedger, type Ledger } from './core/ledger.ts';
import type { Watch } from './core/observe.ts';
import type { Kept } from './core/originals.ts';
import { type Pass, type PassInput, planPass } from './core/pass.ts';
import type { PlanBase } from './core/plan.ts';
import { indexOf, type PlanSettings } from './core/plan-input.ts';
import type { RegistryPlan } from './core/plan-registry.ts';
import type { Problem } from './core/problem.ts';
import { recordAfter } from './core/record.ts';
import { planRelease } from './core/release.ts';
import type { JournalRecord } from './core/status.ts';
import type { Tell } from './core/telemetry.ts';
import type { Tools } from './core/tools.ts';
import { registryOf, type Tree } from './core/tree.ts';
import { createPassNotes } from './pass-notes.ts';
import { createRehearsal, type RehearsalPorts } from './rehearsal.ts';
import { createStandstill } from './standstill.ts';

/** What the loop needs of the outside; each is met by one file of io. */
export type Ports = {
  readonly now: () => number;
  readonly iso: (steady: number) => string;
  /** Throws when certs.d as a whole cannot be read. */
  readonly readTree: (previous: Tree | undefined) => Tree;
  /** `standing`: what must still stand in certs.d just before each change; kept as the changes leave it. */
  readonly apply: (changes: readonly Change[], standing: Set<string>) => Outcome;
  /** Throws when the state directory cannot be written. */
  readonly save: (kept: Kept) => void;
  readonly journal: (records: readonly JournalRecord[]) => void;
  readonly probe: (mirrors: readonly Mirror[]) => void;
  readonly mirrors: () => ReadonlyMap<string, MirrorState>;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly tools: Tools;
  /** For metrics. */
  readonly tell?: Tell;
} & RehearsalPorts;

/** What counts today; `desired` is undefined as long as there is no valid configuration. */
export type Intent = {
  readonly desired: Desired | undefined;
  readonly facts: Facts;
  readonly settings: PlanSettings;
  readonly releasing: boolean;
};

export type PassResult = {
  readonly decisions: readonly Decision[];
  readonly waitingFor: string | undefined;
  /** Problems of this pass: what could not be read, written or remembered. */
  readonly problems: readonly Problem[];
  /** Everything that was to be done has been done. */
  readonly applied: boolean;
  /** Only after `releasing`: nothing of ours is left. */
  readonly released: boolean;
  readonly lookAgainAt: number | undefined;
  /** First files wait for their mirrors' answers. */
  readonly asking: boolean;
  readonly changed: readonly string[];
};

export type Reconciler = {
  readonly pass: (intent: Intent) => PassResult;
  /** When `rehearse` makes the next pass quicker; `undefined`: it would not. */
  readonly rehearsalAt: () => number | undefined;
  /** Prepares the pass that is waited for. Changes nothing below certs.d. */
  readonly rehearse: (intent: Intent) => void;
  readonly ledger: () => Ledger;
  readonly setLedger: (ledger: Ledger) => void;
};

const retryAfterMs = 2_000;
/** Many writes take a while; by then Spegel may have begun to clear, and must be seen before the next one. */
const lookAgainAfterMs = 250;

const failure = (code: string, message: string, hint: string): Problem => ({ code, severity: 'error', message, hint });

const nothing: PassResult = {
  decisions: [],
  waitingFor: undefined,
  problems: [],
  applied: false,
  released: false,
  lookAgainAt: undefined,
  asking: false,
  changed: [],
};

/**
 * THE loop's body: observe -> plan -> apply -> remember. Level-triggered; a pass is synchronous, so passes never overlap,
 * and what a plan saw is checked once more just before each rename.
 */
export const createReconciler = (ports: Ports, remembered: Ledger | undefined): Reconciler => {
  let ledger = remembered ?? emptyLedger;
  let watch: Watch | undefined;
  const own = new Map<string, 'gone' | 'there' | Uint8Array>();
  let saved: Ledger | undefined = remembered;
  let storeAll = false;
  let vital: ReadonlyMap<string, Uint8Array> = new Map();
  const object = (sha256: string): Uint8Array | undefined => vital.get(sha256) ?? ports.tools.object(sha256);
  const tools: Tools = { ...ports.tools, object };
  const notes = createPassNotes(ports);
  const rehearsal = createRehearsal(ports);
  const standstill = createStandstill<PassResult>();
  /** The moment until which the last pass waits. */
  let awaited: number | undefined;

  /** Bytes that exist nowhere else stay in memory too: a lost state directory is filled again from there. */
  const holdVital = (objects: Kept['objects']): void => {
    const held = new Map<string, Uint8Array>();
    const files = Object.values(ledger.originals).flatMap(({ content }) => (content.kind === 'file' ? [content] : []));
    for (const { sha256 } of [...Object.values(ledger.spegel), ...files]) {
      const bytes = objects.get(sha256) ?? object(sha256);
      if (bytes !== undefined) held.set(sha256, bytes);
    }
    vital = held;
  };

  const save = (objects: Kept['objects']): Problem[] => {
    holdVital(objects);
    if (saved === ledger && objects.size === 0) return [];
    try {
      ports.save({ ledger, objects: storeAll ? new Map([...vital, ...objects]) : objects });
      saved = ledger;
      storeAll = false;
      return [];
    } catch (error) {
      storeAll = true;
      const hint = 'Files stay right, but history and originals are not kept: make the state directory writable.';
      return [failure('state-not-saved', `the state directory cannot be written: ${textOf(error)}`, hint)];
    }
  };

  const applyAll = <D extends Decision>(
    { tree }: PlanBase,
    decisions: readonly D[],
    after: (decision: D, outcome: Outcome) => void,
  ) => {
    const standing = new Set([...tree.entries.keys()].filter((path) => path === registryOf(path)));
    const problems: Problem[] = [];
    const changed: string[] = [];
    let moved = false;
    const lookAgainAfter = ports.now() + lookAgainAfterMs;
    for (const decision of decisions) {
      if (decision.changes.length === 0) continue;
      if (ports.now() > lookAgainAfter) return { problems, changed, moved: true };
      const outcome = ports.apply(decision.changes, standing);
      const made = new Set(outcome.changed);
      for (const change of decision.changes) {
        if (made.has(change.path)) for (const [path, trace] of traces(change)) own.set(path, trace);
      }
      changed.push(...outcome.changed);
      after(decision, outcome);
      for (const { action, reason } of decision.files) {
        if (!['write', 'put-back', 'remove'].includes(action)) continue;
        ports.tell?.({ kind: 'write', registry: decision.registry, reason, result: outcome.result });
      }
      if (outcome.result === 'moved') {
        moved = true;
        if (outcome.clearing) break;
      }
      if (outcome.result === 'failed') {
        problems.push(
          failure('write-failed', `${outcome.path}: ${outcome.error}`, 'The last good file stays; it is tried again.'),
        );
      }
    }
    return { problems, changed, moved };
  };

  const changePhase = (pass: Pass): void => {
    const { phase, reason } = pass.plan.phase;
    if (ledger.phase?.phase === phase) {
      if (ledger.phase.reason !== reason) ledger = { ...ledger, phase: { ...ledger.phase, reason } };
      return;
    }
    const from = ledger.phase?.phase ?? 'start';
    notes.add('phase', `${from} -> ${phase}: ${reason}`);
    ports.tell?.({ kind: 'phase', from, to: phase, reason: pass.plan.phase.cause });
    ledger = { ...ledger, phase: { phase, since: ports.now(), reason } };
  };

  const journalDeadly = (pass: Pass): void => {
    const files = pass.plan.registries.flatMap((made) => made.files);
    const { ledger: next, news } = deadlyNews(ledger, files, pass.base);
    ledger = next;
    for (const { path, detail } of news) notes.add('deadly', detail, path);
  };

  const release = (pass: Pass): PassResult => {
    const made = planRelease({ ...pass.base, index: indexOf(pass.base.tree, pass.base.ledger) });
    if (made.waiting !== undefined) return { ...nothing, waitingFor: made.waiting, lookAgainAt: ports.now() + 250 };
    const { problems, changed, moved } = applyAll(pass.base, made.decisions, notes.writes);
    const released = problems.length === 0 && !moved;
    const lookAgainAt = released ? undefined : ports.now() + (moved ? 50 : retryAfterMs);
    return { ...nothing, decisions: made.decisions, problems, changed, applied: released, released, lookAgainAt };
  };

  const regular = (pass: Pass, before: readonly Problem[]): PassResult => {
    const outcomes: { readonly made: RegistryPlan; readonly outcome: Outcome }[] = [];
    // What could not be stored is not overwritten.
    const safe = before.length === 0 ? pass.plan.registries : pass.plan.registries.filter((made) => !destroys(made));
    const done = applyAll(pass.base, safe, (made, outcome) => {
      outcomes.push({ made, outcome });
      notes.writes(made, outcome);
    });
    ledger = recordAfter(ledger, outcomes, { at: ports.now(), sha256: ports.tools.sha256 });
    changePhase(pass);
    const problems = [...before, ...done.problems];
    const retry = done.moved ? 50 : problems.length > 0 ? retryAfterMs : undefined;
    const times = [pass.lookAgainAt, retry === undefined ? undefined : ports.now() + retry].filter(
      (at) => at !== undefined,
    );
    const asking = pass.plan.registries.some((made) => made.awaitedUntil !== undefined);
    return {
      decisions: pass.plan.registries,
      waitingFor: asking ? 'the mirrors of a first file are asked' : undefined,
      asking,
      problems,
      applied: !asking && done.problems.length === 0 && !done.moved && safe.length === pass.plan.registries.length,
      released: false,
      lookAgainAt: times.length === 0 ? undefined : Math.min(...times),
      changed: done.changed,
    };
  };

  const leavesAll = ({ applied, changed, problems, lookAgainAt }: PassResult): boolean =>
    applied &&
    changed.length === 0 &&
    problems.length === 0 &&
    lookAgainAt === undefined &&
    Object.keys(ledger.fights).length === 0;

  const pass = (intent: Intent): PassResult => {
    const began = ports.now();
    try {
      const result = onePass(intent);
      ports.tell?.({ kind: 'pass', durationMs: ports.now() - began });
      return result;
    } finally {
      rehearsal.end();
      notes.tell();
    }
  };

  const inputOf = (intent: Intent & { readonly desired: Desired }, tree: Tree, now: number): PassInput => ({
    tree,
    watch,
    own: new Map(own),
    desired: intent.desired,
    facts: intent.facts,
    ledger,
    // Probes go on while this is kept.
    mirrors: new Map(ports.mirrors()),
    settings: intent.settings,
    now,
    owner: ports.owner,
    tools,
    storeAll,
  });

  const rehearse = (intent: Intent): void => {
    const { desired } = intent;
    if (awaited === undefined || watch === undefined || desired === undefined || intent.releasing) return;
    rehearsal.rehearse(inputOf({ ...intent, desired }, watch.tree, awaited));
  };

  const onePass = (intent: Intent): PassResult => {
    const { desired } = intent;
    if (desired === undefined) return { ...nothing, waitingFor: 'there is no valid configuration yet' };
    const unreadable = (why: string): PassResult => {
      const problem = failure('certs-dir-unreadable', why, 'Nothing is written until it can be read again.');
      return { ...nothing, problems: [problem], lookAgainAt: ports.now() + retryAfterMs };
    };
    let tree: Tree;
    try {
      tree = ports.readTree(watch?.tree);
    } catch (error) {
      return unreadable(textOf(error));
    }
    // What is no directory says nothing about the files that stood in it.
    if (typeof tree.root === 'object') return unreadable(tree.root.problem);
    const input = inputOf({ ...intent, desired }, tree, ports.now());
    const known = intent.releasing ? undefined : standstill.recall(input);
    if (known !== undefined) return known;
    standstill.end();
    const before = ledger;
    const planned = rehearsal.recall(input) ?? planPass(input);
    awaited = planned.observation.lookAgainAt;
    watch = planned.observation.watch;
    own.clear();
    ledger = planned.kept.ledger;
    if (planned.observation.settled && !intent.releasing) notes.gate(before, planned);
    ports.probe(planned.probe);
    notes.foreign(planned);
    notes.episode(planned);
    journalDeadly(planned);
    const unsaved = save(planned.kept.objects);
    if (!planned.observation.settled) {
      const { waitingFor, lookAgainAt } = planned.observation;
      return { ...nothing, decisions: planned.plan.registries, waitingFor, problems: unsaved, lookAgainAt };
    }
    const result = intent.releasing ? release(planned) : regular(planned, unsaved);
    const after = intent.releasing ? [] : save(new Map());
    const whole = { ...result, problems: [...result.problems, ...after] };
    if (!intent.releasing && leavesAll(whole)) {
      // Samples that came meanwhile are news to the next pass.
      standstill.note({ ...inputOf({ ...intent, desired }, tree, input.now), mirrors: input.mirrors }, whole);
    }
    return whole;
  };

  return {
    pass,
    rehearsalAt: () => (awaited === undefined ? undefined : rehearsal.timeFor(awaited)),
    rehearse,
    ledger: () => ledger,
    setLedger: (next) => {
      ledger = next;
      saved = undefined;
      storeAll = true;
      standstill.end();
    },
  };
};
