import { createConnection, type Socket } from 'node:net';
import { hostFromUrl } from '../core/config/context-address.ts';
import { connectionRefused, type Judged, judgeAnswer, judgeLate, probeStopped } from '../core/gate/judge-answer.ts';
import { readPlainAnswer } from '../core/gate/plain-answer.ts';
import { codeOf } from './disk/files.ts';
import { createLimits } from './net/limit.ts';

/** What can be asked over a bare connection, read from its URL once. */
export type PlainTarget = {
  readonly host: string;
  readonly port: number;
  /** Of the connections that may serve each other. */
  readonly origin: string;
  /** Of its request. */
  readonly head: string;
};

/** `undefined`: this needs a whole HTTP client. */
export const plainTarget = (url: URL): PlainTarget | undefined => {
  if (url.protocol !== 'http:' || url.username !== '' || url.password !== '') return undefined;
  return {
    host: hostFromUrl(url.hostname),
    port: Number(url.port || 80),
    origin: url.host,
    head: `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: handspegel\r\n`,
  };
};

export type PlainProbe = {
  readonly target: PlainTarget;
  /** For the complete answer, in milliseconds. */
  readonly timeoutMs: number;
  /** The connection is kept for the next probe: for this node's own ports only, elsewhere it would stick to one pod. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
};

/** What it saw; `other`: an answer that needs a whole HTTP client; `failed`: such a client tells why. */
export type PlainOutcome = (Judged & { readonly status?: number; readonly latencyMs: number }) | 'other' | 'failed';

type Exchange = {
  readonly connected: () => void;
  /** To be copied at once. */
  readonly data: (bytes: Uint8Array) => void;
  readonly ended: (error: Error | undefined) => void;
};
type Connection = { readonly socket: Socket; exchange: Exchange | undefined };

/** `buffer` may be shared by all: what is read is copied before anything else is read. */
const connect = ({ host, port }: PlainTarget, buffer: Uint8Array): Connection => {
  const callback = (length: number): boolean => {
    // Nobody asked.
    if (connection.exchange === undefined) socket.destroy();
    else connection.exchange.data(buffer.subarray(0, length));
    return true;
  };
  const socket = createConnection({ host, port, onread: { buffer, callback } });
  const connection: Connection = { socket, exchange: undefined };
  socket.on('connect', () => connection.exchange?.connected());
  socket.on('error', (error) => connection.exchange?.ended(error));
  socket.on('close', () => connection.exchange?.ended(undefined));
  return connection;
};

/** A node has fewer ports of its own; those of an address that it had are let go. */
const mostKept = 8;
/** An answer to `/v2/` has some hundred bytes. */
const readAtOnce = 16 * 1024;

/**
 * Probes over bare connections, for what is asked all day long: to a process that sleeps in between, one costs a third
 * of one by node:http, which need not even be loaded. Refused connections and plain answers are judged here, the rest is
 * left to `probeMirror`. Never rejects.
 */
export const createPlainProbes = (): ((probe: PlainProbe) => Promise<PlainOutcome>) => {
  const kept = new Map<string, Connection>();
  const buffer = Buffer.allocUnsafeSlow(readAtOnce);
  const startLimit = createLimits();
  const underWay = new WeakMap<AbortSignal, Set<() => void>>();

  /** A listener of each probe's own would cost it as much as its request. */
  const stopsOf = (signal: AbortSignal): Set<() => void> => {
    const known = underWay.get(signal);
    if (known !== undefined) return known;
    const stops = new Set<() => void>();
    underWay.set(signal, stops);
    signal.addEventListener('abort', () => {
      for (const stop of stops) stop();
    });
    return stops;
  };

  const take = ({ origin }: PlainTarget): Connection | undefined => {
    const found = kept.get(origin);
    kept.delete(origin);
    return found?.socket.readyState === 'open' ? found : undefined;
  };

  const keepOpen = ({ origin }: PlainTarget, connection: Connection): void => {
    const [oldest] = kept.keys();
    const surplus = kept.has(origin) ? origin : kept.size === mostKept ? oldest : undefined;
    if (surplus !== undefined) {
      kept.get(surplus)?.socket.destroy();
      kept.delete(surplus);
    }
    // For good: what is asked is waited for by its time limit.
    connection.socket.unref();
    kept.set(origin, connection);
  };

  const ask = (probe: PlainProbe, reused: Connection | undefined): Promise<PlainOutcome> =>
    new Promise((resolve) => {
      const { target, timeoutMs, keep, signal } = probe;
      const began = performance.now();
      const connection = reused ?? connect(target, buffer);
      const { socket } = connection;
      const progress = { connected: false, status: undefined as number | undefined };
      let bytes: Uint8Array = new Uint8Array(0);
      let needed = 0;
      const done = (outcome: Judged | 'other' | 'failed', keepsAlive = false): void => {
        callOff();
        stops.delete(stop);
        connection.exchange = undefined;
        if (keep && keepsAlive) keepOpen(target, connection);
        else socket.destroy();
        const { status } = progress;
        const seen = { latencyMs: performance.now() - began, ...(status === undefined ? {} : { status }) };
        resolve(typeof outcome === 'string' ? outcome : { ...outcome, ...seen });
      };
      const stops = stopsOf(signal);
      const stop = (): void => done(probeStopped);
      const callOff = startLimit(timeoutMs, () => done(judgeLate(progress, timeoutMs)));
      connection.exchange = {
        connected: () => {
          progress.connected = true;
          socket.write(`${target.head}Connection: ${keep ? 'keep-alive' : 'close'}\r\n\r\n`);
        },
        data: (more) => {
          bytes = Buffer.concat([bytes, more]);
          if (bytes.length < needed) return;
          const read = readPlainAnswer(bytes);
          if (read.kind === 'other') return done('other');
          if (read.kind === 'more') {
            needed = read.bytes;
            progress.status = read.status;
            return;
          }
          progress.status = read.answer.status;
          done(judgeAnswer(read.answer), read.keepsAlive);
        },
        ended: (error) => {
          if (!progress.connected && codeOf(error) === 'ECONNREFUSED') done(connectionRefused);
          else done('failed');
        },
      };
      if (signal.aborted) return stop();
      stops.add(stop);
      if (reused !== undefined) connection.exchange.connected();
    });

  return (probe) => {
    const reused = probe.keep ? take(probe.target) : undefined;
    if (reused === undefined) return ask(probe, undefined);
    // A kept connection that the other side had closed: a new one tells what is really the matter.
    return ask(probe, reused).then((outcome) => (outcome === 'failed' ? ask(probe, undefined) : outcome));
  };
};
