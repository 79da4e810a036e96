import { GoPanic, TomlError, withArticle } from './error.ts';
import type { GoType, Place } from './go-place.ts';
import {
  anyMap,
  anySlice,
  boolType,
  elementOf,
  emptyMap,
  fieldOf,
  mapEntries,
  mapIndex,
  maxDepth,
  newPlace,
  otherType,
  placeOf,
  setMapIndex,
  setPlace,
  settableCopy,
  setValue,
  slicePlaces,
  stringType,
} from './go-place.ts';
import { isRealDate, isRealNumber } from './go2-numbers.ts';
import { createSeenTracker } from './go2-seen.ts';
import { createExpressionSource } from './go2-source.ts';
import type { KeyPart, TomlExpression, TomlNode, TomlPair } from './go2-syntax.ts';
import { isDate } from './go2-syntax.ts';

type Key = readonly KeyPart[];
type Step = (key: Key, index: number, place: Place) => Place | undefined;

/** `key[index]` is the part that the iterator stands on. */
const partOf = (key: Key, index: number): KeyPart => key[index] ?? { text: '', at: 0, escaped: false };

/**
 * go-toml 2.2 and 2.3 decoding into a Go structure, https://github.com/pelletier/go-toml/blob/v2.2.4/unmarshaler.go:
 * function by function, since its corners decide between "ignored" and a dead containerd. `dateIsDeadly` until 2.2.4:
 * a date for a key of another type is stored without a look. Throws a TomlError or a GoPanic.
 */
export const decodeGoToml2 = (
  expressions: Iterator<TomlExpression>,
  type: GoType,
  options: { readonly dateIsDeadly: boolean; readonly emptySliceIsDeadly: boolean },
): Place => {
  const root = newPlace(type);
  const seen = createSeenTracker(false);
  const source = createExpressionSource(expressions);
  let skipUntilTable = false;
  let clearArrayTable = false;

  const handleRoot = (expression: TomlExpression): void => {
    let first = false;
    if (!(skipUntilTable && expression.kind === 'pair')) first = seen.check(expression);
    if (expression.kind === 'pair') {
      if (!skipUntilTable) handlePair(expression, root);
      return;
    }
    skipUntilTable = false;
    if (expression.kind === 'table') {
      handleTable(expression.key, -1, root);
    } else {
      clearArrayTable = first;
      handleArrayTable(expression.key, -1, root);
    }
  };

  const handleTable: Step = (key, index, place) => {
    if (place.type.kind === 'slice') return handleTableInSlice(key, index, place);
    return index + 1 < key.length ? handleKeyPart(key, index + 1, place, handleTable) : handlePairs(place);
  };

  const handleTableInSlice: Step = (key, index, place) => {
    const last = slicePlaces(place).at(-1);
    const { at, escaped } = partOf(key, index);
    if (last === undefined) {
      if (escaped) throw new GoPanic('slice offset is farther than data length', at);
      throw new TomlError('cannot store a table in a list', at);
    }
    const result = handleTable(key, index, last);
    if (result !== undefined) setPlace(last, result, at);
    return undefined;
  };

  const handlePairs = (target: Place): Place | undefined => {
    let place = target;
    let result: Place | undefined;
    for (;;) {
      const expression = source.next();
      if (expression === undefined) return result;
      if (expression.kind !== 'pair') {
        source.putBack(expression);
        return result;
      }
      seen.check(expression);
      const replaced = handlePair(expression, place);
      if (replaced !== undefined) {
        place = replaced;
        result = replaced;
      }
    }
  };

  const handleArrayTable: Step = (key, index, place) =>
    index + 1 < key.length ? handleKeyPart(key, index + 1, place, handleCollection) : handlePairs(place);

  const handleCollection: Step = (key, index, place) => {
    if (index === key.length - 1) return handleLastCollection(key, index, place);
    if (place.type.kind !== 'slice') return handleArrayTable(key, index, place);
    const { at } = partOf(key, index);
    const last = slicePlaces(place).at(-1);
    if (last === undefined && options.emptySliceIsDeadly) throw new GoPanic('reflect: slice index out of range', at);
    const element = last ?? newElement(place.type.of);
    const result = handleArrayTable(key, index, element);
    if (skipUntilTable) return undefined;
    if (last === undefined) return placeOf(place.type, [...slicePlaces(place), settableCopy(result ?? element)]);
    if (result !== undefined) setPlace(last, result, at);
    return place;
  };

  const newElement = (of: GoType): Place => (of.kind === 'any' ? emptyMap(anyMap) : newPlace(of));

  const clearOnFirst = (place: Place, at: number): void => {
    if (!clearArrayTable || slicePlaces(place).length === 0) return;
    if (!place.settable) throw new GoPanic('reflect: reflect.Value.SetLen using unaddressable value', at);
    place.cell.value = [];
    clearArrayTable = false;
  };

  const handleLastCollection: Step = (key, index, place) => {
    const { at } = partOf(key, index);
    if (place.type.kind === 'any') {
      const held = elementOf(place);
      const fresh = held === undefined || (held.type.kind === 'slice' && held.type.of.kind !== 'any');
      const element = fresh
        ? settableCopy(placeOf(anySlice, []))
        : held.type.kind === 'slice'
          ? settableCopy(held)
          : held;
      if (element.type.kind === 'slice') clearOnFirst(element, at);
      return handleLastCollection(key, index, element);
    }
    if (place.type.kind !== 'slice') throw new TomlError(`cannot store a list of tables in a ${place.type.kind}`, at);
    clearOnFirst(place, at);
    const element = newElement(place.type.of);
    const added = newPlace(place.type.of);
    setPlace(added, handleArrayTable(key, index, element) ?? element, at);
    return placeOf(place.type, [...slicePlaces(place), added]);
  };

  const emptyFor = (key: Key, index: number, next: Step): Place =>
    next === handleCollection && index === key.length - 1 ? placeOf(anySlice, []) : emptyMap(anyMap);

  const handleKeyPart = (key: Key, index: number, target: Place, next: Step): Place | undefined => {
    const { text, at } = partOf(key, index);
    switch (target.type.kind) {
      case 'map':
        return handleMapPart(key, index, target, next);
      case 'struct': {
        const field = fieldOf(target, text, at);
        if (field === undefined) {
          skipUntilTable = true;
          return undefined;
        }
        const result = next(key, index, field);
        if (!skipUntilTable && result !== undefined) setPlace(field, result, at);
        return undefined;
      }
      case 'any': {
        const held = elementOf(target) ?? emptyMap(anyMap);
        return handleKeyPart(key, index, held, next) ?? held;
      }
      default:
        throw new GoPanic(`unhandled part: ${target.type.kind}`, at);
    }
  };

  const handleMapPart = (key: Key, index: number, target: Place, next: Step): Place | undefined => {
    const { text } = partOf(key, index);
    const of = target.type.kind === 'map' ? target.type.of : anyMap;
    const made = mapEntries(target) === undefined;
    const map = made ? emptyMap(target.type) : target;
    const found = mapIndex(map, text);
    let element: Place;
    if (found === undefined) element = of.kind === 'any' ? emptyFor(key, index, next) : newPlace(of);
    else if (of.kind === 'any') element = elementOf(found) ?? emptyFor(key, index, next);
    else element = settableCopy(found);
    setMapIndex(map, text, next(key, index, element) ?? element);
    return made ? map : undefined;
  };

  const handlePair = ({ key, value }: TomlPair, place: Place): Place | undefined => {
    const result = handlePairInner(key, -1, value, place);
    skipUntilTable = false;
    return result;
  };

  const handlePairInner = (key: Key, index: number, value: TomlNode, place: Place): Place | undefined => {
    if (index + 1 < key.length) return handlePairPart(key, index + 1, value, place);
    handleValue(value, place);
    return undefined;
  };

  const handlePairPart = (key: Key, index: number, value: TomlNode, place: Place): Place | undefined => {
    const { text, at } = partOf(key, index);
    switch (place.type.kind) {
      case 'map': {
        const made = mapEntries(place) === undefined;
        const map = made ? emptyMap(place.type) : place;
        const found = index === key.length - 1 ? undefined : mapIndex(map, text);
        const element = found ?? newPlace(place.type.of);
        const result = handlePairInner(key, index, value, element);
        if (result !== undefined || found === undefined) setMapIndex(map, text, result ?? element);
        return made ? map : undefined;
      }
      case 'struct': {
        const field = fieldOf(place, text, at);
        if (field === undefined) {
          skipUntilTable = true;
          return undefined;
        }
        if (!place.settable) {
          const copy = settableCopy(place);
          handlePairPart(key, index, value, copy);
          return copy;
        }
        const result = handlePairInner(key, index, value, field);
        if (result !== undefined) setPlace(field, result, at);
        return undefined;
      }
      case 'any': {
        const held = elementOf(place);
        const map = held?.type.kind === 'map' ? held : emptyMap(anyMap);
        return handlePairPart(key, index, value, map) ?? map;
      }
      default:
        throw new TomlError(`${withArticle(place.type.kind)} has no keys of its own`, at);
    }
  };

  let depth = 0;

  const handleValue = (value: TomlNode, place: Place): void => {
    const { at } = value;
    const { kind } = place.type;
    if (isDate(value.kind) && 'raw' in value) {
      if (!isRealDate(value.kind, value.raw)) throw new TomlError(`this is no ${value.kind}`, at);
      if (kind !== 'any' && options.dateIsDeadly) throw new GoPanic(`reflect.Set: value of type ${value.kind}`, at);
    }
    if ((value.kind === 'integer' || value.kind === 'float') && !isRealNumber(value.kind, value.raw)) {
      throw new TomlError('this is no number, or too large', at);
    }
    if ((value.kind === 'array' || value.kind === 'inline table') && depth < maxDepth) {
      depth += 1;
      if (value.kind === 'array') storeArray(value, place);
      else storeInlineTable(value, place);
      depth -= 1;
    } else if (value.kind === 'string' && (kind === 'string' || kind === 'any')) {
      setPlace(place, placeOf(stringType, value.text), at);
    } else if (value.kind === 'boolean' && (kind === 'bool' || kind === 'any')) {
      setPlace(place, placeOf(boolType, value.value), at);
    } else if (kind === 'any') {
      setPlace(place, placeOf(otherType, undefined), at);
    } else {
      throw new TomlError(`${withArticle(value.kind)} cannot stand here, ${withArticle(kind)} must`, at);
    }
  };

  const storeArray = (array: TomlNode & { kind: 'array' }, place: Place): void => {
    const { at } = array;
    if (place.type.kind === 'any') {
      const held = elementOf(place);
      const list = held === undefined || held.type.kind === 'slice' ? settableCopy(placeOf(anySlice, [])) : held;
      storeArray(array, list);
      setPlace(place, list, at);
      return;
    }
    if (place.type.kind !== 'slice') throw new TomlError(`a list cannot stand here, a ${place.type.kind} must`, at);
    const { of } = place.type;
    const items = array.items.map((item) => {
      const element = newPlace(of);
      handleValue(item, element);
      return element;
    });
    setValue(place, items, at);
  };

  const storeInlineTable = (table: TomlNode & { kind: 'inline table' }, place: Place): void => {
    const { at } = table;
    if (place.type.kind === 'any') {
      const held = elementOf(place) ?? emptyMap(anyMap);
      if (elementOf(place) === undefined) setPlace(place, held, at);
      storeInlineTable(table, held);
      return;
    }
    if (place.type.kind === 'map') {
      if (mapEntries(place) === undefined) setValue(place, new Map(), at);
    } else if (place.type.kind !== 'struct') {
      throw new TomlError(`an inline table cannot stand here, a ${place.type.kind} must`, at);
    }
    for (const pair of table.pairs) handlePair(pair, place);
  };

  for (let expression = source.next(); expression !== undefined; expression = source.next()) handleRoot(expression);
  return root;
};
