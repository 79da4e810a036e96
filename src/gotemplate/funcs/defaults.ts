import { CallError } from '../error.ts';
import { isTrue, kindOf, typeOf, type Value } from '../values.ts';
import { deepCopy, deepEqual } from './deep.ts';
import { type Funcs, fn, variadic } from './signature.ts';

/** sprig's empty: 0, false, nil and whatever has no length. */
export function isEmpty(value: Value): boolean {
  return !isTrue(value);
}

const copied = fn(['interface {}'], ({ budget }, value) => {
  if (value === null) throw new CallError('reflect: call of reflect.Value.Type on zero Value');
  return deepCopy(value, budget);
});

/** sprig's functions of defaults, types and flow. */
export const DEFAULTS: Funcs = {
  default: variadic(['interface {}'], 'interface {}', (_, [given], fallback) =>
    given === undefined || isEmpty(given) ? fallback : given,
  ),
  empty: fn(['interface {}'], (_, value) => isEmpty(value)),
  coalesce: variadic([], 'interface {}', (_, values) => values.find((value) => !isEmpty(value)) ?? null),
  all: variadic([], 'interface {}', (_, values) => !values.some(isEmpty)),
  any: variadic([], 'interface {}', (_, values) => values.some((value) => !isEmpty(value))),
  ternary: fn(['interface {}', 'interface {}', 'bool'], (_, yes, no, test) => (test ? yes : no)),
  deepCopy: copied,
  mustDeepCopy: copied,
  deepEqual: fn(['interface {}', 'interface {}'], ({ budget }, a, b) => deepEqual(a, b, budget)),
  typeOf: fn(['interface {}'], (_, value) => typeOf(value)),
  typeIs: fn(['string', 'interface {}'], (_, type, value) => type === typeOf(value)),
  typeIsLike: fn(['string', 'interface {}'], (_, type, value) => [type, `*${type}`].includes(typeOf(value))),
  kindOf: fn(['interface {}'], (_, value) => kindOf(value)),
  kindIs: fn(['string', 'interface {}'], (_, kind, value) => kind === kindOf(value)),
  fail: fn(['string'], (_, message) => {
    throw new CallError(message);
  }),
};
