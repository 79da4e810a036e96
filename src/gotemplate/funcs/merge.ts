import type { Budget } from '../limits.ts';
import { Dict, isTrue, List, type Value } from '../values.ts';

type Options = { readonly overwrite: boolean; readonly budget: Budget; readonly depth: number };

function isEmpty(value: Value): boolean {
  return value === undefined || !isTrue(value);
}

/** mergo.Merge for maps: fills what is empty, or overwrites; maps within maps are merged in place. */
export function mergeInto(target: Dict, source: Dict, options: Options): void {
  const { overwrite, budget, depth } = options;
  budget.depth(depth);
  for (const key of source.keys()) {
    budget.list(1);
    const from = source.get(key);
    const to = target.get(key);
    if (from === null || from === undefined) {
      if (overwrite) target.set(key, null);
      continue;
    }
    if (from instanceof Dict && to instanceof Dict && from.of === to.of) {
      mergeInto(to, from, { ...options, depth: depth + 1 });
    }
    if (from instanceof List && overwrite) target.set(key, from);
    if (!isEmpty(to)) {
      if (from instanceof List) continue;
      if (from instanceof Dict && to instanceof Dict) continue;
    }
    if (overwrite || isEmpty(to)) target.set(key, from);
  }
}
