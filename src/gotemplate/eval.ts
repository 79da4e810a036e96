import { canBeNil, constant, evalLiteral, validate, zeroOf } from './arguments.ts';
import { callFunction } from './call.ts';
import { evalFields } from './fields.ts';
import type { Chain, Command, Field, Identifier, Operand, Pipe, Variable } from './node.ts';
import { printNode } from './print.ts';
import { assignVariable, fail, lookUp, NOTHING, type Piped, type State } from './state.ts';
import { type ParamType, unwrap, type Value } from './values.ts';

/** Evaluates a pipeline and declares or sets its variables. */
export function evalPipeline(state: State, pipe: Pipe): Value {
  state.node = pipe;
  let value: Piped = NOTHING;
  for (const command of pipe.commands) value = unwrap(evalCommand(state, command, value));
  const result = value === NOTHING ? undefined : value;
  for (const variable of pipe.variables) {
    if (pipe.assign) assignVariable(state, variable.name, result, false);
    else state.slots.push({ name: variable.name, value: result, boxed: false });
  }
  return result;
}

function notAFunction(state: State, args: readonly Operand[], piped: Piped): void {
  const [first] = args;
  if (first === undefined || (args.length === 1 && piped === NOTHING)) return;
  fail(state, `can't give argument to non-function ${printNode(first)}`);
}

function evalCommand(state: State, command: Command, piped: Piped): Value {
  const { args } = command;
  const [first] = args;
  if (first === undefined) return undefined;
  state.budget.step(1);
  switch (first.kind) {
    case 'field':
      return evalField(state, first, args, piped);
    case 'chain':
      return evalChain(state, first, args, piped);
    case 'identifier':
      state.node = first;
      return callFunction(state, first.name, { node: command, args: args.slice(1), piped, evalArg });
    case 'pipe':
      notAFunction(state, args, piped);
      return evalPipeline(state, first);
    case 'variable':
      return evalVariable(state, first, args, piped);
    default:
  }
  state.node = first;
  notAFunction(state, args, piped);
  switch (first.kind) {
    case 'bool':
    case 'string':
      return first.value;
    case 'dot':
      return state.dot;
    case 'number':
      return constant(state, first);
    case 'nil':
      return fail(state, 'nil is not a command');
    default:
      return first satisfies never;
  }
}

/** Evaluates .a.b.c */
function evalField(state: State, node: Field, args: readonly Operand[], piped: Piped): Value {
  state.node = node;
  const receiver = { value: state.dot, boxed: state.dotBoxed };
  return evalFields(state, { node, receiver, names: node.fields, args, piped, evalArg });
}

/** Evaluates (pipeline).a.b */
function evalChain(state: State, node: Chain, args: readonly Operand[], piped: Piped): Value {
  state.node = node;
  if (node.node.kind === 'nil') fail(state, `indirection through explicit nil in ${printNode(node)}`);
  const value = evalReceiver(state, node.node);
  return evalFields(state, { node, receiver: { value, boxed: false }, names: node.fields, args, piped, evalArg });
}

function evalReceiver(state: State, node: Operand): Value {
  state.node = node;
  if (node.kind === 'pipe') return evalPipeline(state, node);
  if (node.kind === 'identifier') return evalIdentifier(state, node);
  return fail(state, `can't handle ${printNode(node)} for arg of type <nil>`);
}

/** Evaluates $x or $x.a.b */
function evalVariable(state: State, node: Variable, args: readonly Operand[], piped: Piped): Value {
  state.node = node;
  const receiver = lookUp(state, node.name);
  if (node.fields.length === 0) {
    notAFunction(state, args, piped);
    state.boxed = receiver.boxed;
    return receiver.value;
  }
  return evalFields(state, { node, receiver, names: node.fields, args, piped, evalArg });
}

/** Evaluates an identifier that stands as an argument: a call without arguments. */
function evalIdentifier(state: State, node: Identifier): Value {
  state.node = node;
  return callFunction(state, node.name, { node, args: [], piped: NOTHING, evalArg });
}

function evalArg(state: State, type: ParamType, node: Operand): Value {
  state.node = node;
  state.boxed = false;
  state.budget.step(1);
  switch (node.kind) {
    case 'dot':
      state.boxed = state.dotBoxed;
      return validate(state, state.dot, type);
    case 'nil':
      if (!canBeNil(type)) fail(state, `cannot assign nil to ${type}`);
      return type === 'reflect.Value' ? undefined : zeroOf(type);
    case 'field':
      return validate(state, evalField(state, node, [node], NOTHING), type);
    case 'variable':
      return validate(state, evalVariable(state, node, [], NOTHING), type);
    case 'pipe': {
      const value = evalPipeline(state, node);
      state.boxed = false;
      return validate(state, value, type);
    }
    case 'identifier':
      return validate(state, evalIdentifier(state, node), type);
    case 'chain':
      return validate(state, evalChain(state, node, [], NOTHING), type);
    default:
      return evalLiteral(state, type, node);
  }
}
