import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Status } from '../core/status.ts';

const usualTimes = { lookMs: 500, heartbeatMs: 15_000 } as const;
const mostClients = 16;

/** Two statuses that differ in nothing but when they were asked for are the same news. */
const newsOf = (status: Status): string => JSON.stringify({ ...status, at: '' });

const eventOf = (status: Status): string => `event: status\ndata: ${JSON.stringify(status)}\n\n`;

/**
 * `/api/events`: the whole status as `event: status` at once and after each change, twice a second at most. Nothing is
 * looked at while nobody listens; at most 16 listen. Who reads slowly gets the newest status once it has read what it was
 * sent, and is cut off when it has not after 15 s.
 */
export const addEvents = (
  server: FastifyInstance,
  status: () => Status,
  { lookMs, heartbeatMs }: { readonly lookMs: number; readonly heartbeatMs: number } = usualTimes,
): void => {
  const clients = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  let told = '';
  let quietSince = 0;

  /** Who has not read all that it was sent, and since when it lacks news. */
  const behind = new Map<ServerResponse, number>();

  const write = (client: ServerResponse, text: string): void => {
    if (!client.writableNeedDrain) client.write(text);
    else if (!behind.has(client)) behind.set(client, performance.now());
  };

  const catchUp = (client: ServerResponse): void => {
    if (behind.delete(client)) write(client, eventOf(status()));
  };

  const cutOff = (): void => {
    for (const [client, since] of behind) if (performance.now() - since > heartbeatMs) client.destroy();
  };

  const look = (): void => {
    cutOff();
    const now = status();
    const news = newsOf(now);
    const changed = news !== told;
    if (!changed && performance.now() - quietSince < heartbeatMs) return;
    told = news;
    quietSince = performance.now();
    const text = changed ? eventOf(now) : ': still here\n\n';
    for (const client of clients) write(client, text);
  };

  const leave = (client: ServerResponse): void => {
    clients.delete(client);
    behind.delete(client);
    if (clients.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  server.get('/api/events', (request, reply) => {
    if (clients.size >= mostClients) {
      return reply.code(503).send({ error: `at most ${mostClients} may listen at the same time` });
    }
    reply.hijack();
    const client = reply.raw;
    // A stream is no slow request: only the ends of its connection count.
    request.raw.socket.setTimeout(0);
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) client.setHeader(name, value);
    client.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (request.method === 'HEAD') {
      client.end();
      return reply;
    }
    clients.add(client);
    client.on('close', () => leave(client));
    client.on('error', () => leave(client));
    client.on('drain', () => catchUp(client));
    const now = status();
    if (timer === undefined) {
      told = newsOf(now);
      quietSince = performance.now();
      timer = setInterval(look, lookMs);
      timer.unref();
    }
    write(client, `retry: 2000\n${eventOf(now)}`);
    return reply;
  });

  server.addHook('preClose', (done) => {
    for (const client of clients) client.destroy();
    clearInterval(timer);
    done();
  });
};
