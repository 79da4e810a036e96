import { TomlError, withArticle } from './error.ts';
import type { GoType, Place } from './go-place.ts';
import {
  anyMap,
  anySlice,
  anyType,
  boolType,
  elementOf,
  emptyMap,
  followPointer,
  mapSlot,
  maxDepth,
  newPlace,
  otherType,
  placeOf,
  setPlace,
  settableCopy,
  setValue,
  slicePlaces,
  stringType,
  structField,
} from './go-place.ts';
import { isRealDate, isRealNumber } from './go2-numbers.ts';
import { createSeenTracker } from './go2-seen.ts';
import type { KeyPart, TomlExpression, TomlNode, TomlPair } from './go2-syntax.ts';
import { isDate } from './go2-syntax.ts';

type Header = TomlExpression & { kind: 'table' | 'array table' };

const refuse = (kind: string, place: Place, at: number): TomlError =>
  new TomlError(`${withArticle(kind)} cannot stand here, ${withArticle(place.type.kind)} must`, at);

/** What an `any` holds if it can take keys, else a new table put in its place. */
const containerIn = (place: Place, at: number): Place => {
  const held = elementOf(place);
  if (held?.type.kind === 'map' || held?.type.kind === 'slice') return held;
  const fresh = emptyMap(anyMap);
  setPlace(place, fresh, at);
  return fresh;
};

/** The last element of a list, made if there is none. */
const lastElement = (place: Place): Place => {
  const items = slicePlaces(place);
  const last = items.at(-1);
  if (last !== undefined) return last;
  const of = place.type.kind === 'slice' ? place.type.of : anyType;
  const made = newPlace(of);
  if (of.kind === 'any') setPlace(made, emptyMap(anyMap), 0);
  place.cell.value = [made];
  return made;
};

/** One step down a key: `undefined` when the structure does not know the name. */
const childPlace = (place: Place, { text, at }: KeyPart): Place | undefined => {
  switch (place.type.kind) {
    case 'any':
      return childPlace(containerIn(place, at), { text, at, escaped: false });
    case 'slice':
      return childPlace(lastElement(place), { text, at, escaped: false });
    case 'pointer':
      return childPlace(followPointer(place, at), { text, at, escaped: false });
    case 'map':
      return mapSlot(place, text);
    case 'struct':
      return structField(place, text);
    default:
      throw refuse('table', place, at);
  }
};

/** Adds a table to a list for `[[…]]`; the table is returned. */
const appendTable = (place: Place, first: boolean, at: number): Place => {
  if (place.type.kind === 'any') {
    const held = elementOf(place);
    const items = held?.type.kind === 'slice' && !first ? slicePlaces(held) : [];
    const added = newPlace(anyType);
    setPlace(added, emptyMap(anyMap), at);
    setPlace(place, placeOf(anySlice, [...items, added]), at);
    return added;
  }
  if (place.type.kind !== 'slice') throw refuse('list of tables', place, at);
  const added = newPlace(place.type.of);
  setValue(place, [...(first ? [] : slicePlaces(place)), added], at);
  return added;
};

/** Where the keys below a header go. */
const settle = (place: Place, at: number): Place => {
  switch (place.type.kind) {
    case 'any':
      return settle(containerIn(place, at), at);
    case 'slice':
      return settle(lastElement(place), at);
    case 'pointer':
      return settle(followPointer(place, at), at);
    case 'map':
    case 'struct':
      return place;
    default:
      throw refuse('table', place, at);
  }
};

const walkHeader = (root: Place, header: Header, first: boolean): Place | undefined => {
  let place = root;
  for (const part of header.key) {
    const child = childPlace(place, part);
    if (child === undefined) return undefined;
    place = child;
  }
  if (header.kind === 'array table') place = appendTable(place, first, header.at);
  return settle(place, header.at);
};

const assignPair = (target: Place, { key, value }: TomlPair, depth = 0): void => {
  let place = target;
  for (const part of key) {
    const child = childPlace(place, part);
    if (child === undefined) return;
    place = child;
  }
  assign(place, value, depth);
};

const assign = (target: Place, value: TomlNode, depth: number): void => {
  const { at } = value;
  const place = target.type.kind === 'pointer' ? followPointer(target, at) : target;
  const { kind } = place.type;
  switch (value.kind) {
    case 'string':
      if (kind !== 'string' && kind !== 'any') throw refuse('string', place, at);
      setPlace(place, placeOf(stringType, value.text), at);
      return;
    case 'boolean':
      if (kind !== 'bool' && kind !== 'any') throw refuse('boolean', place, at);
      setPlace(place, placeOf(boolType, value.value), at);
      return;
    case 'array':
    case 'inline table':
      if (depth >= maxDepth) setPlace(place, placeOf(otherType, undefined), at);
      else if (value.kind === 'array') assignArray(place, value, depth + 1);
      else assignInlineTable(place, value, depth + 1);
      return;
    default:
      if (kind !== 'any' || !isReal(value)) throw refuse(value.kind, place, at);
      setPlace(place, placeOf(otherType, undefined), at);
  }
};

/** 2.4 takes a time without seconds as well. */
const isReal = (value: TomlNode): boolean => {
  if (!('raw' in value)) return true;
  if (!isDate(value.kind)) return isRealNumber(value.kind as 'integer' | 'float', value.raw);
  const full = value.raw.replace(/(^|[Tt ])(\d\d:\d\d)(?![\d:])/, '$1$2:00');
  return !/:60/.test(full) && isRealDate(value.kind, full);
};

const assignArray = (place: Place, array: TomlNode & { kind: 'array' }, depth: number): void => {
  if (place.type.kind !== 'slice' && place.type.kind !== 'any') throw refuse('list', place, array.at);
  const of = place.type.kind === 'slice' ? place.type.of : anyType;
  const items = array.items.map((item) => {
    const element = newPlace(of);
    assign(element, item, depth);
    return element;
  });
  setPlace(place, placeOf(place.type.kind === 'slice' ? place.type : anySlice, items), array.at);
};

const assignInlineTable = (place: Place, table: TomlNode & { kind: 'inline table' }, depth: number): void => {
  const { kind } = place.type;
  if (kind !== 'map' && kind !== 'any' && kind !== 'struct') throw refuse('inline table', place, table.at);
  const target = kind === 'struct' ? place : settableCopy(emptyMap(kind === 'map' ? place.type : anyMap));
  for (const pair of table.pairs) assignPair(target, pair, depth);
  if (kind !== 'struct') setPlace(place, target, table.at);
};

/**
 * go-toml 2.4 decoding into a Go structure, https://github.com/pelletier/go-toml/blob/v2.4.3/unmarshaler.go. Unlike
 * its predecessors it writes in place, checks every table, and never panics. Throws a TomlError.
 */
export const decodeGoToml24 = (expressions: Iterable<TomlExpression>, type: GoType): Place => {
  const root = newPlace(type);
  const seen = createSeenTracker(true);
  let target: Place | undefined = root;
  for (const expression of expressions) {
    const first = seen.check(expression);
    if (expression.kind !== 'pair') target = walkHeader(root, expression, first);
    else if (target !== undefined) assignPair(target, expression);
  }
  return root;
};
