import Fastify, { type FastifyInstance } from 'fastify';

export type ServerOptions = {
  /** Only these host names are answered, whatever the port; for listeners that a web page could reach by another name. */
  readonly hosts?: readonly string[];
};

/** A page of a stranger may name 127.0.0.1 as it likes (DNS rebinding): the browser then sends that name. */
const isOwnName = (header: string | undefined, hosts: readonly string[]): boolean => {
  if (header === undefined || !URL.canParse(`http://${header}`)) return false;
  return hosts.includes(new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, ''));
};

/** The names under which a loopback listener may be called, `kubectl port-forward` included. */
export const localNames = (host: string): readonly string[] => ['localhost', '127.0.0.1', '::1', host];

/**
 * A small server: only GET and HEAD, bounded in connections, header size and time, closed within a second. What is slow
 * to send its request is cut off after 5 s, at the next look (each 5 s).
 */
export const buildServer = (
  addRoutes: (server: FastifyInstance) => void,
  { hosts }: ServerOptions = {},
): FastifyInstance => {
  const server = Fastify({
    bodyLimit: 1024,
    forceCloseConnections: true,
    requestTimeout: 5_000,
    connectionTimeout: 10_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256 },
    http: { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, connectionsCheckingInterval: 5_000 },
  });
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
