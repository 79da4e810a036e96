import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { textOf } from '../core/error-text.ts';
import {
  type Answer,
  connectionRefused,
  type Judged,
  judgeAnswer,
  judgeLate,
  probeStopped,
} from '../core/gate/judge-answer.ts';
import { codeOf } from './disk/files.ts';
import { startLimit } from './net/limit.ts';

/** What one request to a mirror saw. */
export type ProbeSample = Judged & {
  /** Of the last answer that came, redirects included. */
  readonly status?: number;
  readonly latencyMs: number;
};

export type ProbeOptions = {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  /** For the complete answer, redirects included, in milliseconds. */
  readonly timeoutMs: number;
  /** Sent to the host of `url` only, never to where it redirects, and never in the clear after TLS. */
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM; for `https:` only, as are the next three. */
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly skipVerify?: boolean;
  readonly signal?: AbortSignal;
};

type HttpAnswer = Answer & { readonly location: string | undefined };
/** How far it has come, what is under way, and what ended it before its time. */
type Course = {
  connected: boolean;
  status: number | undefined;
  asking: ClientRequest | undefined;
  ended: Judged | undefined;
};

const longestBody = 1024 * 1024;
/** Go's client, and containerd's own check, stop at the tenth redirect. */
const mostRequests = 10;
/** These say something of this process, not of the mirror. */
const localCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EACCES', 'EPERM']);

/** OpenSSL's own words, without where in its sources they were said and what to tell Node.js. */
const plainly = (text: string): string => {
  const tls = /:SSL routines:[^:]*:([^:\n]+)/.exec(text)?.[1];
  return tls === undefined ? text.replace(/; if the root CA is installed locally.*$/s, '') : `TLS: ${tls}`;
};

const judgeError = (error: unknown, { connected }: Course): Judged => {
  const code = codeOf(error);
  const detail = plainly(textOf(error)) || code;
  if (connected || localCodes.has(code)) return { kind: 'erroring', detail };
  // The kernel gave up on its own, long after containerd's clients would have to.
  if (code === 'ETIMEDOUT') return { kind: 'timeout', detail };
  // Told at once that there is no way: no listener, no route, no such name.
  return code === 'ECONNREFUSED' ? connectionRefused : { kind: 'refused', detail };
};

const readAnswer = (response: IncomingMessage, course: Course): Promise<HttpAnswer> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (complete: boolean): void =>
      resolve({
        status: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        location: response.headers.location,
        body: Buffer.concat(chunks),
        complete,
      });
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= longestBody) return;
      done(true);
      response.destroy();
    });
    // To a body without a length, the end of our patience looks like its own.
    response.on('end', () => done(response.complete && course.ended === undefined));
    response.on('error', () => done(false));
    response.on('close', () => done(false));
  });

const askOnce = (options: ProbeOptions, url: URL, course: Course): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    course.connected = false;
    course.status = undefined;
    const { ca, cert, key, skipVerify } = options;
    const tls = {
      rejectUnauthorized: skipVerify !== true,
      ...(ca === undefined ? {} : { ca: [ca].flat() }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    // TLS costs memory and time to load: only where it is spoken.
    const send = url.protocol === 'https:' ? process.getBuiltinModule('node:https').request : httpRequest;
    const first = new URL(options.url);
    const own = url.host === first.host && (url.protocol === 'https:' || first.protocol === 'http:');
    const headers = { 'user-agent': 'handspegel', ...(own ? options.headers : {}) };
    const asking = send(url, { method: options.method ?? 'GET', headers, agent: false, ...tls }, (response) => {
      course.status = response.statusCode;
      void readAnswer(response, course).then(resolve);
    });
    course.asking = asking;
    asking.on('socket', (socket: Socket) => {
      const connected = (): void => {
        course.connected = true;
      };
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    // Nobody asked for another protocol. Without this no event tells that the request is over.
    asking.on('upgrade', (response, socket) => {
      course.status = response.statusCode;
      socket.destroy();
      reject(new Error(`answers ${response.statusCode}`));
    });
    // Once an answer has begun, how it ends is told by its body.
    asking.on('error', (error) => {
      if (course.status === undefined) reject(error);
    });
    asking.end();
  });

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** The last answer of a row of redirects; what cannot be followed is judged by its own status. */
const ask = async (options: ProbeOptions, course: Course): Promise<HttpAnswer> => {
  let url = new URL(options.url);
  for (let requests = 1; ; requests += 1) {
    const answer = await askOnce(options, url, course);
    if (!isRedirect(answer.status) || answer.location === undefined || course.ended !== undefined) return answer;
    if (requests === mostRequests) throw new Error(`more than ${mostRequests - 1} redirects`);
    if (!URL.canParse(answer.location, url.href)) throw new Error('a redirect to no valid address');
    url = new URL(answer.location, url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('a redirect to another scheme');
  }
};

/**
 * One request, as containerd would make it, on a connection of its own, and its whole answer within the time. Resolves
 * with a sample, whatever happens; one that was stopped by `signal` is worth nothing.
 * @throws TypeError when `url` is none, or neither `http:` nor `https:`
 */
export const probeMirror = async (options: ProbeOptions): Promise<ProbeSample> => {
  const { protocol } = new URL(options.url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`cannot probe ${protocol} addresses`);
  const { timeoutMs, signal } = options;
  const began = performance.now();
  const course: Course = { connected: false, status: undefined, asking: undefined, ended: undefined };
  const end = (how: Judged): void => {
    course.ended ??= how;
    course.asking?.destroy();
  };
  const stop = (): void => end(probeStopped);
  const callOff = startLimit(timeoutMs, () => end(judgeLate(course, timeoutMs)));
  signal?.addEventListener('abort', stop, { once: true });
  const judged = async (): Promise<Judged> => {
    if (signal?.aborted === true) return probeStopped;
    try {
      const answer = await ask(options, course);
      // To a body, the end of the time and a stop look like any other break.
      return answer.complete || course.ended === undefined ? judgeAnswer(answer) : course.ended;
    } catch (error) {
      return course.ended ?? judgeError(error, course);
    }
  };
  const sample = await judged();
  callOff();
  signal?.removeEventListener('abort', stop);
  const { status } = course;
  return { ...sample, latencyMs: performance.now() - began, ...(status === undefined ? {} : { status }) };
};
