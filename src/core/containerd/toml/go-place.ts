import { GoPanic } from './error.ts';

/**
 * Just enough of Go's `reflect` to follow go-toml into the structures that containerd decodes a file into: which values
 * can be set, and what a map element or an interface holds, decides whether a file is read, refused or deadly.
 */
export type GoType =
  | { readonly kind: 'string' | 'bool' | 'any' | 'other' }
  | { readonly kind: 'slice' | 'map' | 'pointer'; readonly of: GoType }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, GoType> };

/** `undefined` is nil. What an `any` holds is a place of a concrete type. */
export type GoValue = undefined | string | boolean | Place | Place[] | Map<string, GoValue> | StructValue;

type StructValue = { readonly cells: ReadonlyMap<string, Cell> };

type Cell = { value: GoValue };

/** A `reflect.Value`: where a value lies, and whether it may be set there. */
export type Place = { readonly type: GoType; readonly cell: Cell; readonly settable: boolean };

export const stringType: GoType = { kind: 'string' };
export const boolType: GoType = { kind: 'bool' };
export const anyType: GoType = { kind: 'any' };
/** Numbers and dates: containerd refuses them everywhere, so their value does not matter. */
export const otherType: GoType = { kind: 'other' };
/** A list or table that lies this deep is of no use to containerd: it is not looked into. */
export const maxDepth = 50;

export const anySlice: GoType = { kind: 'slice', of: anyType };
export const anyMap: GoType = { kind: 'map', of: anyType };

const zero = (type: GoType): GoValue => {
  switch (type.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'struct':
      return { cells: new Map([...type.fields].map(([name, field]) => [name, { value: zero(field) }])) };
    default:
      return undefined;
  }
};

/** `reflect.New(type).Elem()`. */
export const newPlace = (type: GoType): Place => ({ type, cell: { value: zero(type) }, settable: true });

/** `reflect.ValueOf(value)`. */
export const placeOf = (type: GoType, value: GoValue): Place => ({ type, cell: { value }, settable: false });

export const emptyMap = (type: GoType): Place => placeOf(type, new Map());

export const slicePlaces = (place: Place): Place[] => (Array.isArray(place.cell.value) ? place.cell.value : []);

export const mapEntries = (place: Place): Map<string, GoValue> | undefined =>
  place.type.kind === 'map' && place.cell.value instanceof Map ? place.cell.value : undefined;

const isPlace = (value: GoValue): value is Place => typeof value === 'object' && 'settable' in value;

/** What an interface or a pointer leads to. */
export const elementOf = (place: Place): Place | undefined =>
  isPlace(place.cell.value) ? place.cell.value : undefined;

const structValue = (value: GoValue): StructValue | undefined =>
  typeof value === 'object' && 'cells' in value ? value : undefined;

const copyValue = (value: GoValue): GoValue => {
  const struct = structValue(value);
  if (struct === undefined) return value;
  return { cells: new Map([...struct.cells].map(([name, cell]) => [name, { value: cell.value }])) };
};

/** `v.MapIndex(key)`: a copy that cannot be set. */
export const mapIndex = (place: Place, key: string): Place | undefined => {
  const entries = mapEntries(place);
  if (entries === undefined || place.type.kind !== 'map' || !entries.has(key)) return undefined;
  return placeOf(place.type.of, copyValue(entries.get(key)));
};

const held = (type: GoType, from: Place): GoValue => {
  if (type.kind !== 'any') return copyValue(from.cell.value);
  return from.type.kind === 'any' ? from.cell.value : placeOf(from.type, from.cell.value);
};

/** `v.SetMapIndex(key, element)`. */
export const setMapIndex = (place: Place, key: string, element: Place): void => {
  if (place.type.kind === 'map') mapEntries(place)?.set(key, held(place.type.of, element));
};

/** A map's element in place, made if absent: for go-toml 2.4, which writes every change back. */
export const mapSlot = (place: Place, key: string): Place => {
  if (mapEntries(place) === undefined) place.cell.value = new Map();
  const entries = mapEntries(place) ?? new Map<string, GoValue>();
  const type = place.type.kind === 'map' ? place.type.of : anyType;
  if (!entries.has(key)) entries.set(key, zero(type));
  const cell = {
    get value() {
      return entries.get(key);
    },
    set value(value: GoValue) {
      entries.set(key, value);
    },
  };
  return { type, cell, settable: true };
};

/** `v.Set(from)`. */
export const setPlace = (place: Place, from: Place, at: number): void => {
  if (!place.settable) throw new GoPanic('reflect: reflect.Value.Set using unaddressable value', at);
  place.cell.value = held(place.type, from);
};

/** Sets a string, boolean or slice directly. */
export const setValue = (place: Place, value: GoValue, at: number): void =>
  setPlace(place, placeOf(place.type, value), at);

/** `v.Addr().Elem()` of a new copy: the same value where it can be set. */
export const settableCopy = (place: Place): Place => ({
  type: place.type,
  cell: { value: copyValue(place.cell.value) },
  settable: true,
});

/**
 * A field by its TOML name, exact or by Unicode lower case as go-toml 2 matches it; a pointer is followed, and made on
 * the way, which ends containerd when the structure cannot be set.
 */
export const fieldOf = (place: Place, name: string, at: number): Place | undefined => {
  const field = structField(place, name);
  return field?.type.kind === 'pointer' ? followPointer(field, at) : field;
};

/** The field itself, a pointer not followed. */
export const structField = (place: Place, name: string): Place | undefined => {
  if (place.type.kind !== 'struct') return undefined;
  const exact = place.type.fields.has(name) ? name : name.replaceAll('\u0130', 'i').toLowerCase();
  const type = place.type.fields.get(exact);
  const cell = structValue(place.cell.value)?.cells.get(exact);
  return type === undefined || cell === undefined ? undefined : { type, cell, settable: place.settable };
};

export const followPointer = (place: Place, at: number): Place => {
  const target = elementOf(place);
  if (target !== undefined || place.type.kind !== 'pointer') return target ?? place;
  const made = newPlace(place.type.of);
  if (!place.settable) throw new GoPanic('reflect: reflect.Value.Set using unaddressable value', at);
  place.cell.value = made;
  return made;
};
