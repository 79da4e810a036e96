import { rmdirSync } from 'node:fs';
import type { LearnedFacts } from './core/cluster-facts.ts';
import {
  type ConfigChoice,
  type ConfigState,
  chooseMounted,
  readStored,
  type StoredConfig,
} from './core/config/config-choice.ts';
import { controlPlaneOf } from './core/config/context-mirrors.ts';
import { chooseCertsDir } from './core/config/settings-certs-dir.ts';
import type { Decision } from './core/decision.ts';
import type { Desired } from './core/desired.ts';
import type { Facts } from './core/facts.ts';
import { isTakenOut } from './core/gate/file-gate.ts';
import type { Mirror } from './core/gate/mirror.ts';
import { referencedObjects } from './core/history.ts';
import { emptyLedger, type Ledger } from './core/ledger.ts';
import { sameBytes } from './core/marker.ts';
import type { Problem } from './core/problem.ts';
import { redactProblem, secretValues } from './core/redact.ts';
import { fileStatus, type JournalRecord, mirrorStatus, nodeStatus, phaseStatus, type Status } from './core/status.ts';
import type { Tell } from './core/telemetry.ts';
import type { Tools } from './core/tools.ts';
import { differencesOf, type FileDifference } from './core/view/differences.ts';
import { type FileVersions, versionsOf } from './core/view/versions.ts';
import {
  type Configuration,
  combineFacts,
  createConfiguration,
  type GivenFacts,
  inputProblems,
  nothingWatched,
  planSettings,
  type RememberedFacts,
  rememberable,
  type Watched,
} from './inputs.ts';
import { createApplier } from './io/apply-changes.ts';
import type { Clock } from './io/clock.ts';
import { explain } from './io/disk/files.ts';
import { readTree } from './io/read-tree.ts';
import type { Store } from './io/store.ts';
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
  /** One pass, and a second look right after a change. Asked once the configuration of this moment is known. */
  readonly turn: (isReleasing: () => boolean) => PassResult;
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

const asLedger = (value: unknown): Ledger | undefined => {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) return undefined;
  return { ...emptyLedger, ...(value as Partial<Ledger>) };
};

const asFacts = (value: unknown): RememberedFacts | undefined =>
  typeof value === 'object' && value !== null && 'nodeAddresses' in value ? (value as RememberedFacts) : undefined;

const journalShown = 50;

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
  const damage: Problem[] = [];
  const readState = <T>(name: string, as: (value: unknown) => T | undefined): T | undefined => {
    const read = store.readJson(name);
    if (read.kind === 'missing') return undefined;
    const value = read.kind === 'value' ? as(read.value) : undefined;
    if (value !== undefined) return value;
    if (read.kind === 'unreadable') {
      const hint = 'Run this as root, to know what the agent remembers.';
      damage.push({
        code: 'state-unreadable',
        severity: 'warning',
        message: read.reason,
        hint,
        file: options.stateDir,
      });
      return undefined;
    }
    const reason = read.kind === 'damaged' ? read.reason : 'it holds something that this version does not understand';
    const hint = 'What it remembered is lost; files on disk speak for themselves.';
    const message = `${name}: ${reason}`;
    damage.push({ code: 'state-damaged', severity: 'warning', message, hint, file: options.stateDir });
    return undefined;
  };
  const tools = createTools({ agentVersion: options.agentVersion, object: (sha256) => store.getObject(sha256) });
  const place = placeOf(options, chooseMounted(options.mounted(), readState('config.json', readStored)));
  const certsDir = place.path;
  let remembered = readState('facts.json', asFacts);
  let storedFacts: string | undefined = JSON.stringify(remembered);
  let recent: readonly JournalRecord[] = store.readJournal(journalShown);
  let last: PassResult | undefined;
  let ready = false;
  let stateProblem: Problem | undefined;
  let placeProblem: Problem | undefined;
  let wanted: readonly Mirror[] = [];
  let statePlace = store.place();
  let learned: LearnedFacts = {};
  let watched = nothingWatched;
  let toldErrors: ReadonlySet<string> = new Set();

  const tryState = (what: string, act: () => void): boolean => {
    try {
      act();
      stateProblem = undefined;
    } catch (error) {
      const message = `${what} is not kept: ${error instanceof Error ? error.message : String(error)}`;
      stateProblem = {
        code: 'state-not-saved',
        severity: 'error',
        message,
        hint: 'Make the state directory writable.',
      };
    }
    return stateProblem === undefined;
  };

  // Kept by a pass only: whoever just looks, waits for another agent or is released writes nothing.
  let inForce: StoredConfig | undefined;
  let isStored = true;
  const storeConfiguration = (): void => {
    if (isStored || inForce === undefined) return;
    tryState('the configuration', () => {
      store.writeJson('config.json', inForce);
      isStored = true;
    });
  };

  const openConfiguration = (): Configuration =>
    createConfiguration({
      mounted: options.mounted,
      watched: () => watched,
      stored: readState('config.json', readStored),
      store: (stored) => {
        inForce = stored;
        isStored = false;
      },
      tools,
      clock: clock.now,
    });
  let configuration = openConfiguration();

  const applier = createApplier({ certsDir });
  const journal = (records: readonly JournalRecord[]): void => {
    recent = [...recent, ...records].slice(-journalShown);
    tryState('the journal', () => store.appendJournal(records));
    for (const record of records) deps.event(record);
  };

  const facts = (): Facts => combineFacts(options.given, { nodeAddresses: options.addresses() }, remembered, learned);

  const rememberFacts = (now: Facts): void => {
    remembered = rememberable(now);
    const text = JSON.stringify(remembered);
    // What could not be kept before is tried again here, so that the problem goes when the disk is well.
    if (text === storedFacts && stateProblem === undefined) return;
    tryState('what is known of the node', () => {
      store.writeJson('facts.json', remembered);
      storedFacts = text;
    });
  };

  const boot = (ledger: Ledger | undefined): Reconciler =>
    createReconciler(
      {
        now: clock.now,
        iso,
        readTree: (previous) => readTree(certsDir, previous),
        apply: applier.apply,
        save: (kept) => {
          store.putObjects([...kept.objects.values()]);
          store.writeJson('ledger.json', kept.ledger);
          store.sweepObjects(referencedObjects(kept.ledger));
        },
        journal,
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
  let reconciler = boot(readState('ledger.json', asLedger));

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
    const place = store.place();
    if (statePlace === undefined || (statePlace === place && place !== 'gone')) return;
    statePlace = place === 'gone' ? undefined : place;
    const detail = `${options.stateDir} was removed or replaced: what is known is kept anew, history and originals are lost`;
    journal([{ at: iso(clock.now()), event: 'state-lost', detail }]);
    isStored = false;
    storedFacts = undefined;
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
  const sweep = (): boolean => tryPlace(applier.sweep);

  const isKept = (result: PassResult): boolean =>
    stateProblem === undefined && result.problems.every(({ code }) => code !== 'state-not-saved');

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
      storeConfiguration();
      rememberFacts(now.facts);
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
    // While nothing can be kept, a directory that is gone is no news.
    if (statePlace === undefined && isKept(result)) statePlace = store.place();
    last = result;
    if (result.applied && now.desired !== undefined) ready = true;
    return result;
  };

  const problems = (): readonly Problem[] => {
    const choice = configuration.choice();
    const found = [
      ...inputProblems(choice, configuration.desired(facts()), watched),
      ...place.problems,
      ...damage,
      ...(last?.problems ?? []),
      ...(last?.decisions.flatMap((decision) => decision.problems) ?? []),
      ...(stateProblem === undefined ? [] : [stateProblem]),
      ...(placeProblem === undefined ? [] : [placeProblem]),
    ];
    const secrets = secretValues(options.given.secrets);
    return [
      ...new Map(
        found.map((problem) => [`${problem.code} ${problem.message} ${problem.path ?? ''}`, problem]),
      ).values(),
    ].map((problem) => redactProblem(problem, secrets));
  };

  const none: readonly Decision[] = [];
  let told: { readonly decisions: readonly Decision[]; readonly files: Status['files'] } | undefined;
  /** The same list until the next pass, so that whoever prints it can keep what it printed. */
  const files = (decisions: readonly Decision[]): Status['files'] => {
    if (told?.decisions !== decisions) {
      told = { decisions, files: decisions.flatMap((decision) => decision.files).map(fileStatus) };
    }
    return told.files;
  };

  const status = (): Status => {
    const choice = configuration.choice();
    const known = facts();
    const desired = configuration.desired(known);
    return {
      agentVersion: options.agentVersion,
      pid: process.pid,
      certsDir,
      at: iso(clock.now()),
      phase: phaseStatus(reconciler.ledger(), iso),
      ready,
      waitingFor: last?.waitingFor,
      node: nodeStatus(
        choice.config === undefined ? known : { ...known, controlPlane: controlPlaneOf(choice.config, known) },
      ),
      configuration: { source: choice.source, sha256: choice.sha256, inForce: choice.inForce },
      spegel: {
        mode: desired?.spegel ?? 'unknown',
        reason: desired?.spegelReason ?? 'there is no valid configuration',
      },
      files: files(last?.decisions ?? none),
      gate: configuration.settings().gate,
      mirrors: [...prober.states()].map(([key, state]) =>
        mirrorStatus(state, isTakenOut(reconciler.ledger().gate, key), iso),
      ),
      problems: problems(),
      journal: recent,
    };
  };

  const forget = (): void => {
    const { made } = reconciler.ledger();
    const above = made.map((path) => (path === '.' ? certsDir : path)).filter((path) => path.startsWith('/'));
    sweep();
    for (const path of [...applier.madeDirectories(), ...above].sort((a, b) => b.length - a.length))
      removeIfEmpty(path);
    tryState('nothing but the release', () => store.removeAll(['released']));
    reconciler = boot(emptyLedger);
    remembered = undefined;
    storedFacts = undefined;
    isStored = false;
    recent = [];
  };

  const reopen = (): void => {
    configuration = openConfiguration();
    remembered = readState('facts.json', asFacts);
    storedFacts = JSON.stringify(remembered);
    recent = store.readJournal(journalShown);
    reconciler = boot(readState('ledger.json', asLedger));
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
    status,
    stateProblems: () => damage,
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
    tryState,
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

const removeIfEmpty = (path: string): void => {
  try {
    rmdirSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EBUSY' && code !== 'EEXIST' && code !== 'EROFS')
      throw error;
  }
};
