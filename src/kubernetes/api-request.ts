import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { createAuthority } from './client.ts';

/** The API server's refusal, with its own words. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Asks the API server and gives the object; throws ApiRefusal for its errors, any other error when it is not reached. */
export type Api = (method: 'GET' | 'PUT' | 'PATCH' | 'POST', path: string, body?: unknown) => Promise<unknown>;

const limitMs = 10_000;

const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) text += part;
  return text;
};

const send = (url: URL, options: RequestOptions, body: string | undefined): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const timed = { ...options, timeout: limitMs };
    const sent = url.protocol === 'http:' ? httpRequest(url, timed, resolve) : httpsRequest(url, timed, resolve);
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url.host} within ${limitMs / 1000} s`)));
    sent.end(body);
  });

const answerOf = async (response: IncomingMessage, request: string): Promise<unknown> => {
  const answer = await textOf(response);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return JSON.parse(answer);
  const said = /"message":\s*("(?:[^"\\]|\\.)*")/.exec(answer)?.[1];
  const words: unknown = said === undefined ? answer.slice(0, 200) : JSON.parse(said);
  throw new ApiRefusal(status, `${request}: ${status} ${String(words)}`);
};

/** As kubectl is configured, or as a pod is; `server` instead of the address said there. */
export const createApi = (server?: string): Api => {
  const authority = createAuthority(server);
  const once = async (method: string, path: string, text: string | undefined): Promise<IncomingMessage> => {
    const { address, options } = await authority.ask();
    const type =
      text === undefined
        ? {}
        : { 'content-type': method === 'PATCH' ? 'application/json-patch+json' : 'application/json' };
    const headers = Object.assign({ accept: 'application/json' }, options.headers, type);
    return send(new URL(path, address), { ...options, method, headers }, text);
  };
  return async (method, path, body) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      let response = await once(method, path, text);
      if (response.statusCode === 401) {
        // A token that was rotated since it was read.
        response.resume();
        authority.forget();
        response = await once(method, path, text);
      }
      return await answerOf(response, `${method} ${path}`);
    } catch (error) {
      // A certificate may have been replaced; after a refusal nothing has to be read again.
      if (!(error instanceof ApiRefusal)) authority.forget();
      throw error;
    }
  };
};
