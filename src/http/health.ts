import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** One thing that must hold; `reasons` why it does not. */
type Check = { readonly name: string; readonly reasons: readonly string[] };

/** What the health endpoints tell; functions of the agent's state. */
export type Health = {
  /** Whether the loop turns. */
  readonly liveChecks: () => readonly Check[];
  /** Whether the node's files are known to be right. */
  readonly readyChecks: () => readonly Check[];
};

const text = 'text/plain; charset=utf-8';

/** `?verbose`: each check, as Kubernetes' own components list theirs. */
const listOf = (checks: readonly Check[]): string =>
  checks.map(({ name, reasons }) => `${reasons.length === 0 ? '[+]' : '[-]'} ${name}\n`).join('');

const answer = (checks: () => readonly Check[]) => (request: FastifyRequest, reply: FastifyReply) => {
  const all = checks();
  const reasons = all.flatMap((check) => check.reasons);
  const verbose = typeof request.query === 'object' && request.query !== null && 'verbose' in request.query;
  const told = reasons.length === 0 ? 'ok\n' : reasons.map((reason) => `not ok: ${reason}\n`).join('');
  return reply
    .code(reasons.length === 0 ? 200 : 503)
    .type(text)
    .send(`${verbose ? listOf(all) : ''}${told}`);
};

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

/** `/livez` and `/readyz`, with the reason in the body when one fails; `?verbose` lists the checks. */
export const addHealth = (server: FastifyInstance, health: Health): void => {
  server.get('/livez', answer(health.liveChecks));
  server.get('/readyz', answer(health.readyChecks));
};
