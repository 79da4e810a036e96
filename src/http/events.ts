import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Status } from '../core/status.ts';

const lookMs = 500;
const heartbeatMs = 15_000;
const mostClients = 16;

/** Two statuses that differ in nothing but when they were asked for are the same news. */
const newsOf = (status: Status): string => JSON.stringify({ ...status, at: '' });

/**
 * `/api/events`: the whole status as `event: status` at once and after each change, twice a second at most. Nothing is
 * looked at while nobody listens; at most 16 listen.
 */
export const addEvents = (server: FastifyInstance, status: () => Status): void => {
  const clients = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  let told = '';
  let quietSince = 0;

  const write = (client: ServerResponse, text: string): void => {
    // Who does not read is not waited for.
    if (client.writableLength > 4 * 1024 * 1024) client.destroy();
    else client.write(text);
  };

  const look = (): void => {
    const now = status();
    const news = newsOf(now);
    const changed = news !== told;
    if (!changed && performance.now() - quietSince < heartbeatMs) return;
    told = news;
    quietSince = performance.now();
    const text = changed ? `event: status\ndata: ${JSON.stringify(now)}\n\n` : ': still here\n\n';
    for (const client of clients) write(client, text);
  };

  const leave = (client: ServerResponse): void => {
    clients.delete(client);
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
    const now = status();
    if (timer === undefined) {
      told = newsOf(now);
      quietSince = performance.now();
      timer = setInterval(look, lookMs);
      timer.unref();
    }
    write(client, `retry: 2000\nevent: status\ndata: ${JSON.stringify(now)}\n\n`);
    return reply;
  });

  server.addHook('preClose', (done) => {
    for (const client of clients) client.destroy();
    clearInterval(timer);
    done();
  });
};
