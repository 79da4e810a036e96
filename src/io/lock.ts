import { statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pause } from '../pause.ts';
import { codeOf } from './disk/files.ts';

/** The right to write below certs.d: one holder in a network namespace. It never keeps the process alive by itself. */
export type Lock = {
  /** `false` only when the wait for it was aborted. */
  readonly held: boolean;
  /** Another directory stands in the place of the one that is locked: somebody else may hold that. */
  readonly isOutdated: () => boolean;
  /** Gives it back; whoever waits gets it at once. Calling it again gives the same promise. */
  readonly close: () => Promise<void>;
};

export type Holder =
  | { readonly state: 'free' }
  /** The pid is that of the holder's own PID namespace. */
  | { readonly state: 'answers'; readonly pid: number }
  /** Something holds it and does not say who: stopped (SIGSTOP), or none of ours. */
  | { readonly state: 'silent' };

export type AcquireOptions = {
  /** The directory that certs.d lies in; it must exist. */
  readonly parent: string;
  readonly signal: AbortSignal;
  /** Called when the wait begins, and again when what is known of the holder changes. */
  readonly onWaiting?: (holder: string) => void;
};

/** How long a holder may take to say its pid, and how often a waiting one asks for it. */
const answerMs = 1_000;
const askAgainMs = 5_000;

/**
 * An abstract socket: no file to be left behind, free at once when its holder dies. It lives in the network namespace,
 * so two agents exclude each other only when both are on the host network, which is where agents run.
 */
const nameOf = (parent: string): string => {
  const { dev, ino } = statSync(parent, { bigint: true });
  return `\0handspegel:${dev}:${ino}`;
};

/** As long as nothing stands there, nobody can hold it. */
const isOutdated = (name: string, parent: string): boolean =>
  statSync(parent, { throwIfNoEntry: false }) !== undefined && nameOf(parent) !== name;

const holdWith = (server: Server, connections: ReadonlySet<Socket>, parent: string, name: string): Lock => {
  let closing: Promise<void> | undefined;
  return {
    held: true,
    isOutdated: () => isOutdated(name, parent),
    close: () => {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.destroy();
      });
      return closing;
    },
  };
};

/** `undefined`: somebody else holds it. */
const listen = (parent: string, name: string): Promise<Lock | undefined> =>
  new Promise((resolve, reject) => {
    const connections = new Set<Socket>();
    const server = createServer((connection) => {
      connections.add(connection);
      connection.unref();
      // A waiter that goes is none of our business.
      connection.on('error', () => connection.destroy());
      connection.on('close', () => connections.delete(connection));
      connection.resume();
      connection.write(`${process.pid}\n`);
    });
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') resolve(undefined);
      else reject(new Error(`cannot take the lock of certs.d: ${error.message}`, { cause: error }));
    });
    server.listen(name, () => {
      server.unref();
      // Failing to accept one (EMFILE) is no reason to give up what is held.
      server.on('error', () => undefined);
      resolve(holdWith(server, connections, parent, name));
    });
  });

/** ECONNREFUSED: nobody listens. EAGAIN: so many wait that the holder cannot be asking them. */
const isFree = (error: unknown): boolean => codeOf(error) === 'ECONNREFUSED';

/** Who holds it, within `timeoutMs`. */
const ask = (name: string, timeoutMs: number): Promise<Holder> =>
  new Promise((resolve, reject) => {
    const connection = connect(name);
    let line = '';
    const done = (holder: Holder): void => {
      clearTimeout(timer);
      resolve(holder);
      connection.destroy();
    };
    const timer = setTimeout(() => done({ state: 'silent' }), timeoutMs);
    connection.setEncoding('utf8');
    connection.on('data', (text: string) => {
      line += text;
      const [pid] = line.split('\n');
      if (line.includes('\n')) done(Number(pid) > 0 ? { state: 'answers', pid: Number(pid) } : { state: 'silent' });
      else if (line.length > 100) done({ state: 'silent' });
    });
    connection.on('close', () => done({ state: 'free' }));
    connection.on('error', (error) => {
      if (isFree(error) || codeOf(error) === 'ECONNRESET') done({ state: 'free' });
      else if (codeOf(error) === 'EAGAIN') done({ state: 'silent' });
      else {
        clearTimeout(timer);
        reject(new Error(`cannot ask who holds the lock of certs.d: ${error.message}`, { cause: error }));
      }
    });
  });

/** Resolves when the holder is gone, or the signal is aborted. */
const untilGone = (name: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const connection = connect(name);
    const stop = (): void => {
      connection.destroy();
    };
    connection.on('close', () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    // Always followed by `close`; the next try to listen says what is the matter.
    connection.on('error', stop);
    connection.resume();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });

const describe = (holder: Holder): string =>
  holder.state === 'answers' ? `pid ${holder.pid}` : 'a process that does not answer (is it stopped?)';

/** Says who holds it whenever that changes, until it is aborted. */
const tellHolder = async (name: string, tell: (holder: string) => void, signal: AbortSignal): Promise<void> => {
  let told = '';
  while (!signal.aborted) {
    const holder = await ask(name, answerMs);
    if (signal.aborted) return;
    if (holder.state !== 'free' && describe(holder) !== told) {
      told = describe(holder);
      tell(told);
    }
    await pause(askAgainMs, signal);
  }
};

/** Takes the lock, or waits for it; when the signal is aborted first, what it resolves with is not held. */
export const acquireLock = async ({ parent, signal, onWaiting }: AcquireOptions): Promise<Lock> => {
  const name = nameOf(parent);
  const waited = new AbortController();
  let telling: Promise<void> | undefined;
  try {
    while (!signal.aborted) {
      const lock = await listen(parent, name);
      if (lock !== undefined) return lock;
      telling ??= tellHolder(name, onWaiting ?? (() => undefined), AbortSignal.any([signal, waited.signal]));
      const began = performance.now();
      await Promise.race([untilGone(name, signal), telling]);
      // A holder with a full queue refuses at once: not to be asked a thousand times a second.
      if (performance.now() - began < 1) await pause(10, signal);
    }
    return { held: false, isOutdated: () => false, close: () => Promise.resolve() };
  } finally {
    waited.abort();
    await telling;
  }
};

/** For the command line: the lock, or `undefined` when somebody else holds it now. */
export const tryLock = (parent: string): Promise<Lock | undefined> => listen(parent, nameOf(parent));

/** Who holds the lock: also a stopped holder holds it, silently. */
export const probeHolder = (parent: string, timeoutMs: number): Promise<Holder> => ask(nameOf(parent), timeoutMs);
