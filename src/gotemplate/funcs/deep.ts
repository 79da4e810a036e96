import type { Budget } from '../limits.ts';
import { Complex, Dict, List, Sized, typeOf, type Value } from '../values.ts';

/** reflect.DeepEqual: the same type and, all the way down, the same values. */
export function deepEqual(a: Value, b: Value, budget: Budget, depth = 0): boolean {
  budget.step(1);
  if (typeof a !== 'object' || typeof b !== 'object') return (a ?? null) === (b ?? null);
  if (a === null || b === null) return a === b;
  if (typeOf(a) !== typeOf(b)) return false;
  budget.depth(depth);
  if (a instanceof Dict && b instanceof Dict) return a === b || equalDicts(a, b, budget, depth);
  if (a instanceof List && b instanceof List) {
    if (a.isNil !== b.isNil || a.items.length !== b.items.length) return false;
    return a.items.every((item, i) => deepEqual(item, b.items[i], budget, depth + 1));
  }
  if (a instanceof Sized && b instanceof Sized) return a.value === b.value;
  if (a instanceof Complex && b instanceof Complex) return a.real === b.real && a.imaginary === b.imaginary;
  return 'equals' in a && a.equals(b);
}

function equalDicts(a: Dict, b: Dict, budget: Budget, depth: number): boolean {
  if (a.isNil !== b.isNil || a.size !== b.size) return false;
  for (const [key, value] of a.entries()) {
    const other = b.get(key);
    if (other === undefined || !deepEqual(value, other, budget, depth + 1)) return false;
  }
  return true;
}

/** A copy that shares nothing with the original. */
export function deepCopy(value: Value, budget: Budget, depth = 0): Value {
  budget.step(1);
  budget.depth(depth);
  if (value instanceof Dict) {
    budget.list(value.size);
    const copy = new Map<string, Value>();
    for (const [key, item] of value.entries()) copy.set(key, deepCopy(item, budget, depth + 1));
    return new Dict(copy, value.of);
  }
  if (value instanceof List) {
    budget.list(value.items.length);
    return new List(
      value.items.map((item) => deepCopy(item, budget, depth + 1)),
      value.of,
      { isNil: value.isNil },
    );
  }
  return value;
}
