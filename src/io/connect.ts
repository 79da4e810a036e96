import { createConnection } from 'node:net';

/** As a probe tells it. */
export type Refused = { readonly kind: 'refused'; readonly latencyMs: number; readonly detail: string };

/** A sample when the connection is refused at once; `undefined` when a request has to tell more. */
export const isRefused = (url: URL, timeoutMs: number, signal: AbortSignal): Promise<Refused | undefined> =>
  new Promise((resolve) => {
    const began = performance.now();
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = createConnection({ host, port: Number(url.port || 80) });
    const stop = (): void => done(undefined);
    signal.addEventListener('abort', stop, { once: true });
    const done = (sample: Refused | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(sample);
    };
    const timer = setTimeout(() => done(undefined), timeoutMs);
    socket.on('connect', () => done(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      done(
        error.code === 'ECONNREFUSED'
          ? { kind: 'refused', latencyMs: performance.now() - began, detail: 'connection refused' }
          : undefined,
      ),
    );
  });
