import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { hostFromUrl } from '../core/config/context-address.ts';

export type ServerOptions = {
  /** Only these host names are answered, whatever the port; for listeners that a web page could reach by another name. */
  readonly hosts?: readonly string[];
};

/** A page of a stranger may name 127.0.0.1 as it likes (DNS rebinding): the browser then sends that name. */
const isOwnName = (header: string | undefined, hosts: readonly string[]): boolean => {
  if (header === undefined || !URL.canParse(`http://${header}`)) return false;
  return hosts.includes(hostFromUrl(new URL(`http://${header}`).hostname));
};

/** The names under which a loopback listener may be called, `kubectl port-forward` included. */
export const localNames = (host: string): readonly string[] => ['localhost', '127.0.0.1', '::1', host];

const requestMs = 5_000;

/** Node.js looks for slow requests at intervals, whether there are connections or not, which wakes an idle agent. */
const limitFirstRequest = (server: FastifyInstance['server']): void => {
  const limits = new WeakMap<Socket, NodeJS.Timeout>();
  server.on('connection', (socket) => {
    const limit = setTimeout(() => socket.destroy(), requestMs);
    limit.unref();
    limits.set(socket, limit);
    socket.once('close', () => clearTimeout(limit));
  });
  server.on('request', ({ socket }) => clearTimeout(limits.get(socket)));
};

/**
 * A small server: only GET and HEAD, bounded in connections, header size and time, closed within a second. What has not
 * sent its first request after 5 s is cut off, a slow later one at Node.js's next look (each 5 min).
 */
export const buildServer = (
  addRoutes: (server: FastifyInstance) => void,
  { hosts }: ServerOptions = {},
): FastifyInstance => {
  const server = Fastify({
    bodyLimit: 1024,
    forceCloseConnections: true,
    requestTimeout: requestMs,
    connectionTimeout: 10_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256 },
    http: { maxHeaderSize: 8 * 1024, headersTimeout: requestMs, connectionsCheckingInterval: 300_000 },
  });
  limitFirstRequest(server.server);
  server.server.maxConnections = 128;
  server.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return reply.code(405).header('allow', 'GET, HEAD').send({ error: 'only GET and HEAD: nothing is changed here' });
    }
    if (hosts !== undefined && !isOwnName(request.headers.host, hosts)) {
      return reply.code(421).send({ error: 'this listener is not known by that host name' });
    }
    return undefined;
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing here' }));
  addRoutes(server);
  return server;
};
