import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

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

/** As kubectl is configured, or as a pod is; `server` instead of the address said there. */
export const createApi = (server?: string): Api => {
  let known: KubeConfig | undefined;
  /** What cannot be read now may be readable at the next request. */
  const configuration = (): KubeConfig => {
    if (known !== undefined) return known;
    const config = new KubeConfig();
    config.loadFromDefault();
    known = config;
    return config;
  };
  return async (method, path, body) => {
    const config = configuration();
    const address = server ?? config.getCurrentCluster()?.server;
    if (address === undefined) throw new Error('no cluster: set KUBECONFIG, or run it in a pod with a ServiceAccount');
    // As kubectl does: a CA bundle may hold an intermediate, or the server's own certificate, instead of a root.
    const options: RequestOptions = { method, headers: { accept: 'application/json' }, allowPartialTrustChain: true };
    // Each time anew: tokens rotate. Through `kubectl proxy`, which has them, none are needed; in the clear they never travel.
    if (!address.startsWith('http:')) await config.applyToHTTPSOptions(options);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type =
      text === undefined
        ? {}
        : { 'content-type': method === 'PATCH' ? 'application/json-patch+json' : 'application/json' };
    const headers = Object.assign({}, options.headers, type);
    const response = await send(new URL(path, address), { ...options, headers }, text);
    const answer = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return JSON.parse(answer);
    const said = /"message":\s*("(?:[^"\\]|\\.)*")/.exec(answer)?.[1];
    const words: unknown = said === undefined ? answer.slice(0, 200) : JSON.parse(said);
    throw new ApiRefusal(status, `${method} ${path}: ${status} ${String(words)}`);
  };
};
