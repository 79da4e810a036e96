import type { NumberLiteral, Operand } from './node.ts';
import { printNode } from './print.ts';
import { fail, type State } from './state.ts';
import { Dict, type ParamType, typeOf, type Value } from './values.ts';

const NIL_DICT = new Dict(new Map(), 'any', true);

/** What nil is as a parameter of a type. */
export function zeroOf(type: ParamType): Value {
  return type === 'map[string]interface {}' ? NIL_DICT : null;
}

/** Whether nil can be passed for a parameter. */
export function canBeNil(type: ParamType): boolean {
  return type === 'interface {}' || type === 'reflect.Value' || type[0] === 'm' || type[0] === '*';
}

function fits(value: Value, type: ParamType): boolean {
  switch (type) {
    case 'interface {}':
    case 'reflect.Value':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'int':
      return typeof value === 'bigint';
    case 'float64':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    default:
      return value !== null && typeOf(value) === type;
  }
}

/** Makes sure that a value can be passed for a parameter. */
export function validate(state: State, value: Value, type: ParamType): Value {
  if (fits(value, type)) return value === undefined && type === 'interface {}' ? null : value;
  if (value === undefined) {
    if (canBeNil(type)) return zeroOf(type);
    return fail(state, `invalid value; expected ${type}`);
  }
  const got = value === null ? 'interface {}' : typeOf(value);
  return fail(state, `wrong type for value; expected ${type}; got ${got}`);
}

/** The Go type of a number that no parameter asks a type of. */
export function constant(state: State, node: NumberLiteral): Value {
  state.node = node;
  const { text, int, uint, float, complex } = node.literal;
  if (complex !== undefined) return complex;
  const isHexInt = /^0[xX]./.test(text) && !/[pP]/.test(text);
  if (float !== undefined && !isHexInt && !text.startsWith("'") && /[.eEpP]/.test(text)) return float;
  if (int !== undefined) return int;
  if (uint !== undefined) return fail(state, `${text} overflows int`);
  return undefined;
}

type LiteralNode = Extract<Operand, { kind: 'bool' | 'number' | 'string' }>;

/** Evaluates a literal for the type of its parameter. */
export function evalLiteral(state: State, type: ParamType, node: LiteralNode): Value {
  switch (type) {
    case 'interface {}':
    case 'reflect.Value':
      return node.kind === 'number' ? constant(state, node) : node.value;
    case 'bool':
      return node.kind === 'bool' ? node.value : fail(state, `expected bool; found ${printNode(node)}`);
    case 'string':
      return node.kind === 'string' ? node.value : fail(state, `expected string; found ${printNode(node)}`);
    case 'int': {
      const value = node.kind === 'number' ? node.literal.int : undefined;
      return value ?? fail(state, `expected integer; found ${printNode(node)}`);
    }
    case 'float64': {
      const value = node.kind === 'number' ? node.literal.float : undefined;
      return value ?? fail(state, `expected float; found ${printNode(node)}`);
    }
    default:
      return fail(state, `can't handle ${printNode(node)} for arg of type ${type}`);
  }
}
