import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export type CleanupWait = {
  /** `HOST:PORT`, a headless Service. */
  readonly endpoint: string;
  readonly periodMs?: number;
  readonly threshold?: number;
  /** Told of each round that fails. */
  readonly report: (message: string) => void;
};

/**
 * The last hook `cleanup-wait`: every pod behind the name must answer, three rounds in a row.
 * Source: Wait in internal/cleanup/cleanup.go (v0.4.0 to v0.7.4).
 */
export async function waitForCleanup(options: CleanupWait): Promise<void> {
  const { endpoint, periodMs = 2_000, threshold = 3, report } = options;
  const colon = endpoint.lastIndexOf(':');
  const [host, port] = [endpoint.slice(0, colon), endpoint.slice(colon + 1)];
  const round = async (): Promise<void> => {
    const found = await lookup(host, { all: true });
    await Promise.all(
      found.map(async ({ address }) => {
        const url = `http://${isIPv6(address) ? `[${address}]` : address}:${port}/readyz`;
        const { status } = await fetch(url, { signal: AbortSignal.timeout(1_000) });
        if (status !== 200) throw new Error(`${url}: ${status}`);
      }),
    );
  };
  for (let successes = 0; ; ) {
    try {
      await round();
      successes += 1;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      report(error.message);
      successes = 0;
    }
    if (successes === threshold) return;
    await setTimeout(periodMs);
  }
}
