import { CORE } from './core.ts';
import type { Funcs } from './signature.ts';

/** Go's own functions, those and sprig's, or those and Helm's too. */
export type FunctionSet = 'core' | 'sprig' | 'helm';

/** The functions of a set; `tpl` is there only on demand. */
export function functionSet(_set: FunctionSet, _tpl: boolean): Funcs {
  return CORE;
}
