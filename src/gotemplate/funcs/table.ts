import { CORE } from './core.ts';
import { DATES } from './dates.ts';
import { DEFAULTS } from './defaults.ts';
import { DICTS } from './dicts.ts';
import { HELM, TPL } from './helm.ts';
import { JSON_FUNCS } from './json.ts';
import { LISTS } from './lists.ts';
import { MATH } from './math.ts';
import { PATHS } from './paths.ts';
import { REGEX } from './regex.ts';
import { SEMVER } from './semver.ts';
import type { Funcs } from './signature.ts';
import { STRINGS } from './strings.ts';
import { URLS } from './urls.ts';

/** Go's own functions, those and sprig's, or those and Helm's too. */
export type FunctionSet = 'core' | 'sprig' | 'helm';

const SPRIG: Funcs = {
  ...CORE,
  ...STRINGS,
  ...MATH,
  ...DATES,
  ...DEFAULTS,
  ...LISTS,
  ...DICTS,
  ...JSON_FUNCS,
  ...PATHS,
  ...REGEX,
  ...SEMVER,
  ...URLS,
};

const HELM_SET: Funcs = { ...SPRIG, ...HELM };
const HELM_TPL_SET: Funcs = { ...HELM_SET, ...TPL };

/** The functions of a set; `tpl` is there only on demand. */
export function functionSet(set: FunctionSet, tpl: boolean): Funcs {
  if (set === 'core') return CORE;
  if (set === 'sprig') return SPRIG;
  return tpl ? HELM_TPL_SET : HELM_SET;
}
