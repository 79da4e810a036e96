import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/core/config/config.ts';
import { openPolicy } from '../../src/core/config/mirror-policy.ts';
import { prepare } from '../../src/core/config/render.ts';
import type { Desired, DesiredUnit, Policy } from '../../src/core/desired.ts';
import { type Facts, noFacts } from '../../src/core/facts.ts';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import { addSample, type MirrorState, newMirrorState, type Verdict } from '../../src/core/gate/verdict.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import type { PlanSettings } from '../../src/core/plan-input.ts';
import type { JournalRecord } from '../../src/core/status.ts';
import type { Tools } from '../../src/core/tools.ts';
import { planSettings } from '../../src/inputs.ts';
import { createApplier } from '../../src/io/apply-changes.ts';
import { readTree } from '../../src/io/read-tree.ts';
import { createReconciler, type Intent, type PassResult, type Reconciler } from '../../src/reconcile.ts';
import { createTools } from '../../src/tools.ts';
import { scratchDirectory } from './directory.ts';

export const nodeIp = '10.1.2.3';
export const spegelMirrors = [`http://${nodeIp}:30020`, `http://${nodeIp}:30021`];

const encoder = new TextEncoder();

/** A template's hosts.toml for one mirror after the other, in Spegel's own style. */
export const hostsText = (...urls: readonly string[]): string =>
  urls.map((url) => `[host.'${url}']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n`).join('\n');

export const unit = (
  registry: string,
  text: string,
  options: { policy?: Policy; files?: Readonly<Record<string, string>>; source?: string } = {},
): DesiredUnit => ({
  registry,
  policy: options.policy ?? (registry === '_default' ? 'yield' : 'hold'),
  policyReason: 'as the test says',
  files: [
    ...Object.entries(options.files ?? {}).map(([name, content]) => ({
      name,
      bytes: encoder.encode(content),
      mode: 0o644,
      source: options.source ?? 'extension:test',
    })),
    { name: 'hosts.toml', bytes: encoder.encode(text), mode: 0o644, source: options.source ?? 'built-in' },
  ],
  prependExisting: false,
  problems: [],
});

export const desiredOf = (units: readonly DesiredUnit[], spegel: Desired['spegel'] = 'adds-mirrors'): Desired => ({
  units: new Map(units.map((one) => [one.registry, one])),
  spegel,
  spegelReason: 'as the test says',
  ports: { host: 30020, node: 30021 },
  ownHosts: new Set([nodeIp, '10.1.2.9']),
  problems: [],
});

export type SimulatedNode = {
  readonly certsDir: string;
  readonly journal: readonly JournalRecord[];
  /** Called with each path just before it is changed. */
  onWrite: (path: string) => void;
  /** What is wanted, unless a document was given. */
  desired: Desired;
  /** A configuration document, as a person writes it; rendered anew at each pass. It must be without errors. */
  configure(document: string): void;
  facts: Facts;
  settings: PlanSettings;
  releasing: boolean;
  now: number;
  /** One pass, now. */
  pass(): PassResult;
  /** Lets time go by; the loop looks whenever it asked to, rehearsed, and at the end, as file events would make it. */
  advance(ms: number): PassResult;
  /** Lets time go by until the pass that is waited for has been rehearsed, if it will be; no pass is made. */
  rehearse(): void;
  /** Every mirror of Spegel's answers like this from now on. */
  mirrorsAre(verdict: Verdict, samples?: number): void;
  /** This one answers otherwise than the others. */
  mirrorIs(url: string, verdict: Verdict, samples?: number): void;
  /** It is asked and has not answered yet. */
  hush(url: string): void;
  /** A new agent process: what it remembers is the ledger, or nothing. It knows no mirror yet. */
  restart(options?: { loseState?: boolean }): void;
  /** Is killed, and started again, the next time it has changed something and would remember that. */
  killAfterWrite(): void;
  /** How often it was restarted. */
  restarts: number;
  /** The state directory is emptied under a running agent, or cannot be written. */
  loseObjects(): void;
  failToSave(fails: boolean): void;
  /** A second pass at the same moment changes nothing. */
  isAtRest(): boolean;
  ledger(): Ledger;
  setLedger(ledger: Ledger): void;
  remove(): void;
};

/** The loop on a real directory, with a clock that only the test moves. */
export const createSimulatedNode = (
  options: { readonly dir?: string; readonly desired?: Desired; readonly gate?: PlanSettings['gate'] } = {},
): SimulatedNode => {
  const dir = options.dir ?? scratchDirectory();
  const certsDir = join(dir, 'certs.d');
  const openApplier = () => createApplier({ certsDir, beforeRename: (path) => node.onWrite(path) });
  let applier = openApplier();
  const objects = new Map<string, Uint8Array>();
  const tools: Tools = createTools({ agentVersion: '0.0.0', object: (sha256) => objects.get(sha256) });
  const journal: JournalRecord[] = [];
  const states = new Map<string, MirrorState>();
  let watched: readonly Mirror[] = [];
  let behaviour: Verdict | undefined;
  const behaviours = new Map<string, Verdict>();
  const hushed = new Set<string>();
  let saved: Ledger | undefined;
  let reconciler: Reconciler;
  let readOnly = false;
  let life: 'lives' | 'dies when it has written' | 'dies at its next save' | 'dead' = 'lives';
  let rendered: ((facts: Facts) => Desired) | undefined;

  const boot = (): Reconciler =>
    createReconciler(
      {
        now: () => node.now,
        iso: (ms) => new Date(ms).toISOString(),
        readTree: (previous) => readTree(certsDir, previous),
        apply: (changes, standing) => {
          if (life === 'dead') throw new Error('killed');
          if (life === 'dies when it has written') life = 'dies at its next save';
          return applier.apply(changes, standing);
        },
        save: (kept) => {
          if (life === 'dies at its next save') life = 'dead';
          if (readOnly || life === 'dead') throw new Error('EROFS');
          saved = kept.ledger;
          for (const [sum, bytes] of kept.objects) objects.set(sum, bytes);
        },
        prepareKept: () => undefined,
        prepareChanges: (changes) => applier.prepare(changes),
        discard: () => applier.discard(),
        journal: (records) => journal.push(...records),
        probe: (mirrors) => {
          watched = mirrors;
        },
        mirrors: () => states,
        owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
        tools,
      },
      saved,
    );

  const wanted = (): Desired => (rendered === undefined ? node.desired : rendered(node.facts));

  const intentNow = (): Intent => {
    const { facts, settings, releasing } = node;
    return { desired: wanted(), facts, settings, releasing };
  };

  const rehearseUntil = (end: number): void => {
    const at = reconciler.rehearsalAt();
    if (at === undefined || at > end) return;
    node.now = Math.max(node.now, at);
    reconciler.rehearse(intentNow());
  };

  const turn = (): PassResult => {
    const intent = intentNow();
    try {
      const result = reconciler.pass(intent);
      if (life !== 'dead') return result;
    } catch (error) {
      if (life !== 'dead') throw error;
    }
    life = 'lives';
    node.restart();
    return reconciler.pass(intent);
  };

  const sample = (count: number, newOnly = false): void => {
    if (behaviour === undefined) return;
    const verdict = behaviour;
    for (const mirror of watched) {
      const { key } = mirror;
      if (newOnly && states.has(key)) continue;
      if (hushed.has(mirror.url)) {
        if (!states.has(key)) states.set(key, newMirrorState(mirror, node.now));
        continue;
      }
      for (let i = 0; i < count; i++) {
        const state = states.get(key) ?? newMirrorState(mirror, node.now);
        const heard = behaviours.get(mirror.url) ?? verdict;
        states.set(key, addSample(state, 'shallow', { verdict: heard, at: node.now, latencyMs: 1, detail: heard }));
      }
    }
  };

  const node: SimulatedNode = {
    certsDir,
    journal,
    onWrite: () => undefined,
    desired:
      options.desired ?? desiredOf([unit('_default', hostsText(`http://${nodeIp}:30020`, 'http://10.1.2.9:30020'))]),
    facts: {
      ...noFacts,
      nodeName: 'n1',
      nodeAddresses: [nodeIp],
      controlPlane: ['10.1.2.9'],
      containerdVersion: '2.2.9',
    },
    settings: {
      preserve: true,
      orphanAfterMs: 600_000,
      gate: options.gate ?? 'off',
      deadlyFiles: 'alarm',
      mirrorPolicy: openPolicy,
    },
    releasing: false,
    now: Date.now(),
    configure: (document) => {
      const { config, problems } = parseConfig(document, 'test');
      if (config === undefined) throw new Error(problems.map((problem) => problem.message).join('\n'));
      rendered = prepare(config, tools);
      node.settings = { ...planSettings(config.settings), gate: options.gate ?? 'off' };
    },
    pass: () => {
      const result = turn();
      const unknown = watched.some(({ key }) => !states.has(key));
      if (!unknown || behaviour === undefined) return result;
      sample(1, true);
      return turn();
    },
    advance: (ms) => {
      const end = node.now + ms;
      let result = node.pass();
      for (let turns = 0; turns < 10_000; turns++) {
        const next = result.lookAgainAt;
        if (next === undefined) break;
        rehearseUntil(Math.min(next, end));
        if (next > end) break;
        node.now = Math.max(node.now + 1, next);
        result = node.pass();
      }
      node.now = end;
      return node.pass();
    },
    rehearse: () => rehearseUntil(Number.POSITIVE_INFINITY),
    mirrorsAre: (verdict, samples = 1) => {
      behaviour = verdict;
      sample(samples);
    },
    mirrorIs: (url, verdict, samples = 1) => {
      behaviours.set(url, verdict);
      hushed.delete(url);
      behaviour ??= 'up';
      sample(samples);
    },
    hush: (url) => {
      hushed.add(url);
      states.delete(url);
    },
    restarts: 0,
    restart: ({ loseState = false } = {}) => {
      node.restarts += 1;
      if (loseState) {
        saved = undefined;
        objects.clear();
      }
      states.clear();
      watched = [];
      applier = openApplier();
      applier.sweep();
      reconciler = boot();
    },
    killAfterWrite: () => {
      life = 'dies when it has written';
    },
    loseObjects: () => {
      objects.clear();
      reconciler.setLedger(reconciler.ledger());
    },
    failToSave: (fails) => {
      readOnly = fails;
    },
    isAtRest: () => {
      let writes = 0;
      const { onWrite } = node;
      node.onWrite = () => {
        writes += 1;
      };
      const result = node.pass();
      node.onWrite = onWrite;
      return writes === 0 && result.changed.length === 0;
    },
    ledger: () => reconciler.ledger(),
    setLedger: (ledger) => reconciler.setLedger(ledger),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
  reconciler = boot();
  return node;
};
