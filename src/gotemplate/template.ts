import { fromBytes, toBytes, toUint8 } from './bytes.ts';
import { DataReader, type Numbers } from './data.ts';
import { TemplateError } from './error.ts';
import { located, runTree, startState } from './exec.ts';
import { type FunctionSet, functionSet } from './funcs/table.ts';
import { Budget, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { printTrees } from './print.ts';
import { type MissingKey, type Program, parseProgram, type Settings } from './program.ts';
import { ParseFailure } from './reader.ts';
import { ExecFailure, type Output, position } from './state.ts';

export type { Numbers } from './data.ts';
export type { FunctionSet } from './funcs/table.ts';
export type { Limits } from './limits.ts';
export type { MissingKey } from './program.ts';

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
  const settings: Settings = {
    name: toBytes(options.name ?? 't'),
    missingKey: options.missingKey ?? 'default',
    funcs: functionSet(options.funcs ?? 'helm', options.tpl ?? false),
    limits: options.limits === undefined ? DEFAULT_LIMITS : Object.freeze({ ...DEFAULT_LIMITS, ...options.limits }),
  };
  const bytes = toBytes(text);
  try {
    return new ParsedTemplate(parseProgram(bytes, settings, bytes === text), options.numbers ?? 'int', options.clock);
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    const phase = error.isLimit ? 'limit' : 'parse';
    throw new TemplateError(error.message, { phase, text: bytes, line: error.line });
  }
}

class ParsedTemplate implements Template {
  private readonly program: Program;
  private readonly numbers: Numbers;
  private readonly clock: (() => number) | undefined;

  constructor(program: Program, numbers: Numbers, clock: (() => number) | undefined) {
    this.program = program;
    this.numbers = numbers;
    this.clock = clock;
  }

  execute(data: unknown): string {
    const { text, ascii } = this.run(data);
    return ascii ? text : fromBytes(text);
  }

  executeBytes(data: unknown): Uint8Array {
    return toUint8(this.run(data).text);
  }

  print(): string {
    return fromBytes(printTrees(this.program.trees));
  }

  private run(data: unknown): Output {
    const program = this.program;
    const { name, limits } = program.settings;
    const budget = new Budget(limits, this.clock);
    const state = startState(program, budget);
    try {
      const dot = new DataReader(this.numbers, budget).read(data) ?? undefined;
      runTree(state, { program, name, tree: program.trees.main, dot, output: state.output });
      return state.output;
    } catch (error) {
      throw asTemplateError(located(state, error));
    }
  }
}

function asTemplateError(error: unknown): unknown {
  if (!(error instanceof ExecFailure)) return error;
  const { program, at, kind, hint } = error;
  const place = at < 0 ? {} : position(program.text, at);
  return new TemplateError(error.message, { phase: kind, text: program.text, hint, ...place });
}
