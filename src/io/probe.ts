import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { textOf } from '../core/error-text.ts';
import { codeOf } from './disk/files.ts';

/** What one request to a mirror saw, judged as in the table of verdicts (design.md, Gate). */
export type ProbeSample = {
  readonly kind: 'up' | 'refused' | 'erroring' | 'timeout' | 'hung' | 'wrong';
  /** Of the last answer that came, redirects included. */
  readonly status?: number;
  readonly latencyMs: number;
  /** For people; never holds a header, a body or a query. */
  readonly detail: string;
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
  /** Keeps connections for the next probe, for this node's own ports only: elsewhere it would stick to one pod. */
  readonly agent?: HttpAgent | HttpsAgent;
  readonly signal?: AbortSignal;
};

type Judged = Pick<ProbeSample, 'kind' | 'detail'>;
type Answer = {
  readonly status: number;
  readonly type: string;
  readonly location: string | undefined;
  readonly body: Buffer;
  /** `false`: the body broke off. */
  readonly complete: boolean;
};
/** How far one request has come. */
type Progress = { connected: boolean; status: number | undefined };

const longestBody = 1024 * 1024;
/** Go's client, and containerd's own check, stop at the tenth redirect. */
const mostRequests = 10;
/** A timer this late means that this process was stopped, and says nothing of the mirror. */
const lateMs = 200;
const mostGraces = 3;

const blank = /^(?:\u{feff}|\s|<!--[\s\S]*?-->)+/u;
/** How a browser knows a page that has no media type (https://mimesniff.spec.whatwg.org). */
const htmlStart =
  /^<(?:!doctype\s+html|html|head|body|title|meta|script|style|iframe|table|div|font|h1|br|a|b|p)(?=[\s>])/i;

const isHtml = ({ type, body }: Answer): boolean =>
  /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(type) ||
  htmlStart.test(body.subarray(0, 4_096).toString('utf8').replace(blank, ''));

const judge = (answer: Answer): Judged => {
  const { status, complete } = answer;
  if (status !== 200 && status !== 401) return { kind: 'erroring', detail: `answers ${status}` };
  if (!complete) return { kind: 'wrong', detail: `answers ${status} with a body that breaks off` };
  if (status === 401) return { kind: 'up', detail: 'answers 401: it wants credentials' };
  return isHtml(answer)
    ? { kind: 'wrong', detail: 'answers 200 with a web page' }
    : { kind: 'up', detail: 'answers 200' };
};

/** These say something of this process, not of the mirror. */
const localCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EACCES', 'EPERM']);

/** OpenSSL's own words, without where in its sources they were said and what to tell Node.js. */
const plainly = (text: string): string => {
  const tls = /:SSL routines:[^:]*:([^:\n]+)/.exec(text)?.[1];
  return tls === undefined ? text.replace(/; if the root CA is installed locally.*$/s, '') : `TLS: ${tls}`;
};

const judgeError = (error: unknown, { connected }: Progress): Judged => {
  const code = codeOf(error);
  const detail = code === 'ECONNREFUSED' ? 'connection refused' : plainly(textOf(error)) || code;
  if (connected || localCodes.has(code)) return { kind: 'erroring', detail };
  // The kernel gave up on its own, long after containerd's clients would have to.
  if (code === 'ETIMEDOUT') return { kind: 'timeout', detail };
  // Told at once that there is no way: no listener, no route, no such name.
  return { kind: 'refused', detail };
};

const judgeLate = ({ connected, status }: Progress, timeoutMs: number): Judged => {
  if (!connected) return { kind: 'timeout', detail: `no connection in ${timeoutMs} ms` };
  const so = status === undefined ? '' : ` (answers ${status}, then stalls)`;
  return { kind: 'hung', detail: `connected, but no complete answer in ${timeoutMs} ms${so}` };
};

const readAnswer = (response: IncomingMessage, signal: AbortSignal): Promise<Answer> =>
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
    response.on('end', () => done(response.complete && !signal.aborted));
    response.on('error', () => done(false));
    response.on('close', () => done(false));
  });

/** A kept connection that the other side had closed: the next one tells what is really the matter. */
const isStale = (error: unknown, reused: boolean): boolean => reused && ['ECONNRESET', 'EPIPE'].includes(codeOf(error));

type Request = {
  readonly options: ProbeOptions;
  readonly send: typeof httpRequest;
  readonly url: URL;
  readonly signal: AbortSignal;
  readonly progress: Progress;
};

const askOnce = (request: Request, agent: ProbeOptions['agent']): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { options, send, url, signal, progress } = request;
    progress.connected = false;
    progress.status = undefined;
    const { ca, cert, key, skipVerify } = options;
    const tls = {
      rejectUnauthorized: skipVerify !== true,
      ...(ca === undefined ? {} : { ca: [ca].flat() }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const first = new URL(options.url);
    const own = url.host === first.host && (url.protocol === 'https:' || first.protocol === 'http:');
    const headers = { 'user-agent': 'handspegel', ...(own ? options.headers : {}) };
    const settings = { method: options.method ?? 'GET', headers, agent: agent ?? false, signal, ...tls };
    const asking = send(url.href, settings, (response) => {
      progress.status = response.statusCode;
      void readAnswer(response, signal).then(resolve);
    });
    asking.on('socket', (socket: Socket) => {
      const connected = (): void => {
        progress.connected = true;
      };
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    // Nobody asked for another protocol. Without this no event tells that the request is over.
    asking.on('upgrade', (response, socket) => {
      progress.status = response.statusCode;
      socket.destroy();
      reject(new Error(`answers ${response.statusCode}`));
    });
    asking.on('error', (error) => {
      if (isStale(error, asking.reusedSocket)) askOnce(request, undefined).then(resolve, reject);
      // Once an answer has begun, how it ends is told by its body.
      else if (progress.status === undefined) reject(error);
    });
    asking.end();
  });

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** The last answer of a row of redirects; what cannot be followed is judged by its own status. */
const ask = async (options: ProbeOptions, signal: AbortSignal, progress: Progress): Promise<Answer> => {
  let url = new URL(options.url);
  for (let requests = 1; ; requests += 1) {
    const agent = requests === 1 ? options.agent : undefined;
    // TLS costs memory and time to load: only where it is spoken.
    const send = url.protocol === 'https:' ? process.getBuiltinModule('node:https').request : httpRequest;
    const answer = await askOnce({ options, send, url, signal, progress }, agent);
    if (!isRedirect(answer.status) || answer.location === undefined || signal.aborted) return answer;
    if (requests === mostRequests) throw new Error(`more than ${mostRequests - 1} redirects`);
    if (!URL.canParse(answer.location, url.href)) throw new Error('a redirect to no valid address');
    url = new URL(answer.location, url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('a redirect to another scheme');
  }
};

/** Aborts after `timeoutMs` in which this process was able to listen. */
const startLimit = (timeoutMs: number) => {
  const limit = new AbortController();
  let timer: NodeJS.Timeout;
  const arm = (graces: number): void => {
    const began = performance.now();
    timer = setTimeout(() => {
      const late = performance.now() - began - timeoutMs > lateMs;
      if (late && graces > 0) arm(graces - 1);
      else limit.abort();
    }, timeoutMs);
  };
  arm(mostGraces);
  return { signal: limit.signal, stop: () => clearTimeout(timer) };
};

/**
 * One request, as containerd would make it, and its whole answer within the time. Resolves with a sample, whatever
 * happens; one that was stopped by `signal` is worth nothing.
 * @throws TypeError when `url` is none, or neither `http:` nor `https:`
 */
export const probeMirror = async (options: ProbeOptions): Promise<ProbeSample> => {
  const { protocol } = new URL(options.url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`cannot probe ${protocol} addresses`);
  const began = performance.now();
  const progress: Progress = { connected: false, status: undefined };
  const limit = startLimit(options.timeoutMs);
  const signal = options.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, options.signal]);
  const judged = async (): Promise<Judged> => {
    try {
      const answer = await ask(options, signal, progress);
      // To a body, the end of the time and a stop look like any other break.
      if (answer.complete || !signal.aborted) return judge(answer);
    } catch (error) {
      if (!signal.aborted) return judgeError(error, progress);
    }
    if (limit.signal.aborted) return judgeLate(progress, options.timeoutMs);
    return { kind: 'erroring', detail: 'the probe was stopped' };
  };
  const sample = await judged();
  limit.stop();
  const { status } = progress;
  return { ...sample, latencyMs: performance.now() - began, ...(status === undefined ? {} : { status }) };
};
