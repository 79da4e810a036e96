import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

/** What one request to a mirror saw, judged as in design.md's table of verdicts. */
export type ProbeSample = {
  readonly kind: 'up' | 'refused' | 'erroring' | 'timeout' | 'hung' | 'wrong';
  readonly status?: number;
  readonly latencyMs: number;
  /** For people; never holds a header of the request. */
  readonly detail: string;
};

export type ProbeOptions = {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  /** For the complete answer, redirects included, in milliseconds. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly skipVerify?: boolean;
  /** Keeps the connection for the next probe: for this node's own ports only, elsewhere it would stick to one pod. */
  readonly keepAlive?: boolean;
  readonly signal?: AbortSignal;
};

const longestBody = 1024 * 1024;
const mostRedirects = 10;
const keptHttp = new HttpAgent({ keepAlive: true, maxSockets: 1, timeout: 60_000 });
const keptHttps = new HttpsAgent({ keepAlive: true, maxSockets: 1, timeout: 60_000 });

type Answer = {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  readonly location: string | undefined;
};

/** The answer was cut off: a mirror that does this breaks pulls. */
class BrokenBody extends Error {
  override readonly name = 'BrokenBody';
}

const looksLikeHtml = (answer: Answer): boolean =>
  /^text\/html\b|^application\/xhtml/i.test(answer.type) ||
  /^\s*<(?:!doctype|html|head|body)\b/i.test(answer.body.subarray(0, 512).toString('latin1'));

const readAnswer = (response: IncomingMessage): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= longestBody) chunks.push(chunk);
      else response.destroy();
    });
    const done = (): void =>
      resolve({
        status: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        body: Buffer.concat(chunks),
        location: response.headers.location,
      });
    response.on('end', () => (response.complete ? done() : reject(new BrokenBody('the body broke off'))));
    response.on('error', (error) =>
      length > longestBody ? done() : reject(new BrokenBody(`the body broke off: ${error.message}`)),
    );
  });

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

const judge = (answer: Answer): { readonly kind: ProbeSample['kind']; readonly detail: string } => {
  const { status } = answer;
  if (status === 401) return { kind: 'up', detail: 'answers 401: it wants credentials' };
  if (status === 200)
    return looksLikeHtml(answer)
      ? { kind: 'wrong', detail: 'answers 200 with a web page' }
      : { kind: 'up', detail: 'answers 200' };
  return { kind: 'erroring', detail: `answers ${status}` };
};

type Progress = { connected: boolean; answering: boolean };

/** One request on a new connection, as containerd would make it; resolves with a sample, whatever happens. */
export const probeMirror = async (options: ProbeOptions): Promise<ProbeSample> => {
  const began = performance.now();
  const latencyMs = (): number => performance.now() - began;
  const progress: Progress = { connected: false, answering: false };
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  try {
    const answer = await follow(options, signal, progress);
    return { ...judge(answer), status: answer.status, latencyMs: latencyMs() };
  } catch (error) {
    return { ...failure(error, limit.aborted, progress, options.timeoutMs), latencyMs: latencyMs() };
  }
};

const failure = (
  error: unknown,
  late: boolean,
  progress: Progress,
  timeoutMs: number,
): { readonly kind: ProbeSample['kind']; readonly detail: string } => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (late) {
    return progress.connected
      ? { kind: 'hung', detail: `connected, but no complete answer in ${timeoutMs} ms` }
      : { kind: 'timeout', detail: `no connection in ${timeoutMs} ms` };
  }
  if (error instanceof BrokenBody || progress.answering) return { kind: 'wrong', detail: message };
  if (code === 'ECONNREFUSED') return { kind: 'refused', detail: 'connection refused' };
  if (['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code) && !progress.connected)
    return { kind: 'timeout', detail: message };
  return { kind: 'erroring', detail: message };
};

const follow = async (options: ProbeOptions, signal: AbortSignal, progress: Progress): Promise<Answer> => {
  let url = new URL(options.url);
  for (let hops = 0; ; hops++) {
    const answer = await ask(options, url, hops === 0, signal, progress);
    if (!isRedirect(answer.status) || answer.location === undefined) return answer;
    if (hops === mostRedirects) throw new Error(`more than ${mostRedirects} redirects`);
    if (!URL.canParse(answer.location, url.href)) throw new Error('a redirect to no valid address');
    url = new URL(answer.location, url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('a redirect to another scheme');
  }
};

const ask = (
  options: ProbeOptions,
  url: URL,
  first: boolean,
  signal: AbortSignal,
  progress: Progress,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const kept = options.keepAlive === true ? (secure ? keptHttps : keptHttp) : false;
    // Headers of the file go to their own host only, never to where it redirects.
    const headers = first ? { ...options.headers } : {};
    const tls = {
      ...(options.ca === undefined ? {} : { ca: [...options.ca] }),
      ...(options.cert === undefined ? {} : { cert: options.cert }),
      ...(options.key === undefined ? {} : { key: options.key }),
      rejectUnauthorized: options.skipVerify !== true,
    };
    const settings = { method: options.method ?? 'GET', headers, agent: kept, signal, ...(secure ? tls : {}) };
    const onResponse = (response: IncomingMessage): void => {
      progress.answering = true;
      readAnswer(response).then((answer) => {
        progress.answering = false;
        resolve(answer);
      }, reject);
    };
    const asking = secure ? httpsRequest(url, settings, onResponse) : httpRequest(url, settings, onResponse);
    asking.on('socket', (socket: Socket) => {
      if (!socket.connecting) progress.connected = true;
      else socket.once('connect', () => (progress.connected = true));
    });
    asking.on('error', reject);
    asking.end();
  });
