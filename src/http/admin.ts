import type { FastifyInstance } from 'fastify';
import type { Status } from '../core/status.ts';

/** What people ask for on 127.0.0.1: read only. */
export const addAdmin = (server: FastifyInstance, status: () => Status): void => {
  server.get('/api/status', (_request, reply) => reply.header('cache-control', 'no-store').send(status()));
};
