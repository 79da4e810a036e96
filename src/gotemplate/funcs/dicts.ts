import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { Dict, List, strings, typeOf, type Value } from '../values.ts';
import { mergeInto } from './merge.ts';
import { type Func, type Funcs, fn, variadic } from './signature.ts';
import { textOf } from './strings.ts';

const DICT = 'map[string]interface {}';

function dictOf(values: readonly Value[], budget: Budget): Dict {
  budget.list(values.length);
  const entries = new Map<string, Value>();
  for (let i = 0; i < values.length; i += 2) {
    entries.set(textOf(values[i] ?? null, budget), i + 1 < values.length ? (values[i + 1] ?? null) : '');
  }
  return new Dict(entries);
}

function picked(dict: Dict, keep: (key: string) => boolean, budget: Budget): Dict {
  budget.list(dict.size);
  return new Dict(new Map([...dict.entries()].filter(([key]) => keep(key))));
}

/** Go's words for a value that is not of the type that was asserted. */
function notOfType(value: Value, type: string): never {
  const got = value === null || value === undefined ? 'nil' : typeOf(value);
  throw new CallError(`interface conversion: interface {} is ${got}, not ${type}`);
}

function asDict(value: Value): Dict {
  return value instanceof Dict && value.of === 'any' ? value : notOfType(value, DICT);
}

function dig(params: readonly Value[]): Value {
  if (params.length < 3) throw new CallError('dig needs at least three arguments');
  let dict = asDict(params[params.length - 1]);
  const fallback = params[params.length - 2];
  const keys = params.slice(0, -2).map((key) => (typeof key === 'string' ? key : notOfType(key, 'string')));
  for (const [i, key] of keys.entries()) {
    const found = dict.get(key);
    if (found === undefined) return fallback;
    if (i === keys.length - 1) return found;
    dict = asDict(found);
  }
  return fallback;
}

function merging(overwrite: boolean): Func {
  return variadic([DICT], DICT, ({ budget }, sources, target) => {
    const result = target.isNil && sources.some(({ isNil }) => !isNil) ? new Dict() : target;
    for (const source of sources) mergeInto(result, source, { overwrite, budget, depth: 0 });
    return result;
  });
}

const merge = merging(false);
const mergeOverwrite = merging(true);

/** sprig's functions of maps; where Go's order is random, the keys are sorted. */
export const DICTS: Funcs = {
  dict: variadic([], 'interface {}', ({ budget }, values) => dictOf(values, budget)),
  get: fn([DICT, 'string'], (_, dict, key) => dict.get(key) ?? (dict.has(key) ? null : '')),
  set: fn([DICT, 'string', 'interface {}'], ({ budget }, dict, key, value) => {
    if (dict.isNil) throw new CallError('assignment to entry in nil map');
    budget.list(1);
    dict.set(key, value);
    return dict;
  }),
  unset: fn([DICT, 'string'], (_, dict, key) => {
    dict.delete(key);
    return dict;
  }),
  hasKey: fn([DICT, 'string'], (_, dict, key) => dict.has(key)),
  pluck: variadic(['string'], DICT, (_, dicts, key) => {
    const found = dicts.map((dict) => dict.get(key)).filter((value) => value !== undefined);
    return new List(found);
  }),
  keys: variadic([], DICT, ({ budget }, dicts) => {
    const all = dicts.flatMap((dict) => dict.keys());
    budget.list(all.length);
    return strings(all);
  }),
  values: fn([DICT], ({ budget }, dict) => {
    budget.list(dict.size);
    return new List(dict.keys().map((key) => dict.get(key)));
  }),
  pick: variadic([DICT], 'string', ({ budget }, keys, dict) => picked(dict, (key) => keys.includes(key), budget)),
  omit: variadic([DICT], 'string', ({ budget }, keys, dict) => picked(dict, (key) => !keys.includes(key), budget)),
  merge,
  mustMerge: merge,
  mergeOverwrite,
  mustMergeOverwrite: mergeOverwrite,
  dig: variadic([], 'interface {}', (_, params) => dig(params)),
};
