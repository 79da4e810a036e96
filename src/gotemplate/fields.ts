import { callMethod, type EvalArg } from './call.ts';
import { nearby } from './nearby.ts';
import type { Node, Operand } from './node.ts';
import { fail, NOTHING, type Piped, type State } from './state.ts';
import { quote } from './strconv/quote.ts';
import { Complex, Dict, List, type Opaque, Sized, typeOf, type Value } from './values.ts';

/** Where a chain of fields starts. */
export type Receiver = { readonly value: Value; readonly boxed: boolean };
type Access = {
  readonly node: Node;
  readonly receiver: Receiver;
  readonly names: readonly string[];
  readonly args: readonly Operand[];
  readonly piped: Piped;
  readonly evalArg: EvalArg;
};

/** Follows a chain of fields; only the last one gets arguments. */
export function evalFields(state: State, access: Access): Value {
  const { node, names, args, piped, evalArg } = access;
  const last = names.length - 1;
  let { value, boxed } = access.receiver;
  for (let i = 0; i <= last; i++) {
    const name = names[i] ?? '';
    state.budget.step(1);
    if (value instanceof Dict) {
      if (i === last && (args.length > 1 || piped !== NOTHING))
        fail(state, `${name} is not a method but has arguments`);
      const found = value.get(name);
      boxed = value.of === 'any';
      value = found === undefined ? missing(state, value, name) : found;
    } else {
      const given: Given = i === last ? { args: args.slice(1), piped } : { args: [], piped: NOTHING };
      value = evalMember(state, { value, boxed }, { node, name, evalArg, ...given });
      boxed = false;
    }
  }
  state.boxed = boxed && value !== undefined;
  return value;
}

function missing(state: State, dict: Dict, name: string): Value {
  switch (state.program.settings.missingKey) {
    case 'zero':
      return dict.of === 'any' ? null : '';
    case 'error': {
      const hint = nearby(name, dict.keys());
      return fail(state, `map has no entry for key ${quote(name)}`, hint === undefined ? {} : { hint });
    }
    default:
      return undefined;
  }
}

type Given = Pick<Access, 'args' | 'piped'>;
type Member = Omit<Access, 'names' | 'receiver'> & { readonly name: string };

/** A field of what is no map: a method, or an error. */
function evalMember(state: State, { value, boxed }: Receiver, member: Member): Value {
  const { name } = member;
  if (value === undefined) {
    if (state.program.settings.missingKey === 'error') fail(state, `nil data; no entry for key ${quote(name)}`);
    return undefined;
  }
  if (value === null) return fail(state, `nil pointer evaluating interface {}.${name}`);
  if (isOpaque(value)) {
    const method = value.method(name);
    if (method !== undefined) return callMethod(state, method, member);
    if (value.hidden?.includes(name)) fail(state, `${name} is an unexported field of struct type ${value.type}`);
  }
  return fail(state, `can't evaluate field ${name} in type ${boxed ? 'interface {}' : typeOf(value)}`);
}

function isOpaque(value: Value): value is Opaque {
  if (typeof value !== 'object' || value === null) return false;
  return !(value instanceof Dict || value instanceof List || value instanceof Sized || value instanceof Complex);
}
