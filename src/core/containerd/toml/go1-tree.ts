import { TomlError } from './error.ts';

/** A value in go-toml 1's tree. Numbers and dates are only told apart where containerd's decoding does. */
export type Go1Value =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'unsigned' | 'number' | 'date' }
  | { readonly kind: 'list'; readonly items: readonly (Go1Value | Go1Tree)[] };

export type Go1Tree = {
  readonly kind: 'tree';
  readonly entries: Map<string, Go1Entry>;
  /** 0 for an inline table, which the library gives no place. */
  line: number;
  inline: boolean;
  /** Byte offset, for people. */
  at: number;
};

export type Go1Trees = { readonly kind: 'trees'; readonly trees: readonly Go1Tree[] };

/** What a key leads to. */
export type Go1Entry = Go1Value | Go1Tree | Go1Trees;

export const newTree = (line: number, at: number, inline = false): Go1Tree => ({
  kind: 'tree',
  entries: new Map(),
  line,
  inline,
  at,
});

/** Where a path goes on below an entry: the last table of a list, and nowhere below a plain value. */
const below = (entry: Go1Entry): Go1Tree | undefined => {
  if (entry.kind === 'tree') return entry;
  return entry.kind === 'trees' ? entry.trees.at(-1) : undefined;
};

/** `Tree.GetPath`. */
export const getPath = (tree: Go1Tree, keys: readonly string[]): Go1Entry | undefined => {
  let subtree: Go1Tree | undefined = tree;
  for (const key of keys.slice(0, -1)) {
    const entry: Go1Entry | undefined = subtree.entries.get(key);
    subtree = entry === undefined ? undefined : below(entry);
    if (subtree === undefined) return undefined;
  }
  const last = keys.at(-1);
  return last === undefined ? tree : subtree.entries.get(last);
};

/** `Tree.SetPath`: a plain value in the way is passed over, as the library does. */
export const setPath = (tree: Go1Tree, keys: readonly string[], value: Go1Entry): void => {
  let subtree = tree;
  for (const key of keys.slice(0, -1)) {
    let entry = subtree.entries.get(key);
    if (entry === undefined) {
      entry = newTree(tree.line, tree.at);
      subtree.entries.set(key, entry);
    }
    subtree = below(entry) ?? subtree;
  }
  subtree.entries.set(keys.at(-1) ?? '', value);
};

/** `Tree.createSubTree`. Throws a TomlError when a plain value is in the way. */
export const createSubTree = (tree: Go1Tree, keys: readonly string[], line: number, at: number): void => {
  let subtree = tree;
  for (const key of keys) {
    let entry = subtree.entries.get(key);
    if (entry === undefined) {
      entry = newTree(line, at, subtree.inline);
      subtree.entries.set(key, entry);
    }
    const next = below(entry);
    if (next === undefined) throw new TomlError(`${key} is already a value, it cannot be a table too`, at);
    subtree = next;
  }
};
