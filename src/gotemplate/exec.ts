import { isAscii } from './bytes.ts';
import { BadData } from './data.ts';
import { evalPipeline } from './eval.ts';
import { valueText } from './fmt/print.ts';
import { type Budget, LimitReached } from './limits.ts';
import type { Call, If, Node, Range, Sequence, With } from './node.ts';
import type { Program } from './program.ts';
import { assignVariable, fail, failure, newOutput, type Run, type State, treeOf } from './state.ts';
import { quote } from './strconv/quote.ts';
import { Dict, int, integerOf, isTrue, List, Sized, type Value } from './values.ts';

/** How a walk ended: at its end, or at a break or continue that the range around it must see. */
type Outcome = 'done' | 'break' | 'continue';

function write(state: State, text: string): void {
  const { output } = state;
  if (output.ascii && !isAscii(text)) output.ascii = false;
  output.text += text;
  state.budget.output(output.text.length);
}

/** Text of an ASCII template needs no second look. */
function writeText({ output, program, budget }: State, text: string): void {
  if (!program.ascii) output.ascii = false;
  output.text += text;
  budget.output(output.text.length);
}

/** Executes a list of nodes. */
export function walkList(state: State, list: Sequence): Outcome {
  for (const node of list.nodes) {
    const outcome = walk(state, node);
    if (outcome !== 'done') return outcome;
  }
  return 'done';
}

function walk(state: State, node: Sequence['nodes'][number]): Outcome {
  state.node = node;
  state.budget.step(1);
  switch (node.kind) {
    case 'text':
      writeText(state, node.text);
      return 'done';
    case 'action': {
      const value = evalPipeline(state, node.pipe);
      if (node.pipe.variables.length > 0) return 'done';
      state.node = node;
      if (typeof value === 'string') write(state, value);
      else write(state, value === undefined ? '<no value>' : valueText(value, state.budget));
      return 'done';
    }
    case 'if':
    case 'with':
      return walkBranch(state, node);
    case 'range':
      return walkRange(state, node);
    case 'template':
      walkCall(state, node);
      return 'done';
    case 'list':
      return walkList(state, node);
    case 'break':
    case 'continue':
      return node.kind;
    default:
      return node satisfies never;
  }
}

function walkBranch(state: State, node: If | With): Outcome {
  const mark = state.slots.length;
  const value = evalPipeline(state, node.pipe);
  let outcome: Outcome = 'done';
  if (isTrue(value)) {
    outcome = node.kind === 'with' ? withDot(state, value, false, node.list) : walkList(state, node.list);
  } else if (node.elseList !== undefined) {
    outcome = walkList(state, node.elseList);
  }
  state.slots.length = mark;
  return outcome;
}

function withDot(state: State, value: Value, boxed: boolean, list: Sequence): Outcome {
  const { dot, dotBoxed } = state;
  state.dot = value;
  state.dotBoxed = boxed;
  const outcome = walkList(state, list);
  state.dot = dot;
  state.dotBoxed = dotBoxed;
  return outcome;
}

function walkRange(state: State, node: Range): Outcome {
  const outer = state.slots.length;
  const value = evalPipeline(state, node.pipe);
  const mark = state.slots.length;
  const { variables } = node.pipe;
  let rounds = 0;
  let outcome: Outcome = 'done';

  const round = (index: Value, item: Value, boxed: boolean): boolean => {
    rounds++;
    state.budget.step(1);
    bind(state, node, { index, item, boxed });
    outcome = withDot(state, item, boxed, node.list);
    state.slots.length = mark;
    return outcome !== 'break';
  };

  const count = integerOf(value);
  if (count !== undefined) {
    if (variables.length > 1) fail(state, `can't use ${count} to iterate over more than one variable`);
    for (let i = 0n; i < count; i++) {
      if (!round(undefined, value instanceof Sized ? new Sized(value.kind, i) : i, false)) break;
    }
  } else if (value instanceof List) {
    const boxed = value.of === 'any';
    for (let i = 0; i < value.items.length; i++) {
      if (!round(int(i), value.items[i], boxed)) break;
    }
  } else if (value instanceof Dict) {
    const keys = value.keys();
    state.budget.list(keys.length);
    const entries = new Map(value.entries());
    for (const key of keys) {
      if (!round(key, entries.get(key), value.of === 'any')) break;
    }
  } else if (value !== undefined) {
    fail(state, `range can't iterate over ${valueText(value, state.budget)}`);
  }
  if (rounds === 0) outcome = node.elseList === undefined ? 'done' : walkList(state, node.elseList);
  else outcome = 'done';
  state.slots.length = outer;
  return outcome === 'break' ? 'done' : outcome;
}

type Round = { readonly index: Value; readonly item: Value; readonly boxed: boolean };

/** Gives the variables of a range their values for one round. */
function bind(state: State, node: Range, { index, item, boxed }: Round): void {
  const { variables, assign } = node.pipe;
  const [first, second] = variables;
  if (first === undefined) return;
  if (assign) {
    assignVariable(state, first.name, second === undefined ? item : index, second === undefined && boxed);
    if (second !== undefined) assignVariable(state, second.name, item, boxed);
    return;
  }
  const top = state.slots[state.slots.length - 1];
  if (top !== undefined) {
    top.value = item;
    top.boxed = boxed;
  }
  const below = second === undefined ? undefined : state.slots[state.slots.length - 2];
  if (below !== undefined) {
    below.value = index;
    below.boxed = false;
  }
}

function walkCall(state: State, node: Call): void {
  const tree = treeOf(state.program, node.name);
  if (tree === undefined) fail(state, `template ${quote(node.name)} not defined`);
  const dot = node.pipe === undefined ? undefined : evalPipeline(state, node.pipe);
  runTree(state, { program: state.program, name: node.name, tree, dot, output: state.output });
  state.node = node satisfies Node;
}

/** Executes a template within another one: no variables but $, one level deeper. */
export function runTree(state: State, { program, name, tree, dot, output }: Run): void {
  const { nesting } = state.budget.limits;
  if (state.depth >= nesting) fail(state, `exceeded maximum template depth (${nesting})`, { kind: 'limit' });
  const inner: State = { ...startState(program, state.budget), name, depth: state.depth + 1, output, dot };
  inner.slots.push({ name: '$', value: dot, boxed: false });
  try {
    walkList(inner, tree);
  } catch (error) {
    throw located(inner, error);
  }
}

/** What an execution starts from. */
export function startState(program: Program, budget: Budget): State {
  return {
    program,
    budget,
    run: runTree,
    name: program.settings.name,
    depth: 0,
    output: newOutput(),
    slots: [],
    dot: undefined,
    dotBoxed: false,
    boxed: false,
    node: undefined,
  };
}

/** Gives the errors that know no place the one of the node at work. */
export function located(state: State, error: unknown): unknown {
  if (error instanceof LimitReached) return failure(state, error.message, { kind: 'limit' });
  if (error instanceof BadData) return failure(state, error.message, { kind: 'data' });
  if (error instanceof RangeError) return failure(state, `out of stack or memory: ${error.message}`, { kind: 'limit' });
  return error;
}
