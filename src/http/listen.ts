import type { FastifyInstance } from 'fastify';
import { textOf } from '../core/error-text.ts';

export type Address = { readonly host: string; readonly port: number };

export type ListenDeps = {
  readonly build: () => FastifyInstance;
  /** Where to listen now; `undefined` while the address is not known yet. */
  readonly address: () => Address | undefined;
  /** Waits until it may be another one, for so many milliseconds at most, or until the signal is aborted. */
  readonly changed: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Said once per change: bound where, or why not. */
  readonly report: (message: string, problem: boolean) => void;
  /** Called once it listens, or could not at the first try. */
  readonly tried?: () => void;
};

const retryMs = 1_000;
/** There is a pass more often. */
const boundMs = 60_000;

const same = (a: Address | undefined, b: Address | undefined): boolean => a?.host === b?.host && a?.port === b?.port;

/**
 * Keeps one listener bound: a port that is taken or an address that goes is said, tried again each second, and bound
 * anew when the address changes. Resolves when the signal is aborted and the server is closed.
 */
export const keepListening = async (deps: ListenDeps, signal: AbortSignal): Promise<void> => {
  let server: FastifyInstance | undefined;
  let bound: Address | undefined;
  let said = '';
  const say = (message: string, problem: boolean): void => {
    if (message !== said) deps.report(message, problem);
    said = message;
  };
  while (!signal.aborted) {
    const wanted = deps.address();
    if (!same(wanted, bound) || (server === undefined && wanted !== undefined)) {
      await server?.close();
      server = undefined;
      bound = undefined;
      if (wanted !== undefined) {
        const next = deps.build();
        try {
          const where = await next.listen({ host: wanted.host, port: wanted.port });
          server = next;
          bound = wanted;
          say(`listening on ${where}`, false);
        } catch (error) {
          await next.close();
          say(`cannot listen on ${wanted.host} port ${wanted.port}: ${textOf(error)}; trying again`, true);
        }
      }
    }
    deps.tried?.();
    await deps.changed(server === undefined ? retryMs : boundMs, signal);
  }
  deps.tried?.();
  await server?.close();
};
