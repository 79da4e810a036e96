/**
 * Go values. `undefined` is reflect's invalid Value (an absent key), `null` an interface that holds nil;
 * float64 is a number, int a bigint, a string a byte string; everything else is a class below.
 */
export type Value = undefined | null | boolean | number | bigint | string | Sized | Complex | List | Dict | Opaque;

/** The integer kinds beside int. */
export type SizedKind = 'int64' | 'uint8' | 'uint64' | 'int32';

/** An integer of a kind other than int. */
export class Sized {
  readonly kind: SizedKind;
  readonly value: bigint;
  constructor(kind: SizedKind, value: bigint) {
    this.kind = kind;
    this.value = value;
  }
}

/** A complex128. */
export class Complex {
  readonly real: number;
  readonly imaginary: number;
  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** What a list holds: []interface {}, []string, []int, [][]interface {}, []map[string]interface {}, []uint8. */
export type ListOf = 'any' | 'string' | 'int' | 'lists' | 'dicts' | 'uint8';

/** A slice. `capacity` matters for `slice`, which may reach beyond the length. */
export class List {
  readonly of: ListOf;
  readonly items: readonly Value[];
  readonly capacity: number;
  readonly isNil: boolean;
  constructor(items: readonly Value[], of: ListOf = 'any', options: { capacity?: number; isNil?: boolean } = {}) {
    this.items = items;
    this.of = of;
    this.capacity = options.capacity ?? items.length;
    this.isNil = options.isNil ?? false;
  }
}

/** A map with string keys; `of` is the type of its values. */
export class Dict {
  readonly of: 'any' | 'string';
  readonly isNil: boolean;
  private readonly own: Map<string, Value>;
  private source: DictSource | undefined;

  constructor(own: Map<string, Value> = new Map(), of: 'any' | 'string' = 'any', isNil = false) {
    this.own = own;
    this.of = of;
    this.isNil = isNil;
  }

  /** A map whose values are converted when they are first asked for. */
  static lazy(source: DictSource): Dict {
    const dict = new Dict();
    dict.source = source;
    return dict;
  }

  /** The number of keys. */
  get size(): number {
    return this.entries().size;
  }

  /** The value of a key; undefined when there is none. */
  get(key: string): Value {
    const value = this.own.get(key);
    if (value !== undefined || this.source === undefined) return value;
    const found = this.source.get(key);
    if (found !== undefined) this.own.set(key, found);
    return found;
  }

  /** Whether there is such a key. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Sets a key; an absent value is stored as nil, as Go does. */
  set(key: string, value: Value): void {
    this.entries().set(key, value === undefined ? null : value);
  }

  /** Removes a key. */
  delete(key: string): void {
    this.entries().delete(key);
  }

  /** The keys in the order of their bytes. */
  keys(): string[] {
    return [...this.entries().keys()].sort();
  }

  /** All of it, in no order. */
  entries(): Map<string, Value> {
    if (this.source !== undefined) {
      for (const key of this.source.keys()) {
        if (!this.own.has(key)) this.own.set(key, this.source.get(key));
      }
      this.source = undefined;
    }
    return this.own;
  }
}

/** Where a lazy map takes its values from. */
export type DictSource = { keys(): string[]; get(key: string): Value };

/** A method that a template may call on an opaque value. */
export type Method = {
  readonly params: readonly ParamType[];
  readonly call: (...args: Value[]) => Value;
};

/** A Go value of a named type, seen from templates only through its text and its methods. */
export interface Opaque {
  readonly type: string;
  readonly kind: 'struct' | 'ptr';
  /** Fields that Go would find but not show. */
  readonly hidden?: readonly string[];
  text(): string;
  method(name: string): Method | undefined;
  equals(other: Value): boolean;
  json(): string;
}

/** Go's name of a parameter type. */
export type ParamType =
  | 'interface {}'
  | 'reflect.Value'
  | 'string'
  | 'int'
  | 'float64'
  | 'bool'
  | 'map[string]interface {}'
  | 'time.Time'
  | '*semver.Version';

const LIST_TYPES: Record<ListOf, string> = {
  any: '[]interface {}',
  string: '[]string',
  int: '[]int',
  lists: '[][]interface {}',
  dicts: '[]map[string]interface {}',
  uint8: '[]uint8',
};

/** Go's name of a value's type; nil has none. */
export function typeOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'undefined':
      return '<nil>';
    default:
  }
  if (value === null) return '<nil>';
  if (value instanceof Dict) return value.of === 'any' ? 'map[string]interface {}' : 'map[string]string';
  if (value instanceof List) return LIST_TYPES[value.of];
  if (value instanceof Sized) return value.kind;
  if (value instanceof Complex) return 'complex128';
  return value.type;
}

/** Go's name of a value's kind. */
export function kindOf(value: Value): string {
  if (value === undefined || value === null) return 'invalid';
  if (value instanceof Dict) return 'map';
  if (value instanceof List) return 'slice';
  if (typeof value === 'object' && 'kind' in value) return value.kind;
  return typeOf(value);
}

/** The integer behind any integer kind. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof Sized ? value.value : undefined;
}

/** template.IsTrue: false, 0, nil and whatever is empty count as false. */
export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0;
    case 'undefined':
      return false;
    default:
  }
  if (value === null) return false;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof List) return value.items.length > 0;
  if (value instanceof Sized) return value.value !== 0n;
  if (value instanceof Complex) return value.real !== 0 || value.imaginary !== 0;
  return true;
}

/** An int from a JavaScript number. */
export function int(value: number): bigint {
  return BigInt(value);
}

/** An int64, wrapped to 64 bits. */
export function int64(value: bigint): Sized {
  return new Sized('int64', BigInt.asIntN(64, value));
}

/** A list of strings. */
export function strings(items: readonly string[]): List {
  return new List(items, 'string');
}

/** What is in the interface: nil interfaces become the invalid value. */
export function unwrap(value: Value): Value {
  return value === null ? undefined : value;
}
