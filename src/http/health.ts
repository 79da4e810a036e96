import type { FastifyInstance } from 'fastify';

/** What the health endpoints tell; functions of the agent's state. */
export type Health = {
  /** Reasons why the loop does not turn; empty when it does. */
  readonly deadReasons: () => readonly string[];
  /** Reasons why the node's files are not known to be right yet; empty when they are. */
  readonly notReadyReasons: () => readonly string[];
};

const text = 'text/plain; charset=utf-8';

const answer = (reasons: readonly string[]): { readonly code: number; readonly body: string } =>
  reasons.length === 0
    ? { code: 200, body: 'ok\n' }
    : { code: 503, body: reasons.map((reason) => `not ok: ${reason}\n`).join('') };

/** `/metrics`, for Prometheus. */
export const addMetrics = (
  server: FastifyInstance,
  metrics: { readonly scrape: () => Promise<string>; readonly contentType: string },
): void => {
  server.get('/metrics', async (_request, reply) => {
    const body = await metrics.scrape();
    return reply.type(metrics.contentType).send(body);
  });
};

/** `/livez` and `/readyz`, with the reason in the body when one fails. */
export const addHealth = (server: FastifyInstance, health: Health): void => {
  server.get('/livez', (_request, reply) => {
    const { code, body } = answer(health.deadReasons());
    return reply.code(code).type(text).send(body);
  });
  server.get('/readyz', (_request, reply) => {
    const { code, body } = answer(health.notReadyReasons());
    return reply.code(code).type(text).send(body);
  });
};
