import type { LearnedFacts } from './core/cluster-facts.ts';
import { type ConfigChoice, type ConfigState, chooseMounted } from './core/config/config-choice.ts';
import { chooseCertsDir } from './core/config/settings-certs-dir.ts';
import type { Desired } from './core/desired.ts';
import type { Facts } from './core/facts.ts';
import type { Mirror } from './core/gate/mirror.ts';
import { emptyLedger, type Ledger } from './core/ledger.ts';
import { sameBytes } from './core/marker.ts';
import type { Problem } from './core/problem.ts';
import { secretValues } from './core/redact.ts';
import type { JournalRecord, Status } from './core/status.ts';
import type { Tell } from './core/telemetry.ts';
import type { Tools } from './core/tools.ts';
import { differencesOf, type FileDifference } from './core/view/differences.ts';
import { type FileVersions, versionsOf } from './core/view/versions.ts';
import {
  type Configuration,
  combineFacts,
  createConfiguration,
  type GivenFacts,
  nothingWatched,
  planSettings,
  rememberable,
  type Watched,
} from './inputs.ts';
import { createApplier } from './io/apply-changes.ts';
import type { Clock } from './io/clock.ts';
import { explain, removeIfEmpty } from './io/disk/files.ts';
import { readTree } from './io/read-tree.ts';
import type { Store } from './io/store.ts';
import { createMemory } from './memory.ts';
import { createNodeStatus } from './node-status.ts';
import type { Prober } from './prober.ts';
import { createReconciler, type Intent, type PassResult, type Reconciler } from './reconcile.ts';
import { createTools } from './tools.ts';

export type NodeOptions = {
  readonly agentVersion: string;
  readonly certsDirFlag: string | undefined;
  readonly stateDir: string;
  readonly given: GivenFacts;
  readonly mounted: () => ConfigState | undefined;
  /** Addresses as the interfaces of the host network have them now. */
  readonly addresses: () => readonly string[];
};

export type NodeDeps = {
  readonly clock: Clock;
  readonly store: Store;
  readonly prober: Prober;
  readonly event: (record: JournalRecord) => void;
  /** For metrics. */
  readonly tell?: Tell;
};

/** One node: its inputs, what is remembered of it, and the loop's body. Nothing in it waits. */
export type Node = {
  readonly certsDir: string;
  readonly configuration: Configuration;
  readonly tools: Tools;
  readonly facts: () => Facts;
  readonly intent: (releasing: boolean) => Intent;
  /** One pass, and a second look right after a change. Whether we are releasing is asked once the configuration of now is read. */
  readonly turn: (isReleasing: () => boolean) => PassResult;
  readonly rehearsalAt: () => number | undefined;
  /** Brings to disk, out of sight, what the pass that is waited for will most likely write. */
  readonly rehearse: (isReleasing: () => boolean) => void;
  readonly status: () => Status;
  /** What of the state directory is damaged, or may not be read. */
  readonly stateProblems: () => readonly Problem[];
  /** Those of the status, credentials redacted. */
  readonly problems: () => readonly Problem[];
  readonly ledger: () => Ledger;
  readonly secrets: () => readonly string[];
  /** What the cluster tells of this node; the next pass goes by it. */
  readonly learn: (facts: LearnedFacts) => void;
  /** What the watch on the ConfigMap tells, and how it fares; the next pass goes by it. */
  readonly hear: (watched: Watched) => void;
  readonly watched: () => Watched;
  /** Changes something in the state directory; false when it cannot, which is a problem of the status then. */
  readonly tryState: (what: string, act: () => void) => boolean;
  /** Forgets everything: after a release only the file `released` is left. */
  readonly forget: () => void;
  readonly setLedger: (ledger: Ledger) => void;
  /** What stands beside what the last look wanted, credentials redacted. */
  readonly differences: () => readonly FileDifference[];
  readonly versions: (path?: string) => readonly FileVersions[];
  /** First files wait for their mirrors' answers. */
  readonly isAsking: () => boolean;
  /** Mirrors that the last look wants to hear of. */
  readonly toProbe: () => readonly Mirror[];
  /** Until a moment on the steady clock, at most a second. */
  readonly wait: (until: number | undefined) => Promise<void>;
  /** Reads again what is remembered: until the lock was ours, its last holder may have written there. */
  readonly reopen: () => void;
  /** Removes what an earlier run left unfinished; what cannot be removed now is tried again with each pass. */
  readonly sweep: () => void;
  /** Makes the directory that certs.d lies in; false when it cannot, which is a problem of the status then. */
  readonly ensureParent: () => boolean;
};

/** Where this node's certs.d lies, and what is odd about that. */
const placeOf = (options: NodeOptions, choice: ConfigChoice) =>
  chooseCertsDir({
    flag: options.certsDirFlag,
    preset: choice.config?.settings.certsDir.preset,
    helmValues: choice.config?.chart.containerdRegistryConfigPath,
  });

export const createNode = (options: NodeOptions, deps: NodeDeps): Node => {
  const { clock, store, prober } = deps;
  const iso = (steady: number): string => new Date(steady).toISOString();
  const memory = createMemory(store, options.stateDir, deps.event);
  const tools = createTools({ agentVersion: options.agentVersion, object: (sha256) => store.getObject(sha256) });
  const place = placeOf(options, chooseMounted(options.mounted(), memory.configuration()));
  const certsDir = place.path;
  let last: PassResult | undefined;
  let ready = false;
  let placeProblem: Problem | undefined;
  let wanted: readonly Mirror[] = [];
  let learned: LearnedFacts = {};
  let watched = nothingWatched;
  let toldErrors: ReadonlySet<string> = new Set();

  const openConfiguration = (): Configuration =>
    createConfiguration({
      mounted: options.mounted,
      watched: () => watched,
      stored: memory.configuration(),
      store: memory.setConfiguration,
      tools,
      clock: clock.now,
    });
  let configuration = openConfiguration();

  const applier = createApplier({ certsDir });
  const facts = (): Facts =>
    combineFacts(options.given, { nodeAddresses: options.addresses() }, memory.facts(), learned);

  const boot = (ledger: Ledger | undefined): Reconciler =>
    createReconciler(
      {
        now: clock.now,
        iso,
        readTree: (previous) => readTree(certsDir, previous),
        apply: applier.apply,
        save: memory.saveLedger,
        prepareKept: memory.prepareLedger,
        prepareChanges: applier.prepare,
        discard: () => {
          store.discard();
          applier.discard();
        },
        journal: memory.journal,
        probe: (mirrors) => {
          wanted = mirrors;
          prober.watch(mirrors);
        },
        mirrors: prober.states,
        owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
        tools,
        ...(deps.tell === undefined ? {} : { tell: deps.tell }),
      },
      ledger,
    );
  let reconciler = boot(memory.ledger());

  const intent = (releasing: boolean): Intent => {
    const known = facts();
    return {
      desired: configuration.desired(known),
      facts: known,
      settings: planSettings(configuration.settings()),
      releasing,
    };
  };

  /** Directories that had to be made for certs.d to stand go again with us: `.` is certs.d itself. */
  const noteMade = (): void => {
    const ledger = reconciler.ledger();
    const made = applier.madeDirectories().map((path) => (path === certsDir ? '.' : path));
    const fresh = made.filter((path) => !ledger.made.includes(path));
    if (fresh.length > 0) reconciler.setLedger({ ...ledger, made: [...ledger.made, ...fresh] });
  };

  /** What was remembered there is remembered anew when the state directory went. */
  const noticeLoss = (): void => {
    if (!memory.isLost()) return;
    const detail = `${options.stateDir} was removed or replaced: what is known is kept anew, history and originals are lost`;
    memory.journal([{ at: iso(clock.now()), event: 'state-lost', detail }]);
    reconciler.setLedger(reconciler.ledger());
  };

  const tryPlace = (act: () => void): boolean => {
    try {
      act();
      placeProblem = undefined;
    } catch (error) {
      const hint = 'It is tried again; the last good files stay.';
      placeProblem = { code: 'write-failed', severity: 'error', message: explain(error), hint };
    }
    return placeProblem === undefined;
  };
  const sweep = (): boolean => {
    memory.sweep();
    return tryPlace(applier.sweep);
  };

  const isKept = (result: PassResult): boolean =>
    memory.isKept() && result.problems.every(({ code }) => code !== 'state-not-saved');

  /** Each error of a template once, as long as it stays. */
  const tellErrors = (desired: Desired | undefined): void => {
    const found = new Map<string, string>();
    for (const { registry, problems: all } of desired?.units.values() ?? []) {
      for (const { severity, code, message } of all) {
        if (severity === 'error') found.set(`${registry} ${code} ${message}`, registry);
      }
    }
    for (const [key, template] of found) if (!toldErrors.has(key)) deps.tell?.({ kind: 'render-error', template });
    toldErrors = new Set(found.keys());
  };

  const turn = (isReleasing: () => boolean): PassResult => {
    noticeLoss();
    if (placeProblem !== undefined) sweep();
    configuration.reload();
    const releasing = isReleasing();
    const now = intent(releasing);
    tellErrors(now.desired);
    if (!releasing) {
      memory.keepConfiguration();
      memory.keepFacts(rememberable(now.facts));
    }
    let result = reconciler.pass(now);
    // What was just written is read back as containerd will see it; a second change would be a bug, not a loop.
    if (result.changed.length > 0 && result.applied && !result.released) {
      noteMade();
      const again = reconciler.pass(now);
      result = {
        ...again,
        problems: [...result.problems, ...again.problems],
        changed: [...result.changed, ...again.changed],
      };
    }
    if (isKept(result)) memory.noteFilled();
    last = result;
    if (result.applied && now.desired !== undefined) ready = true;
    return result;
  };

  const { status, problems } = createNodeStatus({
    agentVersion: options.agentVersion,
    certsDir,
    now: clock.now,
    iso,
    configuration: () => configuration,
    facts,
    watched: () => watched,
    ledger: () => reconciler.ledger(),
    mirrors: prober.states,
    ready: () => ready,
    last: () => last,
    journal: memory.recent,
    problems: () => [...place.problems, ...memory.problems(), ...(placeProblem === undefined ? [] : [placeProblem])],
  });

  const forget = (): void => {
    const { made } = reconciler.ledger();
    const above = made.map((path) => (path === '.' ? certsDir : path)).filter((path) => path.startsWith('/'));
    sweep();
    for (const path of [...applier.madeDirectories(), ...above].sort((a, b) => b.length - a.length))
      removeIfEmpty(path);
    memory.tryState('nothing but the release', () => store.removeAll(['released']));
    reconciler = boot(emptyLedger);
    memory.forget();
  };

  const reopen = (): void => {
    configuration = openConfiguration();
    memory.reopen();
    reconciler = boot(memory.ledger());
  };

  return {
    certsDir,
    get configuration() {
      return configuration;
    },
    tools,
    facts,
    intent,
    turn,
    rehearsalAt: () => reconciler.rehearsalAt(),
    rehearse: (isReleasing) => reconciler.rehearse(intent(isReleasing())),
    status,
    stateProblems: memory.damage,
    problems,
    ledger: () => reconciler.ledger(),
    secrets: () => secretValues(options.given.secrets),
    learn: (facts) => {
      learned = { ...learned, ...facts };
    },
    hear: (news) => {
      watched = news;
    },
    watched: () => watched,
    tryState: memory.tryState,
    forget,
    setLedger: (ledger) => reconciler.setLedger(ledger),
    differences: () => {
      const { entries } = readTree(certsDir);
      const bytesAt = (path: string): Uint8Array | undefined => {
        const seen = entries.get(path);
        return seen?.kind === 'file' ? seen.bytes : undefined;
      };
      const files = (last?.decisions ?? []).flatMap((decision) => decision.files);
      const other = files.filter(({ path, bytes }) => {
        const stands = bytesAt(path);
        return bytes !== undefined && (stands === undefined || !sameBytes(stands, bytes));
      });
      return differencesOf(other, bytesAt, secretValues(options.given.secrets));
    },
    versions: (path) => versionsOf(reconciler.ledger(), iso, path),
    isAsking: () => last?.asking ?? false,
    toProbe: () => wanted,
    wait: (until) => clock.sleep(Math.min(Math.max((until ?? clock.now()) - clock.now(), 0), 1_000)),
    reopen,
    sweep,
    ensureParent: () => tryPlace(applier.ensureParent),
  };
};
