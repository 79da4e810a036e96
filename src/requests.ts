import { findVersion, restoreVersion } from './core/restore.ts';
import type { Status } from './core/status.ts';
import type { Clock } from './io/clock.ts';
import type { Store } from './io/store.ts';
import type { Node } from './node.ts';
import type { Prober } from './prober.ts';

/** What the command line asks of a running agent. */
export type CommandRequest = { readonly command: string; readonly args: Readonly<Record<string, string | undefined>> };

/** What it gets: `ok`, with a sentence for people. */
export type CommandAnswer = { readonly ok: boolean; readonly message: string; readonly data?: unknown };

type State = {
  readonly state: 'releasing' | 'released';
  readonly by: 'command' | 'configuration';
  readonly at: string;
  /** UIDs of the agent's pod, and of the ConfigMap that was there. */
  readonly pod?: string | undefined;
  readonly configMap?: string | undefined;
};

export type ReleaseSources = {
  readonly podUid: string | undefined;
  readonly isWatching: boolean;
};

/** Release and resume: the file `released` in the state directory is the memory of it. */
export type Releases = {
  readonly look: () => void;
  readonly isReleasing: () => boolean;
  readonly isReleased: () => boolean;
  readonly request: () => void;
  /** Everything is given back: that is remembered; false when it cannot be, and it is tried again. */
  readonly finish: () => boolean;
  readonly resume: () => boolean;
  readonly withPhase: (status: Status) => Status;
  /** Runs something now and again after each resume, but never while released. */
  readonly whileNotReleased: (run: (signal: AbortSignal) => Promise<void>, signal: AbortSignal) => Promise<void>;
};

const fileName = 'released';

const asState = (value: unknown): State | undefined =>
  typeof value === 'object' && value !== null && 'state' in value ? (value as State) : undefined;

export const createReleases = (
  node: Node,
  store: Store,
  clock: Clock,
  { podUid, isWatching }: ReleaseSources = { podUid: undefined, isWatching: false },
): Releases => {
  let state: State | undefined;
  const listeners = new Set<() => void>();
  const set = (next: State | undefined): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  const asked = (): boolean => node.configuration.settings().release;
  /** What cannot be read just now (no descriptor left, say) has not changed. */
  const readState = (): State | undefined => {
    try {
      const read = store.readJson(fileName);
      if (read.kind === 'value') return asState(read.value);
      return read.kind === 'missing' ? undefined : state;
    } catch {
      return state;
    }
  };
  const write = (next: State): void => {
    store.writeJson(fileName, next);
    set(next);
  };
  /** The same pod's mount may still be the one from before the field; that of another pod was made later. */
  const endsByConfiguration = ({ pod }: State): boolean => {
    node.configuration.reload();
    const { inForce } = node.configuration.choice();
    if (asked()) return false;
    return inForce === 'watched' || (inForce === 'mounted' && (!isWatching || pod !== podUid));
  };
  const configMapNow = (): string | undefined => node.watched().told?.uid;
  /** For one that was asked for before it was known which ConfigMap there is. */
  const rememberConfigMap = (found: State): void => {
    if (found.configMap !== undefined || configMapNow() === undefined) return;
    try {
      write({ ...found, configMap: configMapNow() });
    } catch {
      // What cannot be kept now is kept at a later look.
    }
  };
  const isOver = (found: State): boolean =>
    found.by === 'configuration'
      ? found.state === 'released' && endsByConfiguration(found)
      : found.configMap !== undefined && (configMapNow() ?? found.configMap) !== found.configMap;
  const look = (): void => {
    const found = readState();
    if (found !== undefined && isOver(found)) {
      // What cannot be removed now is over all the same, and removed at a later look.
      node.tryState('the end of the release', () => store.remove(fileName));
      set(undefined);
      return;
    }
    if (found?.state !== state?.state) set(found);
    if (found?.by === 'command') rememberConfigMap(found);
  };
  const changed = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      listeners.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  const isReleased = (): boolean => state?.state === 'released';
  const by = (): State['by'] => state?.by ?? 'configuration';
  const now = (): Pick<State, 'at' | 'pod' | 'configMap'> => ({
    at: clock.wall().toISOString(),
    pod: podUid,
    configMap: configMapNow() ?? state?.configMap,
  });

  return {
    look,
    isReleased,
    isReleasing: () => state?.state === 'releasing' || asked(),
    request: () => write({ state: 'releasing', by: 'command', ...now() }),
    finish: () => {
      const done: State = { state: 'released', by: by(), ...now() };
      if (!node.tryState('the release', () => store.writeJson(fileName, done))) return false;
      // Whoever serves requests puts its files away first, so that `released` is all that is left.
      set(done);
      node.forget();
      return true;
    },
    resume: () => {
      const was = state !== undefined;
      if (was) store.remove(fileName);
      set(undefined);
      return was;
    },
    withPhase: (status) =>
      isReleased()
        ? { ...status, phase: { phase: 'released', since: state?.at ?? '', reason: `released by ${by()}` }, files: [] }
        : status,
    whileNotReleased: async (run, signal) => {
      while (!signal.aborted) {
        if (isReleased()) {
          await changed(signal);
          continue;
        }
        const inner = new AbortController();
        const stop = (): void => {
          if (isReleased() || signal.aborted) inner.abort();
        };
        listeners.add(stop);
        signal.addEventListener('abort', stop);
        await run(inner.signal);
        listeners.delete(stop);
        signal.removeEventListener('abort', stop);
      }
    },
  };
};

export type CommandDeps = {
  readonly node: Node;
  readonly store: Store;
  readonly releases: Releases;
  readonly prober: Prober;
  readonly status: () => Status;
  readonly clock: Clock;
  /** How long whoever asks waits for an answer. */
  readonly patienceMs: number;
};

export const alreadyReleased: CommandAnswer = { ok: true, message: 'already released: nothing to do' };

/** Release now: mirrors of kept Spegel files are asked first, since a dead Spegel's file does not come back. */
const release = async (deps: CommandDeps): Promise<CommandAnswer> => {
  const { node, releases, prober, status, clock, patienceMs } = deps;
  if (releases.isReleased()) return alreadyReleased;
  const end = clock.now() + patienceMs;
  // Before it is asked for: the loop would go by what was seen some seconds ago.
  await prober.ask(node.toProbe().filter(({ near }) => near));
  releases.request();
  while (clock.now() < end) {
    const result = node.turn(() => true);
    if (result.released && releases.finish()) {
      const files = result.decisions.flatMap((decision) =>
        decision.files.map(({ path, action, detail }) => ({ path, action, detail })),
      );
      return { ok: true, message: 'released: what was there before is there again', data: files };
    }
    await prober.ask(node.toProbe());
    if (result.problems.length > 0) break;
    await node.wait(result.lookAgainAt);
  }
  const why = [status().waitingFor, ...status().problems.map((problem) => problem.message)].filter(
    (one) => one !== undefined,
  );
  return { ok: false, message: `not released yet, it goes on: ${why.join('; ') || 'certs.d changes all the time'}` };
};

const restore = ({ node, store }: CommandDeps, args: CommandRequest['args']): CommandAnswer => {
  const path = args['path'] ?? '';
  const versions = node.ledger().history[path];
  if (versions === undefined)
    return { ok: false, message: `nothing is remembered of ${path}: "handspegel history" lists what is` };
  const version = findVersion(versions, args['version']);
  if (version === undefined)
    return { ok: false, message: `there is no such version of ${path}: "handspegel history ${path}" lists them` };
  const bytes = store.getObject(version.sha256);
  const desired = node.intent(false).desired;
  if (bytes === undefined || desired === undefined)
    return { ok: false, message: `the content of that version is lost` };
  const wish = { path, version, bytes, desired };
  const done = restoreVersion(node.ledger(), wish, { sha256: node.tools.sha256, store: store.putObject });
  if ('error' in done) return { ok: false, message: done.error };
  node.setLedger(done.ledger);
  node.turn(() => false);
  return { ok: true, message: `${path}: version ${version.sha256.slice(0, 12)} is back; ${done.how}` };
};

/** Answers one request of the command line. */
export const handleCommand = async (request: CommandRequest, deps: CommandDeps): Promise<CommandAnswer> => {
  switch (request.command) {
    case 'status':
      return { ok: true, message: '', data: deps.status() };
    case 'release':
      return release(deps);
    case 'resume':
      return deps.releases.resume()
        ? { ok: true, message: 'taken over again' }
        : { ok: true, message: 'not released: nothing to do' };
    case 'restore':
      return restore(deps, request.args);
    default:
      return {
        ok: false,
        message: `the agent does not know the command ${request.command}: is it of another version?`,
      };
  }
};
