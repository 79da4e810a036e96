import { CallError } from '../error.ts';
import { Dict, int, integerOf, List, Sized, typeOf, unwrap, type Value } from '../values.ts';

function position(value: Value, limit: number): number {
  const index = integerOf(value);
  if (value === undefined) throw new CallError('cannot index slice/array with nil');
  if (index === undefined) throw new CallError(`cannot index slice/array with type ${typeOf(value)}`);
  if (index < 0n || index > limit) throw new CallError(`index out of range: ${index}`);
  return Number(index);
}

function step(item: Value, rawKey: Value): Value {
  const key = unwrap(rawKey);
  if (item === null || item === undefined) throw new CallError('index of nil pointer');
  if (item instanceof List) {
    const at = position(key, item.items.length);
    if (at === item.items.length) throw new CallError('reflect: slice index out of range');
    return item.items[at];
  }
  if (typeof item === 'string') {
    const at = position(key, item.length);
    if (at === item.length) throw new CallError('reflect: string index out of range');
    return new Sized('uint8', BigInt(item.charCodeAt(at)));
  }
  if (item instanceof Dict) {
    if (key === undefined) throw new CallError('value is nil; should be of type string');
    if (typeof key !== 'string') throw new CallError(`value has type ${typeOf(key)}; should be string`);
    return item.get(key) ?? (item.of === 'any' ? null : '');
  }
  throw new CallError(`can't index item of type ${typeOf(item).replace('*', '')}`);
}

/** index: follows keys and positions into a value. */
export function indexOf(value: Value, keys: readonly Value[]): Value {
  let item = unwrap(value);
  if (item === undefined) throw new CallError('index of untyped nil');
  for (const key of keys) item = step(item, key);
  return item;
}

/** A list cut within its capacity; beyond its length there are zero values. */
export function cutList(list: List, from: number, to: number, capacity = list.capacity): List {
  const items = list.items.slice(from, to);
  while (items.length < to - from) items.push(list.of === 'any' ? null : list.of === 'int' ? 0n : '');
  return new List(items, list.of, { capacity: capacity - from });
}

/** slice: a part of a string or a list. */
export function sliceOf(value: Value, bounds: readonly Value[]): Value {
  const item = unwrap(value);
  if (item === undefined) throw new CallError('slice of untyped nil');
  if (bounds.length > 3) throw new CallError(`too many slice indexes: ${bounds.length}`);
  const isText = typeof item === 'string';
  if (isText && bounds.length === 3) throw new CallError('cannot 3-index slice a string');
  if (!isText && !(item instanceof List)) throw new CallError(`can't slice item of type ${typeOf(item)}`);
  const size = isText ? item.length : item.items.length;
  const capacity = isText ? item.length : item.capacity;
  const [from = 0, to = size, most] = bounds.map((bound) => position(unwrap(bound), capacity));
  if (from > to) throw new CallError(`invalid slice index: ${from} > ${to}`);
  if (most !== undefined && to > most) throw new CallError(`invalid slice index: ${to} > ${most}`);
  return isText ? item.slice(from, to) : cutList(item, from, to, most);
}

/** len */
export function length(value: Value): Value {
  if (value === null) throw new CallError('len of nil pointer');
  if (value === undefined) throw new CallError('reflect: call of reflect.Value.Type on zero Value');
  if (typeof value === 'string') return int(value.length);
  if (value instanceof List) return int(value.items.length);
  if (value instanceof Dict) return int(value.size);
  throw new CallError(`len of type ${typeOf(value).replace('*', '')}`);
}
