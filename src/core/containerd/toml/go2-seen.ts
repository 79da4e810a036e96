import { TomlError } from './error.ts';
import type { KeyPart, TomlExpression, TomlNode, TomlPair } from './go2-syntax.ts';

type Seen = {
  kind: 'value' | 'dotted table' | 'table' | 'array table';
  /** Named by a header of its own; before 2.4 also a dotted table whose table has been left. */
  explicit: boolean;
  readonly children: Map<string, Seen>;
};

const newSeen = (kind: Seen['kind'], explicit = false): Seen => ({ kind, explicit, children: new Map() });

/** Says whether a key is defined twice or in two ways. One tracker per document. */
export type SeenTracker = {
  /** True when an array table is seen for the first time. Throws a TomlError. */
  readonly check: (expression: TomlExpression) => boolean;
};

const sealDotted = (table: Seen): void => {
  const waiting = [table];
  for (let seen = waiting.pop(); seen !== undefined; seen = waiting.pop()) {
    for (const child of seen.children.values()) {
      if (child.kind === 'dotted table') child.explicit = true;
      if (child.children.size > 0) waiting.push(child);
    }
  }
};

const childOf = (parent: Seen, part: KeyPart): Seen => {
  const found = parent.children.get(part.text);
  if (found?.kind === 'value')
    throw new TomlError(`${part.text} is already a value, it cannot be a table too`, part.at);
  if (found !== undefined) return found;
  const created = newSeen('table');
  parent.children.set(part.text, created);
  return created;
};

const checkHeader = (root: Seen, expression: TomlExpression & { kind: 'table' | 'array table' }): [Seen, boolean] => {
  let parent = root;
  for (const part of expression.key.slice(0, -1)) parent = childOf(parent, part);
  const last = expression.key.at(-1);
  if (last === undefined) throw new TomlError('a table without a name', expression.at);
  const found = parent.children.get(last.text);
  if (found === undefined) {
    const created = newSeen(expression.kind, true);
    parent.children.set(last.text, created);
    return [created, true];
  }
  if (expression.kind === 'array table') {
    if (found.kind !== 'array table')
      throw new TomlError(`${last.text} exists already and is no list of tables`, last.at);
    found.children.clear();
  } else {
    if (found.kind !== 'table' || found.explicit) throw new TomlError(`table ${last.text} exists already`, last.at);
    found.explicit = true;
  }
  return [found, false];
};

const checkKey = (table: Seen, key: readonly KeyPart[], modern: boolean): void => {
  let parent = table;
  for (const part of key.slice(0, -1)) {
    const found = parent.children.get(part.text);
    if (found !== undefined && (found.kind !== 'dotted table' || found.explicit)) {
      const extendable = !modern && found.kind === 'table' && !found.explicit;
      if (!extendable) throw new TomlError(`${part.text} is already defined`, part.at);
    }
    const next = found ?? newSeen('dotted table');
    parent.children.set(part.text, next);
    parent = next;
  }
  const last = key.at(-1);
  if (last === undefined) return;
  if (parent.children.has(last.text)) throw new TomlError(`${last.text} is already defined`, last.at);
  parent.children.set(last.text, newSeen('value'));
};

type Pending = { readonly table: Seen; readonly pair: TomlPair };

/** The inline tables in a value, each with a table of its own. */
const inlinePairs = (value: TomlNode): readonly Pending[] => {
  const found: Pending[] = [];
  const values = [value];
  for (let next = values.pop(); next !== undefined; next = values.pop()) {
    if (next.kind === 'array') {
      for (const item of next.items) values.push(item);
    } else if (next.kind === 'inline table') {
      const table = newSeen('table');
      for (const pair of next.pairs) found.push({ table, pair });
    }
  }
  return found;
};

/** A pair and every pair of the inline tables in it. */
const checkPair = (table: Seen, first: TomlPair, modern: boolean): void => {
  const waiting: Pending[] = [{ table, pair: first }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    checkKey(next.table, next.pair.key, modern);
    for (const pending of inlinePairs(next.pair.value)) waiting.push(pending);
  }
};

/** The rules of go-toml 2 against double definitions; `modern` is 2.4, whose dotted tables stay open. */
export const createSeenTracker = (modern: boolean): SeenTracker => {
  const root = newSeen('table', true);
  let current = root;
  return {
    check: (expression) => {
      if (expression.kind === 'pair') {
        checkPair(current, expression, modern);
        return false;
      }
      if (!modern) sealDotted(current);
      const [table, first] = checkHeader(root, expression);
      current = table;
      return first;
    },
  };
};
