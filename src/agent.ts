import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type ClusterEvent, eventOfProblem, eventOfRecord } from './core/cluster-event.ts';
import type { LearnedFacts } from './core/cluster-facts.ts';
import { readConfigMap } from './core/config/config-map.ts';
import type { Listen } from './core/config/settings-listen.ts';
import type { Explanation } from './core/containerd/explain.ts';
import type { HeldImage } from './core/facts.ts';
import type { Problem } from './core/problem.ts';
import type { JournalRecord, Status } from './core/status.ts';
import { createTelemetryBuffer, type Tell } from './core/telemetry.ts';
import type { FileDifference } from './core/view/differences.ts';
import type { FileVersions } from './core/view/versions.ts';
import { type Check, createChecks } from './health-checks.ts';
import type { Watched } from './inputs.ts';
import type { Clock } from './io/clock.ts';
import type { Lock } from './io/lock.ts';
import type { Log } from './io/log.ts';
import type { Store } from './io/store.ts';
import { lookAround, type Surroundings } from './look-around.ts';
import { untilNextTurn } from './next-turn.ts';
import { createNode, type Node, type NodeOptions } from './node.ts';
import { createProber, type Prober, type ProberDeps } from './prober.ts';
import { createPulse, type Pulse } from './pulse.ts';
import { type CommandRequest, createReleases, handleCommand } from './requests.ts';
import { createRest } from './rest.ts';
import { runTogether } from './task-group.ts';

export type AgentOptions = NodeOptions &
  Surroundings & {
    readonly configPath: string | undefined;
    readonly listen: Listen | undefined;
    readonly adminListen: Listen | undefined;
    /** Of the agent's pod. */
    readonly podUid: string | undefined;
    /** Of the ConfigMap that is watched, for people; `undefined`: none is. */
    readonly configMap: string | undefined;
  };

/** The outside world of an agent; heavy parts are loaded after the first file is written. */
export type AgentDeps = {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly probes: (timeoutMs: () => number, held: () => HeldImage | undefined) => ProberDeps['probe'];
  readonly acquireLock: (parent: string, onWaiting: (holder: string) => void, signal: AbortSignal) => Promise<Lock>;
  readonly loadObservers: () => Promise<Observers>;
  /** Tells the cluster about its Node; must not throw, and waits for nothing. */
  readonly tellCluster?: (event: ClusterEvent) => void;
  /** Learns from the cluster until stopped; must not reject. */
  readonly askCluster?: (hooks: ClusterHooks, signal: AbortSignal) => Promise<void>;
  /** Done once the first pass has been applied, or the node is released; must not reject. */
  readonly afterFirstPass?: (signal: AbortSignal) => Promise<void>;
};

export type ClusterHooks = {
  readonly learn: (facts: LearnedFacts) => void;
  readonly needsControlPlane: () => boolean;
  /** The watched ConfigMap as it is now; `undefined`: there is none. */
  readonly tell: (object: unknown) => void;
  /** Whether its changes would be told now; if not, why, once that has lasted. */
  readonly fares: (connected: boolean, why: string | undefined) => void;
};

export type Observers = {
  readonly watchFiles: (
    places: { certsDir: string; configPath: string | undefined },
    wake: (reason: string) => void,
    report: (message: string) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly serveCommands: (
    handle: (request: CommandRequest) => Promise<unknown>,
    report: (message: string) => void,
    passed: Pulse['next'],
    signal: AbortSignal,
  ) => Promise<void>;
  readonly serveHttp: (state: HttpState, signal: AbortSignal) => Promise<void>;
};

export type HttpState = {
  readonly status: () => Status;
  readonly liveChecks: () => readonly Check[];
  readonly readyChecks: () => readonly Check[];
  /** Where a pull of this image goes, from what lies on disk now. */
  readonly explain: (image: string) => Promise<Explanation | { readonly error: string }>;
  readonly differences: () => readonly FileDifference[];
  readonly versions: (path?: string) => readonly FileVersions[];
  readonly listen: () => Listen;
  readonly adminListen: () => Listen;
  readonly nodeAddress: () => string | undefined;
  /** Waits for the next pass, which any of these may follow; one for each who waits. */
  readonly follow: () => Pulse['next'];
  readonly report: (message: string, problem: boolean) => void;
  /** Hands over everything that is counted, from the start on. */
  readonly telemetry: (listener: Tell) => void;
  readonly now: () => number;
};

/** What a person should look at even when only warnings are kept. */
const isAlarming = ({ event, detail }: JournalRecord): boolean =>
  event === 'alarm' ||
  event === 'deadly' ||
  event === 'flapping' ||
  event === 'state-lost' ||
  (event === 'phase' && /-> (?:conflict|orphaned)/.test(detail));

const passEveryMs = 30_000;
const firstFilesMs = 1_000;
const saveAgainMs = 2_000;
const takeAgainMs = 2_000;

/** Runs the agent until the signal is aborted; resolves when everything has been stopped. */
export const runAgent = async (options: AgentOptions, deps: AgentDeps, signal: AbortSignal): Promise<void> => {
  const { clock, store, log } = deps;
  const pulse = createPulse();
  const followers: Pulse[] = [];
  const follow = (): Pulse['next'] => {
    const follower = createPulse();
    followers.push(follower);
    return follower.next;
  };
  const telemetry = createTelemetryBuffer();
  const applied = Promise.withResolvers<void>();
  /** The first files stand or cannot, or another agent writes. */
  const begun = Promise.withResolvers<void>();
  const waiting = { holder: undefined as string | undefined };
  const prober: Prober = createProber({
    now: clock.now,
    later: clock.later,
    probe: deps.probes(
      () => node.configuration.settings().probe.timeout,
      () => node.facts().heldImages?.[0],
    ),
    changed: () => pulse.wake('probe'),
    pace: () => node.configuration.settings().probe,
    random: Math.random,
    sampled: ({ role }, depth, { verdict, latencyMs }) =>
      telemetry.tell({ kind: 'probe', role, depth, verdict, durationMs: latencyMs }),
    signal,
  });
  const tellCluster = (told: ClusterEvent | undefined): void => {
    if (told === undefined) return;
    // Nothing of it is loaded before the first files stand; a node whose configuration is refused has none to wait for.
    void begun.promise.then(() => {
      if (!signal.aborted) deps.tellCluster?.(told);
    });
  };
  const event = (record: JournalRecord): void => {
    const level = isAlarming(record) ? 'warn' : 'info';
    const [, reason] = record.event.split(':');
    const { phase } = node.ledger().phase ?? {};
    log[level]({ event: record.event, reason, path: record.path, phase }, record.detail);
    tellCluster(eventOfRecord(record));
  };
  const node: Node = createNode(options, { clock, store, prober, event, tell: telemetry.tell });
  const parent = dirname(node.certsDir);

  const state = { lastTurn: clock.now(), holding: false, opened: false, said: new Set<string>() };
  const releases = createReleases(node, store, clock, {
    podUid: options.podUid,
    isWatching: options.configMap !== undefined,
  });

  const sayProblems = (problems: readonly Problem[]): void => {
    const now = new Set<string>();
    for (const problem of problems) {
      const key = `${problem.code} ${problem.message}`;
      now.add(key);
      if (state.said.has(key)) continue;
      const { severity, message, ...rest } = problem;
      log[severity === 'warning' ? 'warn' : severity](rest, message);
      tellCluster(eventOfProblem(problem));
    }
    state.said = now;
  };

  const afterFirstPass = async (stop: AbortSignal): Promise<void> => {
    if (deps.afterFirstPass === undefined) return;
    stop.addEventListener('abort', () => applied.resolve(), { once: true });
    await applied.promise;
    if (!stop.aborted) await deps.afterFirstPass(stop);
  };

  const askCluster = async (stop: AbortSignal): Promise<void> => {
    const learn = (facts: LearnedFacts): void => {
      node.learn(facts);
      pulse.wake('the cluster tells of this node');
    };
    const needsControlPlane = (): boolean =>
      options.given.controlPlane.length === 0 && node.configuration.settings().controlPlane.addresses.length === 0;
    const hear = (news: Partial<Watched>): void => {
      node.hear({ ...node.watched(), ...news });
      releases.look();
      pulse.wake('the watch on the ConfigMap');
    };
    const tell = (object: unknown): void =>
      hear({ told: readConfigMap(object, options.configMap ?? 'ConfigMap', node.tools.sha256) });
    const fares = (connected: boolean, why: string | undefined): void => hear({ connected, why });
    await deps.askCluster?.({ learn, needsControlPlane, tell, fares }, stop);
  };

  /** Gives when to turn again, on the steady clock. */
  const turn = (): number => {
    state.lastTurn = clock.now();
    if (releases.isReleased()) {
      // Nothing will be applied here: nobody shall wait for it.
      applied.resolve();
      return clock.now() + passEveryMs;
    }
    const result = node.turn(releases.isReleasing);
    if (result.released && releases.finish()) {
      log.info({}, 'released: nothing of ours is left; "handspegel resume" takes over again');
    }
    if (result.applied) applied.resolve();
    const problems = node.problems();
    sayProblems(problems);
    const unsaved = problems.some((problem) => problem.code === 'state-not-saved');
    const saveAgainAt = unsaved ? clock.now() + saveAgainMs : undefined;
    const times = [result.lookAgainAt, node.configuration.lookAgainAt(), saveAgainAt].filter((at) => at !== undefined);
    return Math.min(...times, clock.now() + passEveryMs);
  };

  const http: HttpState = {
    status: () => releases.withPhase(node.status()),
    explain: async (image) => (await import('./explain-image.ts')).explainImage(node, image),
    differences: node.differences,
    versions: node.versions,
    ...createChecks(
      {
        now: clock.now,
        lastTurn: () => (state.holding ? state.lastTurn : undefined),
        otherHolder: () => waiting.holder,
        isReleased: releases.isReleased,
        status: node.status,
      },
      passEveryMs,
    ),
    listen: () => options.listen ?? node.configuration.settings().server.listen,
    adminListen: () => options.adminListen ?? node.configuration.settings().server.adminListen,
    nodeAddress: () => node.facts().nodeAddresses[0],
    follow,
    report: (message, problem) => log[problem ? 'warn' : 'info']({}, message),
    telemetry: telemetry.listen,
    now: clock.now,
  };

  // The command line gives up after 5 s.
  const commandDeps = { node, store, releases, prober, clock, patienceMs: 4_000 };
  const handle = async (request: CommandRequest): Promise<unknown> => {
    if (!state.holding && request.command !== 'status') return { ok: false, message: 'another agent holds certs.d' };
    const answer = await handleCommand(request, { ...commandDeps, status: http.status });
    pulse.wake(`command ${request.command}`);
    return answer;
  };

  const onWaiting = (holder: string): void => {
    waiting.holder = holder;
    begun.resolve();
    log.warn({ holder }, 'another agent holds certs.d: waiting for it to end');
  };
  /** The right to write; what it is named after must stand first. Not held when it was stopped meanwhile. */
  const takeLock = async (stop: AbortSignal): Promise<Lock> => {
    while (!node.ensureParent() && !stop.aborted) {
      begun.resolve();
      sayProblems(node.problems());
      await clock.sleep(takeAgainMs, stop);
    }
    const lock = await deps.acquireLock(parent, onWaiting, stop);
    if (stop.aborted) {
      await lock.close();
      return { ...lock, held: false };
    }
    // Its last holder may have written to the state directory.
    if (!state.opened || waiting.holder !== undefined) node.reopen();
    state.opened = true;
    waiting.holder = undefined;
    state.holding = true;
    node.sweep();
    return lock;
  };

  const loop = async (firstLock: Lock, first: number, stop: AbortSignal): Promise<void> => {
    const nextTurn = { node, pulse, now: clock.now, isReleasing: releases.isReleasing };
    const rest = createRest(clock);
    let lock = firstLock;
    let until = first;
    while (!stop.aborted) {
      await untilNextTurn(nextTurn, until, stop);
      if (stop.aborted) break;
      if (lock.isOutdated()) {
        // Another agent may look after the new directory.
        state.holding = false;
        await lock.close();
        lock = await takeLock(stop);
        if (!lock.held) return;
      }
      const began = clock.now();
      until = turn();
      for (const follower of followers) follower.wake('pass');
      await rest.after(began, stop);
    }
    if (node.configuration.settings().onTermination === 'release' && !releases.isReleased()) {
      for (let i = 0; i < 3 && !node.turn(() => true).released; i++);
    }
    await lock.close();
  };

  /** Until all mirrors that files name have answered. A look at each answer would cost hundreds of them their time. */
  const whenAnswered = async (until: number, stop: AbortSignal): Promise<void> => {
    const isOpen = (): boolean =>
      [...prober.states().values()].some(
        ({ mirror, shallow }) => mirror.registries.length > 0 && shallow === undefined,
      );
    while (isOpen() && clock.now() < until && !stop.aborted) await pulse.next(until - clock.now(), stop);
    // An answer that is there already counts, however late this process comes to read it.
    await setImmediate();
  };

  const start = async (stopping: AbortSignal): Promise<void> => {
    const lock = await takeLock(stopping);
    if (!lock.held) return;
    releases.look();
    // The lock may have needed a directory that is not left behind.
    if (releases.isReleased()) node.forget();
    let until = turn();
    // Before a first file is written its mirrors are asked, for half a second at most.
    for (const end = clock.now() + firstFilesMs; node.isAsking() && clock.now() < end && !stopping.aborted; ) {
      await whenAnswered(Math.min(until, end), stopping);
      until = turn();
    }
    begun.resolve();
    log.info({ certsDir: node.certsDir, phase: node.status().phase.phase }, 'first pass');
    const observers = await deps.loadObservers();
    const wake = (reason: string): void => pulse.wake(reason);
    const report = (message: string): void => log.warn({}, message);
    const places = { certsDir: node.certsDir, configPath: options.configPath };
    const passed = follow();
    await runTogether(
      [
        (stop) => loop(lock, until, stop),
        (stop) => lookAround(options, { clock, releases, store, wake }, stop),
        afterFirstPass,
        askCluster,
        (stop) => observers.watchFiles(places, wake, report, stop),
        (stop) => releases.whileNotReleased((inner) => observers.serveCommands(handle, report, passed, inner), stop),
      ],
      stopping,
    );
  };
  // Nothing heavy is loaded before the first file is written, or before it is known that another agent writes.
  const serve = async (stop: AbortSignal): Promise<void> => {
    stop.addEventListener('abort', () => begun.resolve(), { once: true });
    await begun.promise;
    if (stop.aborted) return;
    const observers = await deps.loadObservers();
    await observers.serveHttp(http, stop);
  };
  await runTogether([start, serve], signal);
};

/** Where the command line finds the agent. */
export const socketPath = (stateDir: string): string => join(stateDir, 'agent.sock');
