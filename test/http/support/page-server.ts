import Fastify, { type FastifyInstance } from 'fastify';
import type { Status } from '../../../src/core/status.ts';
import { addPage } from '../../../src/http/page/add-page.ts';
import { explanation, explanationWithdrawn } from './statuses.ts';

export type PageServer = {
  readonly server: FastifyInstance;
  readonly url: string;
  /** Another status, sent to all who listen. */
  readonly show: (status: Status) => void;
  /** Ends the streams and answers nothing more; or answers again. */
  readonly setAway: (away: boolean) => void;
  /** How many have their ear on the stream. */
  readonly listeners: () => number;
  readonly close: () => Promise<void>;
};

/** The page over a status of the test's own, with a stream of events as the agent sends it. */
export const startPageServer = async (first: Status): Promise<PageServer> => {
  let status = first;
  let away = false;
  const streams = new Set<import('node:http').ServerResponse>();
  const server = Fastify({ forceCloseConnections: true });
  const event = (): string => `event: status\ndata: ${JSON.stringify(status)}\n\n`;
  server.addHook('onRequest', async (_request, reply) => {
    if (away) await reply.code(503).send('away');
  });
  server.get('/api/events', (_request, reply) => {
    reply.hijack();
    const stream = reply.raw;
    stream.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    stream.write(event());
    streams.add(stream);
    stream.on('close', () => streams.delete(stream));
  });
  addPage(server, {
    status: () => status,
    liveChecks: () => [],
    explain: async (image) => {
      if (/[A-Z<]/.test(image)) return { error: `${image} is no reference: lower case only` };
      return status.phase.phase === 'withdrawn' ? explanationWithdrawn : explanation;
    },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    server,
    url,
    show: (next) => {
      status = next;
      for (const stream of streams) stream.write(event());
    },
    setAway: (next) => {
      away = next;
      if (away) for (const stream of streams) stream.destroy();
    },
    listeners: () => streams.size,
    close: () => server.close(),
  };
};
