import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import type { RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { Watch } from '@kubernetes/client-node/dist/watch.js';
import { agentVersion } from '../version.ts';

// The one place that knows client-node. It is imported by path, since named imports of it do not shake.

/** Where the API server is, and how to speak to it: as kubectl is configured, or as a pod is. */
class Connection extends KubeConfig {
  readonly #server: string | undefined;
  readonly #signal: AbortSignal | undefined;

  /** @throws when the configuration cannot be read */
  constructor(server?: string, signal?: AbortSignal) {
    super();
    this.#server = server;
    this.#signal = signal;
    this.loadFromDefault();
  }

  override getCurrentCluster(): Cluster | null {
    const cluster = super.getCurrentCluster();
    if (this.#server === undefined) return cluster;
    return { name: 'given', skipTLSVerify: false, ...cluster, server: this.#server };
  }

  address(): string {
    const address = this.getCurrentCluster()?.server;
    if (address === undefined) throw new Error('no cluster: set KUBECONFIG, or run it in a pod with a ServiceAccount');
    return address;
  }

  async requestOptions(): Promise<RequestOptions> {
    const headers = { 'user-agent': `handspegel/${agentVersion}` };
    // As kubectl does: a CA bundle may hold an intermediate, or the server's own certificate, instead of a root.
    const options: RequestOptions = { headers, allowPartialTrustChain: true };
    if (this.#signal !== undefined) options.signal = this.#signal;
    // Through `kubectl proxy`, which has them, no credentials are needed; in the clear they never travel.
    if (!this.address().startsWith('http:')) await this.applyToHTTPSOptions(options);
    return options;
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const options = await this.requestOptions();
    for (const [name, value] of Object.entries(options.headers ?? {})) context.setHeaderParam(name, String(value));
    context.setDispatcher(options);
  }
}

/** How requests are made; credentials are read again after `forget`, and tokens of a pod every minute in any case. */
export type Authority = {
  /** @throws when the configuration, or a file that it names, cannot be read */
  readonly ask: () => Promise<{ readonly address: string; readonly options: RequestOptions }>;
  readonly forget: () => void;
};

export const createAuthority = (server?: string): Authority => {
  let known: Connection | undefined;
  return {
    ask: async () => {
      // What cannot be read now may be readable at the next request.
      known ??= new Connection(server);
      return { address: known.address(), options: await known.requestOptions() };
    },
    forget: () => {
      known = undefined;
    },
  };
};

/** How a watch ended. */
export type WatchEnd =
  /** By the server, in order. */
  | { readonly kind: 'closed' }
  /** Nothing came for too long: the connection is dead. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export type WatchRequest = {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly opened: () => void;
  /** An event as it came; must not throw. */
  readonly event: (type: string, object: unknown) => void;
  /** How long an answer, and then a sign of life, may take, in milliseconds. */
  readonly answerMs: number;
  readonly silenceMs: number;
};

export type OpenWatch = (request: WatchRequest, signal: AbortSignal) => Promise<WatchEnd>;

const endOf = (error: unknown): WatchEnd => {
  if (error === null || error === undefined) return { kind: 'closed' };
  if (!(error instanceof Error)) return { kind: 'failed', message: 'no reason given' };
  if (error.name === 'TimeoutError') return { kind: 'silent' };
  if ('statusCode' in error && typeof error.statusCode === 'number') {
    return { kind: 'refused', status: error.statusCode, message: error.message };
  }
  return { kind: 'failed', message: error.message };
};

/** One watch, until it ends; credentials are read anew for each. Never rejects. */
export const createWatch =
  (server?: string): OpenWatch =>
  async ({ path, query, opened, event, answerMs, silenceMs }, signal) => {
    const stop = new AbortController();
    const aborted = (): void => stop.abort();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      const watch = new Watch(new Connection(server, stop.signal));
      // client-node reads its limit once before it asks, then at the answer and with all that comes. Its own 30 s would
      // end a quiet watch: bookmarks come once a minute.
      const limits = [answerMs];
      Object.defineProperty(watch, 'requestTimeoutMs', { get: () => limits.pop() ?? silenceMs });
      const ended = Promise.withResolvers<WatchEnd>();
      let isOver = false;
      const done = (error: unknown): void => {
        isOver = true;
        ended.resolve(endOf(error));
      };
      await watch.watch(path, query, event, done);
      if (!isOver) opened();
      return await ended.promise;
    } catch (error) {
      return endOf(error);
    } finally {
      signal.removeEventListener('abort', aborted);
      stop.abort();
    }
  };
