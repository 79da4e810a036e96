import { CallError } from '../error.ts';
import { sprintf } from '../fmt/printf.ts';
import type { Budget } from '../limits.ts';
import { Complex, Dict, integerOf, List, Sized, typeOf, unwrap, type Value } from '../values.ts';

type Basic = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string' | undefined;

function basicKind(value: Value): Basic {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    default:
  }
  if (value instanceof Sized) return value.kind.startsWith('u') ? 'uint' : 'int';
  return value instanceof Complex ? 'complex' : undefined;
}

function incompatible(a: Value, b: Value): never {
  throw new CallError(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
}

function isInteger(kind: Basic): boolean {
  return kind === 'int' || kind === 'uint';
}

function isNil(value: Value): boolean {
  if (value === undefined || value === null) return true;
  return (value instanceof List || value instanceof Dict) && value.isNil;
}

function equalOther(a: Value, b: Value, budget: Budget): boolean {
  const kindOfOne = (value: Value): string => {
    if (value instanceof Dict) return 'map';
    return value instanceof List ? 'slice' : typeOf(value);
  };
  if (a !== undefined && b !== undefined && kindOfOne(a) !== kindOfOne(b)) {
    const shown = sprintf('%s: %s, %s: %v', [a, typeOf(a), typeOf(b), b], budget);
    throw new CallError(`non-comparable types ${shown}`);
  }
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (b instanceof Dict || b instanceof List) {
    throw new CallError(`non-comparable type ${sprintf('%s', [b], budget)}: ${typeOf(b)}`);
  }
  if (typeof a !== 'object' || a === null || !('equals' in a)) return false;
  return a.kind === 'ptr' ? a === b : a.equals(b);
}

/** eq for two values */
export function equal(left: Value, right: Value, budget: Budget): boolean {
  const a = unwrap(left);
  const b = unwrap(right);
  const kindA = basicKind(a);
  const kindB = basicKind(b);
  if (kindA !== kindB) {
    if (isInteger(kindA) && isInteger(kindB)) return integerOf(a) === integerOf(b);
    if (a !== undefined && b !== undefined) incompatible(a, b);
    return false;
  }
  if (kindA === undefined) return equalOther(a, b, budget);
  if (isInteger(kindA)) return integerOf(a) === integerOf(b);
  if (a instanceof Complex && b instanceof Complex) return a.real === b.real && a.imaginary === b.imaginary;
  return a === b;
}

/** lt */
export function less(left: Value, right: Value): boolean {
  const a = unwrap(left);
  const b = unwrap(right);
  const kindA = basicKind(a);
  const kindB = basicKind(b);
  if (kindA === undefined || kindB === undefined) throw new CallError('invalid type for comparison');
  const intA = integerOf(a);
  const intB = integerOf(b);
  if (intA !== undefined && intB !== undefined) return intA < intB;
  if (kindA !== kindB) incompatible(a, b);
  if (typeof a === 'string' && typeof b === 'string') return a < b;
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  throw new CallError('invalid type for comparison');
}

/** le */
export function lessOrEqual(a: Value, b: Value, budget: Budget): boolean {
  return less(a, b) || equal(a, b, budget);
}
