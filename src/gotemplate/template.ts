import { fromBytes, toBytes, toUint8 } from './bytes.ts';
import { DataReader, type Numbers } from './data.ts';
import { TemplateError } from './error.ts';
import { located, runTree, startState } from './exec.ts';
import type { Funcs } from './funcs/signature.ts';
import { type FunctionSet, functionSet } from './funcs/table.ts';
import { Budget, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { ParseFailure, parseTrees } from './parse.ts';
import { printTrees } from './print.ts';
import { ExecFailure, type MissingKey, type Program, position } from './state.ts';

export type { Numbers } from './data.ts';
export type { FunctionSet } from './funcs/table.ts';
export type { Limits } from './limits.ts';
export type { MissingKey } from './state.ts';

/** How a text is read and what it may do. */
export type TemplateOptions = {
  /** The name in error messages; "t" when none is given. */
  readonly name?: string;
  /** What an absent key is; "default" prints <no value>. */
  readonly missingKey?: MissingKey;
  /** The functions at hand: those of Go, with sprig's, with Helm's too. */
  readonly funcs?: FunctionSet;
  /** Whether `tpl` is there, which runs text from the data as a template. */
  readonly tpl?: boolean;
  /** How whole numbers of the data are taken. */
  readonly numbers?: Numbers;
  readonly limits?: Partial<Limits>;
  /** Milliseconds that only grow; without it the time limit is not looked at. */
  readonly clock?: () => number;
};

/** A parsed template: immutable, to be executed any number of times. */
export type Template = {
  /** The text it makes of the data; bytes that are not UTF-8 become U+FFFD. */
  execute(data: unknown): string;
  /** The bytes it makes of the data. */
  executeBytes(data: unknown): Uint8Array;
  /** The template as its tree prints; parsing that gives the same tree. */
  print(): string;
};

/** Parses a Go template; throws TemplateError. */
export function parseTemplate(text: string, options: TemplateOptions = {}): Template {
  const limits = Object.freeze({ ...DEFAULT_LIMITS, ...options.limits });
  const settings: Settings = {
    limits,
    name: toBytes(options.name ?? 't'),
    missingKey: options.missingKey ?? 'default',
    funcs: functionSet(options.funcs ?? 'helm', options.tpl ?? false),
  };
  const program = parse(toBytes(text), settings);
  const numbers = options.numbers ?? 'int';
  const run = (data: unknown): string => execute(program, data, { limits, numbers, clock: options.clock });
  return Object.freeze({
    execute: (data: unknown) => fromBytes(run(data)),
    executeBytes: (data: unknown) => toUint8(run(data)),
    print: () => fromBytes(printTrees(program.name, program.trees)),
  });
}

type Settings = {
  readonly limits: Limits;
  readonly name: string;
  readonly missingKey: MissingKey;
  readonly funcs: Funcs;
};

function parseProgram(text: string, settings: Settings): Program {
  const { limits, name, missingKey, funcs } = settings;
  const trees = parseTrees(text, {
    name,
    nesting: limits.nesting,
    size: limits.template,
    hasFunction: (word) => Object.hasOwn(funcs, word),
  });
  return { name, text, trees, funcs, missingKey, parse: (inner, known) => parseInner(inner, known, settings) };
}

/** Parses text from within a template as Helm does; its own definitions hide those around it. */
function parseInner(text: string, known: Program['trees'], settings: Settings): Program {
  const missingKey = settings.missingKey === 'error' ? 'error' : 'zero';
  const inner = parseProgram(text, { ...settings, missingKey });
  return { ...inner, trees: new Map([...known, ...inner.trees]) };
}

function parse(text: string, settings: Settings): Program {
  try {
    return parseProgram(text, settings);
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    throw new TemplateError(error.message, { phase: error.isLimit ? 'limit' : 'parse', text, line: error.line });
  }
}

type Run = { readonly limits: Limits; readonly numbers: Numbers; readonly clock: (() => number) | undefined };

function execute(program: Program, data: unknown, { limits, numbers, clock }: Run): string {
  const budget = new Budget(limits, clock);
  const state = startState(program, budget);
  try {
    const dot = new DataReader(numbers, budget).read(data) ?? undefined;
    const tree = program.trees.get(program.name);
    if (tree !== undefined) runTree(state, { program, name: program.name, tree, dot, output: state.output });
    return state.output.text;
  } catch (error) {
    throw asTemplateError(located(state, error));
  }
}

function asTemplateError(error: unknown): unknown {
  if (!(error instanceof ExecFailure)) return error;
  const { program, at, kind, hint } = error;
  const place = at < 0 ? {} : position(program.text, at);
  return new TemplateError(error.message, { phase: kind, text: program.text, hint, ...place });
}
