import assert from 'node:assert/strict';
import Fastify from 'fastify';
import { parseConfig } from '../../../src/core/config/config.ts';
import { configSchema } from '../../../src/core/config/config-schema.ts';

/** Fastify's own validator, told to change nothing. */
const validator = Fastify({
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false } },
});
validator.post('/', { schema: { body: configSchema } }, () => 'well');
await validator.ready();

/** What `helm install` would say. */
export const schemaTakes = async (document: unknown): Promise<boolean> => {
  const payload = JSON.stringify(document ?? {});
  const { statusCode } = await validator.inject({
    method: 'POST',
    url: '/',
    payload,
    headers: { 'content-type': 'application/json' },
  });
  assert.ok(statusCode === 200 || statusCode === 400, `status ${statusCode}`);
  return statusCode === 200;
};
/** What the agent would say. */
export const parserTakes = (document: unknown): boolean =>
  parseConfig(JSON.stringify(document ?? {}), 'c.yaml').config !== undefined;

/** Both take it, or both refuse it. */
export const agree = async (document: unknown): Promise<void> => {
  const shown = JSON.stringify(document);
  assert.equal(await schemaTakes(document), parserTakes(document), `parser: ${parserTakes(document)}: ${shown}`);
};

/** A value at a path of keys. */
export const nested = (path: string, value: unknown): unknown =>
  path.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), value);
