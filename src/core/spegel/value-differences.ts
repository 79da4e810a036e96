import { isMap, type Json, type JsonMap } from '../config/config-json.ts';
import { joinPath } from '../config/config-problems.ts';
import { redactText } from '../redact.ts';

/** One value that differs; absent on one side: `undefined`. Texts for people, without credentials. */
export type ValueDifference = {
  readonly path: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
};

const hidden = /pass|token|secret|credential|authorization|apikey|api_key|private/i;
/** The names of Secrets are no secrets. */
const isName = /(?:SecretName|secretName|imagePullSecrets(?:\[\d+\])?(?:\.name)?)$/;
const longest = 200;

const shown = (path: string, value: Json | undefined): string | undefined => {
  if (value === undefined) return undefined;
  if (value !== null && typeof value !== 'boolean' && hidden.test(path) && !isName.test(path)) return '(redacted)';
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (typeof inner === 'bigint') return Number(inner);
    return typeof inner === 'string' && hidden.test(key) && !isName.test(key) ? '(redacted)' : inner;
  });
  const plain = redactText(text);
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
};

const plainNumber = (value: Json | undefined): Json | undefined => (typeof value === 'bigint' ? Number(value) : value);

const isSame = (a: Json | undefined, b: Json | undefined): boolean => {
  const [left, right] = [plainNumber(a), plainNumber(b)];
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item: Json, i) => isSame(item, right[i]));
  if (isMap(left) && isMap(right)) return differencesOf(left, right).length === 0;
  return left === right;
};

/** Where two sets of chart values differ, leaf by leaf, in the order of the paths; a list counts as a whole. */
export const differencesOf = (from: JsonMap, to: JsonMap, at = ''): readonly ValueDifference[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted().flatMap((key) => {
    const path = joinPath(at, key);
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    const after = Object.hasOwn(to, key) ? to[key] : undefined;
    if (isMap(before) && isMap(after)) return differencesOf(before, after, path);
    return isSame(before, after) ? [] : [{ path, from: shown(path, before), to: shown(path, after) }];
  });

/** Texts in chart values that are credentials by their key: never to be shown, whoever quotes them. */
export const secretsIn = (value: Json, path = ''): readonly string[] => {
  if (typeof value === 'string') return hidden.test(path) && !isName.test(path) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item: Json, i) => secretsIn(item, joinPath(path, i)));
  return isMap(value) ? Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, joinPath(path, key))) : [];
};
