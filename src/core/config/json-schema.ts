/**
 * A JSON Schema, draft 7; patterns are of the part that JavaScript and Go's RE2 read alike: no look-around.
 */
export type JsonSchema = { readonly [key: string]: unknown };

/** A rule that counts only where another schema fits. */
export const when = (condition: JsonSchema, rule: JsonSchema, otherwise: JsonSchema = {}): JsonSchema =>
  Object.fromEntries([
    ['if', condition],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    ['then', rule],
    ['else', otherwise],
  ]);

export const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema['type'], 'null'] });

export const text = (description: string, more: JsonSchema = {}): JsonSchema =>
  orNull({ type: 'string', description, ...more });

export const flag = (description: string): JsonSchema => orNull({ type: 'boolean', description });

export const list = (description: string, items: JsonSchema): JsonSchema =>
  orNull({ type: 'array', description, items });

/** A map of these keys alone, unless `more` says otherwise. */
export const map = (description: string, properties: JsonSchema, more: JsonSchema = { additionalProperties: false }) =>
  orNull({ type: 'object', description, properties, ...more });

export const words = (description: string, values: readonly string[]): JsonSchema => ({
  description,
  enum: [...values, null],
});

/** No string of this pattern; anything that is no string is left to other rules. */
export const unlike = (...patterns: readonly string[]): JsonSchema => ({
  not: { type: 'string', anyOf: patterns.map((pattern) => ({ pattern })) },
});
