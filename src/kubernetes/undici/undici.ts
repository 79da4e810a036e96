import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

// Stands in for npm's undici, of which client-node asks these names: it would cost each node some 5 MB (docs/adr/0005).

/** What a request is made with: certificates, agent, a signal that ends it. */
export type Dispatcher = RequestOptions;

type Options = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher?: Dispatcher;
  readonly signal: AbortSignal;
};

type Answer = { readonly status: number; readonly statusText: string; readonly body: ReadableStream };

/** One request; the body comes as it arrives. Rejects when there is no answer, or a signal is aborted. */
export const fetch = (url: URL, { dispatcher = {}, ...options }: Options): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      const { statusCode = 0, statusMessage = '' } = response;
      resolve({ status: statusCode, statusText: statusMessage, body: Readable.toWeb(response) });
    };
    const signals = [options.signal, dispatcher.signal].filter((signal) => signal !== undefined);
    const all = { ...dispatcher, ...options, signal: AbortSignal.any(signals) };
    const sent = url.protocol === 'http:' ? httpRequest(url, all, answered) : httpsRequest(url, all, answered);
    sent.once('error', reject);
    sent.end();
  });

const missing = (name: string): never => {
  throw new Error(`there is no ${name} of undici here: give the options of node:https as dispatcher`);
};

/** client-node's configuration names it, and makes one only where nobody gives a dispatcher. */
export class Agent {
  constructor() {
    missing('Agent');
  }
}

/** As `Agent`. */
export class ProxyAgent {
  constructor() {
    missing('ProxyAgent');
  }
}
