import type { Budget } from '../limits.ts';
import type { Value } from '../values.ts';
import { Printer } from './printer.ts';

/** fmt.Sprint: blanks only between two operands of which neither is a string. */
export function sprint(args: readonly Value[], budget: Budget): string {
  const [only] = args;
  if (args.length === 1 && typeof only === 'string') return only;
  const printer = new Printer(budget);
  let previousString = false;
  for (const [i, arg] of args.entries()) {
    const isString = typeof arg === 'string';
    if (i > 0 && !isString && !previousString) printer.write(' ');
    printer.printArg(arg, 'v');
    previousString = isString;
  }
  return printer.out;
}

/** fmt.Sprintln: blanks between all operands, and a newline. */
export function sprintln(args: readonly Value[], budget: Budget): string {
  const printer = new Printer(budget);
  for (const [i, arg] of args.entries()) {
    if (i > 0) printer.write(' ');
    printer.printArg(arg, 'v');
  }
  printer.write('\n');
  return printer.out;
}

/** A value as %v prints it. */
export function valueText(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return value.toString();
  const printer = new Printer(budget);
  printer.printArg(value, 'v');
  return printer.out;
}
