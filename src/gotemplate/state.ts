import type { Budget } from './limits.ts';
import type { Node, Sequence } from './node.ts';
import { printNode } from './print.ts';
import type { Program } from './program.ts';
import { quote } from './strconv/quote.ts';
import type { Value } from './values.ts';

/** Stands for "nothing was piped in": no value can. */
export const NOTHING = Symbol('nothing piped in');

/** The value from the left of a pipe, if there was one. */
export type Piped = Value | typeof NOTHING;

/** The tree of a template by name. */
export function treeOf({ settings, trees }: Program, wanted: string): Sequence | undefined {
  return wanted === settings.name ? trees.main : trees.defined.get(wanted);
}

/** A variable in scope; `boxed` tells whether Go holds it as an interface, which shows in error texts only. */
export type Slot = { readonly name: string; value: Value; boxed: boolean };

/** What has been written, and whether it is ASCII, which saves looking through it at the end. */
export type Output = { text: string; ascii: boolean };

/** Nothing written yet. */
export function newOutput(): Output {
  return { text: '', ascii: true };
}

/** A template to execute: where it writes and what its dot is. */
export type Run = {
  readonly program: Program;
  readonly name: string;
  readonly tree: Sequence;
  readonly dot: Value;
  readonly output: Output;
};

/** One running template. */
export type State = {
  readonly program: Program;
  readonly budget: Budget;
  /** The name of the template that runs now. */
  readonly name: string;
  readonly depth: number;
  readonly output: Output;
  slots: Slot[];
  dot: Value;
  dotBoxed: boolean;
  /** Whether Go would hold the argument that was evaluated last as an interface; `slice` asks. */
  boxed: boolean;
  /** Executes a template of the program within this one, for include. */
  readonly run: (state: State, run: Run) => void;
  /** The node that an error would be reported at. */
  node: Node | undefined;
};

type More = { readonly kind?: 'exec' | 'limit' | 'data'; readonly hint?: string };

/** A failure with its place, already in Go's words. */
export class ExecFailure extends Error {
  override readonly name = 'ExecFailure';
  readonly program: Program;
  readonly at: number;
  readonly kind: 'exec' | 'limit' | 'data';
  readonly hint: string | undefined;
  constructor(message: string, place: More & { program: Program; at: number }) {
    super(message);
    this.program = place.program;
    this.at = place.at;
    this.kind = place.kind ?? 'exec';
    this.hint = place.hint;
  }
}

/** The line, from 1, and the byte in it, from 0. */
export function position(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  return { line, column: at - start };
}

/** A failure at the node at work, with Go's "executing ... at ..." around the message. */
export function failure(state: State, message: string, more: More = {}): ExecFailure {
  const { program, node } = state;
  if (node === undefined) return new ExecFailure(`template: ${state.name}: ${message}`, { program, at: -1, ...more });
  const { line, column } = position(program.text, node.at);
  const place = `${program.settings.name}:${line}:${column}: executing ${quote(state.name)} at <${printNode(node)}>`;
  return new ExecFailure(`template: ${place}: ${message}`, { program, at: node.at, ...more });
}

/** Stops the execution. */
export function fail(state: State, message: string, more: More = {}): never {
  throw failure(state, message, more);
}

/** The innermost variable of a name; looking far costs steps. */
export function lookUp(state: State, name: string): Slot {
  const { slots } = state;
  for (let i = slots.length - 1; i >= 0; i--) {
    const slot = slots[i];
    if (slot?.name !== name) continue;
    if (slots.length - i > 16) state.budget.step((slots.length - i) >> 4);
    return slot;
  }
  return fail(state, `undefined variable: ${name}`);
}

/** Sets the innermost variable of a name. */
export function assignVariable(state: State, name: string, value: Value, boxed: boolean): void {
  const slot = lookUp(state, name);
  slot.value = value;
  slot.boxed = boxed;
}
