import { CallError } from '../error.ts';
import { sprint, sprintln } from '../fmt/print.ts';
import { sprintf } from '../fmt/printf.ts';
import { isTrue, unwrap } from '../values.ts';
import { equal, less, lessOrEqual } from './compare.ts';
import { htmlEscape, jsEscape, queryEscape } from './escape.ts';
import { indexOf, length, sliceOf } from './index.ts';
import { type Funcs, fn, special, variadic } from './signature.ts';

/** The functions that every Go template has. */
export const CORE: Funcs = {
  and: special('and'),
  or: special('or'),
  call: special('call'),
  not: fn(['reflect.Value'], (_, value) => !isTrue(unwrap(value))),
  len: fn(['reflect.Value'], (_, value) => length(value)),
  index: variadic(['reflect.Value'], 'reflect.Value', (_, keys, value) => indexOf(value, keys)),
  slice: {
    ...variadic(['reflect.Value'], 'reflect.Value', (_, bounds, value) => sliceOf(value, bounds)),
    special: 'slice',
  },
  print: variadic([], 'interface {}', ({ budget }, args) => sprint(args, budget)),
  println: variadic([], 'interface {}', ({ budget }, args) => sprintln(args, budget)),
  printf: variadic(['string'], 'interface {}', ({ budget }, args, format) => sprintf(format, args, budget)),
  html: variadic([], 'interface {}', ({ budget }, args) => htmlEscape(args, budget)),
  js: variadic([], 'interface {}', ({ budget }, args) => jsEscape(args, budget)),
  urlquery: variadic([], 'interface {}', ({ budget }, args) => queryEscape(args, budget)),
  eq: variadic(['reflect.Value'], 'reflect.Value', ({ budget }, others, value) => {
    if (others.length === 0) throw new CallError('missing argument for comparison');
    return others.some((other) => equal(value, other, budget));
  }),
  ne: fn(['reflect.Value', 'reflect.Value'], ({ budget }, a, b) => !equal(a, b, budget)),
  lt: fn(['reflect.Value', 'reflect.Value'], (_, a, b) => less(a, b)),
  le: fn(['reflect.Value', 'reflect.Value'], ({ budget }, a, b) => lessOrEqual(a, b, budget)),
  gt: fn(['reflect.Value', 'reflect.Value'], ({ budget }, a, b) => !lessOrEqual(a, b, budget)),
  ge: fn(['reflect.Value', 'reflect.Value'], (_, a, b) => !less(a, b)),
};
