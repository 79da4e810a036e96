import { fromBytes, isAscii, toBytes } from './bytes.ts';
import type { Budget } from './limits.ts';
import { Complex, Dict, int, List, Sized, type Value } from './values.ts';

/** How whole numbers of the data are taken: as Go ints, or all as float64, as encoding/json does. */
export type Numbers = 'int' | 'float64';

/** A float64 that stays one, even when it is whole. */
export class Float64 {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Raised for data that is no tree of plain values. */
export class BadData extends Error {
  override readonly name = 'BadData';
}

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** Turns the data of one execution into Go values: copies, so that no template can change the caller's. */
export class DataReader {
  private readonly numbers: Numbers;
  private readonly budget: Budget;
  private readonly known = new Map<object, Value>();
  private readonly open = new Set<object>();

  constructor(numbers: Numbers, budget: Budget) {
    this.numbers = numbers;
    this.budget = budget;
  }

  read(value: unknown, depth = 0): Value {
    switch (typeof value) {
      case 'string':
        return toBytes(value);
      case 'boolean':
        return value;
      case 'number':
        return this.number(value);
      case 'bigint':
        return value > MAX_INT || value < MIN_INT ? Number(value) : value;
      case 'undefined':
        return undefined;
      case 'object':
        return value === null ? null : this.object(value, depth);
      default:
        throw new BadData(`data holds a ${typeof value}`);
    }
  }

  private number(value: number): Value {
    if (this.numbers === 'float64' || !Number.isInteger(value) || Object.is(value, -0)) return value;
    return value < 2 ** 63 && value >= -(2 ** 63) ? int(value) : value;
  }

  private object(value: object, depth: number): Value {
    this.budget.depth(depth);
    const known = this.known.get(value);
    if (known !== undefined) return known;
    let result: Value;
    if (Array.isArray(value)) result = this.array(value, depth);
    else if (value instanceof Float64) result = value.value;
    else if (value instanceof Sized || value instanceof Complex) result = value;
    else if (value instanceof Map) result = this.lazy(new MapSource(value), depth);
    else result = this.plain(value, depth);
    this.known.set(value, result);
    return result;
  }

  private array(value: readonly unknown[], depth: number): List {
    if (this.open.has(value)) throw new BadData('data holds a list that holds itself');
    this.open.add(value);
    this.budget.list(value.length);
    const items: Value[] = [];
    for (let i = 0; i < value.length; i++) {
      const item = this.read(ownValue(value, String(i)), depth + 1);
      items.push(item === undefined ? null : item);
    }
    this.open.delete(value);
    return new List(items, 'any', { capacity: grownCapacity(items.length) });
  }

  private plain(value: object, depth: number): Value {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) {
      const isPlain = Object.hasOwn(prototype, 'isPrototypeOf') && Object.getPrototypeOf(prototype) === null;
      if (!isPlain) throw new BadData('data holds an object that is not plain');
    }
    return this.lazy(new ObjectSource(value), depth);
  }

  private lazy(source: Source, depth: number): Dict {
    const child = (raw: unknown): Value => this.read(raw, depth + 1);
    return Dict.lazy({
      get: (key) => {
        this.budget.step(1);
        return child(source.get(key));
      },
      keys: () => {
        const keys = source.keys();
        this.budget.list(keys.length);
        return keys.map(toBytes);
      },
    });
  }
}

type Source = { get(key: string): unknown; keys(): string[] };

/** Own, enumerable data properties only: no prototype, no getter ever runs. */
function ownValue(object: object, key: string): unknown {
  const property = Object.getOwnPropertyDescriptor(object, key);
  if (property === undefined || property.enumerable !== true) return undefined;
  if (property.get !== undefined || property.set !== undefined) throw new BadData(`data has an accessor: ${key}`);
  return property.value;
}

class ObjectSource implements Source {
  private readonly object: object;
  constructor(object: object) {
    this.object = object;
  }
  get(key: string): unknown {
    return ownValue(this.object, isAscii(key) ? key : fromBytes(key));
  }
  keys(): string[] {
    return Object.keys(this.object);
  }
}

class MapSource implements Source {
  private readonly map: ReadonlyMap<unknown, unknown>;
  constructor(map: ReadonlyMap<unknown, unknown>) {
    this.map = map;
  }
  get(key: string): unknown {
    return this.map.get(isAscii(key) ? key : fromBytes(key));
  }
  keys(): string[] {
    return [...this.map.keys()].filter((key) => typeof key === 'string');
  }
}

/** The capacity of a slice that encoding/json has grown by append; `slice` can reach up to it. */
export function grownCapacity(length: number): number {
  let capacity = length === 0 ? 0 : 1;
  while (capacity < length) capacity = capacity < 512 ? capacity * 2 : Math.ceil((capacity * 5) / 4 + 192);
  return capacity;
}
