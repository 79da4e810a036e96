import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { kindOf, List, type Value } from '../values.ts';
import { toInt64 } from './cast.ts';
import { deepEqual } from './deep.ts';
import { isEmpty } from './defaults.ts';
import { cutList } from './index.ts';
import { type Func, type Funcs, fn, variadic } from './signature.ts';

const NIL_POINTER = 'runtime error: invalid memory address or nil pointer dereference';

/** The items of a list; what is none fails with the function's own words. */
function itemsOf(value: Value, complaint: string): readonly Value[] {
  if (value instanceof List) return value.items;
  if (value === null || value === undefined) throw new CallError(NIL_POINTER);
  throw new CallError(complaint.replace('%s', kindOf(value)));
}

function made(items: readonly Value[], budget: Budget): List {
  budget.list(items.length);
  return new List(items);
}

const nilList = new List([], 'any', { isNil: true });

function contains(items: readonly Value[], wanted: Value, budget: Budget): boolean {
  return items.some((item) => deepEqual(wanted, item, budget));
}

function unique(items: readonly Value[], budget: Budget): List {
  const out: Value[] = [];
  for (const item of items) if (!contains(out, item, budget)) out.push(item);
  return made(out, budget);
}

function chunk(size: bigint, items: readonly Value[], budget: Budget): List {
  const width = Number(size);
  const count = Math.floor((items.length - 1) / width) + 1;
  if (!(count >= 0 && Number.isFinite(count))) throw new CallError('runtime error: makeslice: len out of range');
  budget.list(items.length + count);
  const chunks: List[] = [];
  for (let i = 0; i < count; i++) {
    const rest = Math.floor(items.length % width);
    const length = i === count - 1 && rest !== 0 ? rest : width;
    if (length < 0) throw new CallError('runtime error: makeslice: len out of range');
    chunks.push(new List(items.slice(i * width, i * width + length)));
  }
  return new List(chunks, 'lists');
}

function cut(list: List, indices: readonly Value[]): Value {
  if (list.items.length === 0) return null;
  const start = indices[0] === undefined ? 0n : toInt64(indices[0]);
  const end = indices[1] === undefined ? BigInt(list.items.length) : toInt64(indices[1]);
  if (start < 0n || end < start || end > BigInt(list.capacity)) {
    throw new CallError('reflect.Value.Slice: slice index out of bounds');
  }
  return cutList(list, Number(start), Number(end));
}

function concat(lists: readonly Value[], budget: Budget): List {
  const out: Value[] = [];
  for (const list of lists) {
    const items = itemsOf(list, 'Cannot concat type %s as list');
    budget.list(out.length + items.length);
    for (const item of items) out.push(item);
  }
  return out.length === 0 ? nilList : new List(out);
}

/** Declares a function of one list. */
function ofList(verb: string, call: (items: readonly Value[], budget: Budget) => Value): Func {
  return fn(['interface {}'], ({ budget }, value) => call(itemsOf(value, `Cannot ${verb} type %s`), budget));
}

const list = variadic([], 'interface {}', ({ budget }, values) => made(values, budget));
const push = fn(['interface {}', 'interface {}'], ({ budget }, value, item) =>
  made([...itemsOf(value, 'Cannot push on type %s'), item], budget),
);
const prepend = fn(['interface {}', 'interface {}'], ({ budget }, value, item) =>
  made([item, ...itemsOf(value, 'Cannot prepend on type %s')], budget),
);
const first = ofList('find first on', (items) => items[0] ?? null);
const last = ofList('find last on', (items) => items[items.length - 1] ?? null);
const rest = ofList('find rest on', (items, budget) => (items.length === 0 ? nilList : made(items.slice(1), budget)));
const initial = ofList('find initial on', (items, budget) =>
  items.length === 0 ? nilList : made(items.slice(0, -1), budget),
);
const reverse = ofList('find reverse on', (items, budget) => made([...items].reverse(), budget));
const compact = ofList('compact on', (items, budget) =>
  made(
    items.filter((item) => !isEmpty(item)),
    budget,
  ),
);
const uniq = ofList('find uniq on', unique);
const without = variadic(['interface {}'], 'interface {}', ({ budget }, omitted, value) =>
  made(
    itemsOf(value, 'Cannot find without on type %s').filter((item) => !contains(omitted, item, budget)),
    budget,
  ),
);
const has = fn(['interface {}', 'interface {}'], ({ budget }, wanted, value) => {
  if (value === null) return false;
  return contains(itemsOf(value, 'Cannot find has on type %s'), wanted, budget);
});
const slice = variadic(['interface {}'], 'interface {}', (_, indices, value) => {
  itemsOf(value, 'list should be type of slice or array but %s');
  return value instanceof List ? cut(value, indices) : null;
});
const chunked = fn(['int', 'interface {}'], ({ budget }, size, value) =>
  chunk(size, itemsOf(value, 'Cannot chunk type %s'), budget),
);

/** sprig's functions of lists. */
export const LISTS: Funcs = {
  list,
  tuple: list,
  append: push,
  push,
  mustAppend: push,
  mustPush: push,
  prepend,
  mustPrepend: prepend,
  first,
  mustFirst: first,
  last,
  mustLast: last,
  rest,
  mustRest: rest,
  initial,
  mustInitial: initial,
  reverse,
  mustReverse: reverse,
  compact,
  mustCompact: compact,
  uniq,
  mustUniq: uniq,
  without,
  mustWithout: without,
  has,
  mustHas: has,
  slice,
  mustSlice: slice,
  chunk: chunked,
  mustChunk: chunked,
  concat: variadic([], 'interface {}', ({ budget }, lists) => concat(lists, budget)),
};
