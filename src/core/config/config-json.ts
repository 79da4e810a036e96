/** What a YAML document holds: JSON, and whole numbers beyond 2^53 as they are. */
export type Json = null | boolean | number | bigint | string | JsonList | JsonMap;
export type JsonList = readonly Json[];
export type JsonMap = { readonly [key: string]: Json };

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is JsonList => Array.isArray(value);

/** The value of an own key; what every JavaScript object has by birth (`constructor`, …) is no key of a document. */
export const valueAt = (map: Json | undefined, ...keys: readonly string[]): Json | undefined => {
  let value = map;
  for (const key of keys) value = isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
};

/** A frozen map of these entries; `__proto__` is a key like any other. */
export const mapOf = (entries: Iterable<readonly [string, Json]>): JsonMap =>
  Object.freeze(Object.fromEntries(entries));

export const listOf = (items: readonly Json[]): JsonList => Object.freeze([...items]);

/** The same map with some keys set anew. */
export const withKeys = (map: JsonMap, entries: Iterable<readonly [string, Json]>): JsonMap =>
  mapOf([...Object.entries(map), ...entries]);

/** The same document with the value at a path replaced; a path that does not exist changes nothing. */
export const replaceAt = (value: JsonMap, keys: readonly string[], replacement: Json): JsonMap => {
  const [key, ...rest] = keys;
  if (key === undefined || !Object.hasOwn(value, key)) return value;
  const inner = value[key];
  if (rest.length === 0) return withKeys(value, [[key, replacement]]);
  return isMap(inner) ? withKeys(value, [[key, replaceAt(inner, rest, replacement)]]) : value;
};

/** Freezes an object and everything below it. */
export const deepFreeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
};

/** What a value is, in a YAML user's words. */
export const kindName = (value: Json | undefined): string => {
  if (value === undefined || value === null) return 'nothing (null)';
  if (isList(value)) return 'a list';
  if (isMap(value)) return 'a map';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'boolean' ? 'a boolean' : 'a number';
};

/** Order of UTF-8 bytes, which is that of code points: JavaScript's own `<` differs beyond U+FFFF. */
export const compareText = (a: string, b: string): number => {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [left.next(), right.next()];
    if (x.done === true || y.done === true) return (x.done === true ? 0 : 1) - (y.done === true ? 0 : 1);
    const difference = (x.value.codePointAt(0) ?? 0) - (y.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
};

/** A NUL, a line end or another control character, which no name and no path of ours may hold. */
export const hasControl = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || code === 127) return true;
  }
  return false;
};
