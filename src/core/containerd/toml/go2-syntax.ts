/** The parts of a document as go-toml 2 delivers them. Offsets are in bytes. */

/** One part of a dotted key. `escaped`: written in double quotes with an escape in it. */
export type KeyPart = { readonly text: string; readonly at: number; readonly escaped: boolean };

export type DateKind = 'datetime' | 'local datetime' | 'local date' | 'local time';

export type TomlNode =
  | { readonly kind: 'string'; readonly at: number; readonly text: string }
  | { readonly kind: 'boolean'; readonly at: number; readonly value: boolean }
  | { readonly kind: 'integer' | 'float' | DateKind; readonly at: number; readonly raw: string }
  | { readonly kind: 'array'; readonly at: number; readonly items: readonly TomlNode[] }
  | { readonly kind: 'inline table'; readonly at: number; readonly pairs: readonly TomlPair[] };

export type TomlPair = { readonly key: readonly KeyPart[]; readonly value: TomlNode };

export type TomlExpression =
  | ({ readonly kind: 'pair' } & TomlPair)
  | { readonly kind: 'table' | 'array table'; readonly key: readonly KeyPart[]; readonly at: number };

/** Where a reader stands. `modern`: TOML 1.1 and strict numbers, go-toml 2.4. */
export type Cursor = { readonly source: string; at: number; readonly modern: boolean };

export const isDate = (kind: TomlNode['kind']): kind is DateKind =>
  kind === 'datetime' || kind === 'local datetime' || kind === 'local date' || kind === 'local time';
