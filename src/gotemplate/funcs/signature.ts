import type { Budget } from '../limits.ts';
import type { Dict, Opaque, ParamType, Value } from '../values.ts';

/** What a function may use beside its arguments. */
export type Context = {
  readonly budget: Budget;
  /** Executes a defined template by name, for include. */
  include(name: string, data: Value): string;
  /** Parses and executes a text with the functions and templates at hand, for tpl. */
  evaluate(text: string, data: Value): string;
};

type ArgOf = {
  'interface {}': Value;
  'reflect.Value': Value;
  string: string;
  int: bigint;
  float64: number;
  bool: boolean;
  'map[string]interface {}': Dict;
  'time.Time': Opaque;
  '*semver.Version': Opaque;
};

type Args<P extends readonly ParamType[]> = { [K in keyof P]: ArgOf[P[K]] };

/** A function as the executor sees it: its parameter types, the type of the rest, and the call. */
export type Func = {
  readonly params: readonly ParamType[];
  readonly rest: ParamType | undefined;
  readonly special: 'and' | 'or' | 'call' | 'slice' | undefined;
  readonly call: (context: Context, args: readonly Value[]) => Value;
};

/** A table of functions by name. */
export type Funcs = Readonly<Record<string, Func>>;

type Erased = (context: Context, ...args: readonly Value[]) => Value;

/** Declares a function of a fixed number of parameters. */
export function fn<const P extends readonly ParamType[]>(
  params: P,
  call: (context: Context, ...args: Args<P>) => Value,
): Func {
  const erased = call as unknown as Erased;
  return { params, rest: undefined, special: undefined, call: (context, args) => erased(context, ...args) };
}

/** Declares a function whose last parameter takes any number of arguments. */
export function variadic<const P extends readonly ParamType[], R extends ParamType>(
  params: P,
  rest: R,
  call: (context: Context, rest: readonly ArgOf[R][], ...args: Args<P>) => Value,
): Func {
  const erased = call as unknown as (context: Context, rest: readonly Value[], ...args: readonly Value[]) => Value;
  const fixed = params.length;
  return {
    params,
    rest,
    special: undefined,
    call: (context, args) => erased(context, args.slice(fixed), ...args.slice(0, fixed)),
  };
}

/** Declares a function that the executor treats by itself. */
export function special(kind: 'and' | 'or' | 'call'): Func {
  return { params: ['reflect.Value'], rest: 'reflect.Value', special: kind, call: () => undefined };
}
