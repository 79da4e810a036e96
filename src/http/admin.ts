import type { FastifyInstance } from 'fastify';
import type { Explanation } from '../core/containerd/explain.ts';
import type { Status } from '../core/status.ts';
import type { FileDifference } from '../core/view/differences.ts';
import type { FileVersions } from '../core/view/versions.ts';
import { answers } from './answers.ts';
import { addEvents } from './events.ts';

/** What the API tells; functions of the agent's state. */
export type Admin = {
  readonly status: () => Status;
  readonly explain: (image: string) => Promise<Explanation | { readonly error: string }>;
  readonly differences: () => readonly FileDifference[];
  readonly versions: (path?: string) => readonly FileVersions[];
};

const longestImage = 512;

type ImageQuery = { readonly image?: string | readonly string[] };
type PathQuery = { readonly path?: string | readonly string[] };

const one = (value: string | readonly string[] | undefined): string | undefined => [value].flat().at(-1);

/** What programs ask for on 127.0.0.1: read only; `/api/openapi.json` describes it. */
export const addAdmin = (server: FastifyInstance, admin: Admin): void => {
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  server.get('/api/status', { schema: answers.status }, (_request, reply) => reply.send(admin.status()));
  server.get<{ Querystring: ImageQuery }>('/api/explain', { schema: answers.explain }, async (request, reply) => {
    const image = one(request.query.image)?.trim() ?? '';
    if (image === '') return reply.code(400).send({ error: 'ask for ?image=NAME, e.g. docker.io/library/nginx:1.29' });
    if (image.length > longestImage)
      return reply.code(400).send({ error: `the name of an image has at most ${longestImage} characters here` });
    const answer = await admin.explain(image);
    return 'error' in answer && !('hosts' in answer) ? reply.code(400).send(answer) : reply.send(answer);
  });
  server.get('/api/diff', { schema: answers.diff }, (_request, reply) =>
    reply.send({ differences: admin.differences() }),
  );
  server.get<{ Querystring: PathQuery }>('/api/history', { schema: answers.history }, (request, reply) => {
    const path = one(request.query.path);
    const files = admin.versions(path);
    return path !== undefined && files.length === 0
      ? reply.code(404).send({ error: `nothing is remembered of ${path}` })
      : reply.send({ files });
  });
  addEvents(server, admin.status);
  server.get('/api/openapi.json', async (_request, reply) => reply.send((await import('./openapi.ts')).openApi()));
};
