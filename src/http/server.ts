import Fastify, { type FastifyInstance } from 'fastify';

/** A small server for health and status: bounded, and closed within a second. */
export const buildServer = (addRoutes: (server: FastifyInstance) => void): FastifyInstance => {
  const server = Fastify({
    bodyLimit: 1024,
    forceCloseConnections: true,
    requestTimeout: 5_000,
    connectionTimeout: 10_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256 },
  });
  addRoutes(server);
  return server;
};
