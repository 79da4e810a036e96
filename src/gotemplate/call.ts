import { validate } from './arguments.ts';
import { CallError } from './error.ts';
import type { Context, Func } from './funcs/signature.ts';
import { LimitReached } from './limits.ts';
import type { Node, Operand } from './node.ts';
import { printNode } from './print.ts';
import { type Program, parseWithin } from './program.ts';
import { ParseFailure } from './reader.ts';
import { ExecFailure, fail, NOTHING, newOutput, type Piped, type State, treeOf } from './state.ts';
import { quote } from './strconv/quote.ts';
import { isTrue, type Method, type Opaque, type ParamType, typeOf, type Value } from './values.ts';

/** Evaluates one argument for the type of its parameter. */
export type EvalArg = (state: State, type: ParamType, node: Operand) => Value;

type Site = {
  readonly node: Node;
  readonly args: readonly Operand[];
  readonly piped: Piped;
  readonly evalArg: EvalArg;
};

/** What `slice` makes of an index out of a map or list, whatever it holds. */
const BOXED_INDEX: Opaque = {
  type: 'interface {}',
  kind: 'ptr',
  text: () => '',
  method: () => undefined,
  equals: () => false,
  json: () => 'null',
};

/** Calls a function by name with the arguments of a command. */
export function callFunction(state: State, name: string, site: Site): Value {
  const { funcs } = state.program.settings;
  const func = Object.hasOwn(funcs, name) ? funcs[name] : undefined;
  if (func === undefined) return fail(state, `${quote(name)} is not a defined function`);
  const given = site.args.length + (site.piped === NOTHING ? 0 : 1);
  checkCount(state, name, { func, given, written: site.args.length });
  if (func.special === 'and' || func.special === 'or') return shortCircuit(state, func.special, site);
  const args = evalArgs(state, func, site);
  if (func.special === 'call') {
    const [callee] = site.args;
    const shown = callee === undefined ? typeText(args[0]) : printNode(callee);
    return invoke(state, { name, node: site.node }, () => notCallable(shown, args[0]));
  }
  return invoke(state, { name, node: site.node }, () => func.call(contextOf(state), args));
}

/** Calls a method of a value. */
export function callMethod(state: State, method: Method, site: Site & { readonly name: string }): Value {
  const { name, node } = site;
  const func: Func = {
    params: method.params,
    rest: undefined,
    special: undefined,
    call: (_, args) => method.call(...args),
  };
  const given = site.args.length + (site.piped === NOTHING ? 0 : 1);
  checkCount(state, name, { func, given, written: site.args.length });
  const args = evalArgs(state, func, site);
  return invoke(state, { name, node }, () => method.call(...args));
}

function typeText(value: Value): string {
  return typeof value === 'string' ? value : `<${typeOf(value)} Value>`;
}

function notCallable(shown: string, value: Value): never {
  if (value === undefined || value === null) throw new CallError('call of nil');
  throw new CallError(`non-function ${shown} of type ${typeOf(value)}`);
}

function checkCount(state: State, name: string, count: { func: Func; given: number; written: number }): void {
  const { func, given, written } = count;
  const want = func.params.length;
  if (func.rest === undefined) {
    if (given !== want) fail(state, `wrong number of args for ${name}: want ${want} got ${given}`);
  } else if (given < want) {
    fail(state, `wrong number of args for ${name}: want at least ${want} got ${written}`);
  }
}

function shortCircuit(state: State, kind: 'and' | 'or', site: Site): Value {
  let value: Value;
  for (const arg of site.args) {
    value = site.evalArg(state, 'reflect.Value', arg);
    if (isTrue(value) === (kind === 'or')) return value;
  }
  return site.piped === NOTHING ? value : site.piped;
}

function evalArgs(state: State, func: Func, { args, piped, evalArg }: Site): Value[] {
  const values: Value[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === undefined) continue;
    const value = evalArg(state, paramType(func, i), arg);
    values.push(func.special === 'slice' && i > 0 && state.boxed ? BOXED_INDEX : value);
  }
  if (piped !== NOTHING) values.push(validate(state, piped, paramType(func, args.length)));
  return values;
}

function paramType(func: Func, index: number): ParamType {
  return func.params[index] ?? func.rest ?? 'interface {}';
}

function invoke(state: State, { name, node }: { name: string; node: Node }, call: () => Value): Value {
  state.budget.step(2);
  try {
    return call();
  } catch (error) {
    state.node = node;
    if (error instanceof ExecFailure && error.kind === 'exec') {
      return fail(
        state,
        `error calling ${name}: ${error.message}`,
        error.hint === undefined ? {} : { hint: error.hint },
      );
    }
    if (error instanceof CallError) return fail(state, `error calling ${name}: ${error.message}`);
    throw error;
  }
}

function parsed(program: Program, text: string): Program {
  try {
    return parseWithin(program, text);
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    if (error.isLimit) throw new LimitReached(error.message);
    throw new CallError(`cannot parse template ${quote(text)}: ${error.message}`);
  }
}

function contextOf(state: State): Context {
  const { program, budget } = state;
  return {
    budget,
    include: (name, dot) => {
      const tree = treeOf(program, name);
      if (tree === undefined) {
        throw new CallError(
          `template: no template ${quote(name)} associated with template ${quote(program.settings.name)}`,
        );
      }
      const output = newOutput();
      state.run(state, { program, name, tree, dot: dot ?? undefined, output });
      budget.text(output.text.length);
      return output.text;
    },
    evaluate: (text, dot) => {
      budget.step(text.length * 4);
      const inner = parsed(program, text);
      const output = newOutput();
      try {
        state.run(state, {
          program: inner,
          name: inner.settings.name,
          tree: inner.trees.main,
          dot: dot ?? undefined,
          output,
        });
      } catch (error) {
        if (!(error instanceof ExecFailure) || error.kind !== 'exec') throw error;
        throw new CallError(`error during tpl function execution for ${quote(text)}: ${error.message}`);
      }
      budget.text(output.text.length);
      return output.text;
    },
  };
}
