import { Dict, List, type Value } from '../values.ts';

/** A table while it is being read. */
export type Table = Map<string, Entry>;

/** The tables of one [[name]], while they are being read. */
export class TableArray {
  readonly tables: Table[] = [];
}

/** What a key can hold while a document is being read. */
export type Entry = Value | Table | TableArray;

/** A key within a document. */
export type Path = readonly string[];

/** Names for what went wrong with a key; the parser adds the line. */
export class KeyProblem extends Error {
  override readonly name = 'KeyProblem';
}

function keyText(path: Path): string {
  return path.map((key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : `"${key.replace(/["\\]/g, '\\$&')}"`)).join('.');
}

/** The tables of a document, filled key by key, with BurntSushi's rules about what may be defined twice. */
export class Tables {
  readonly root: Table = new Map();
  context: Path = [];
  private readonly implicit = new Set<string>();
  private readonly plainArrays = new Set<string>();

  /** The full name of a key, for error messages. */
  nameOf(key: string): string {
    if (key === '') return keyText(this.context);
    return this.context.length === 0 ? key : `${keyText(this.context)}.${key}`;
  }

  /** Opens [path] or [[path]]. */
  open(path: Path, array: boolean): void {
    const last = path[path.length - 1] ?? '';
    let table = this.root;
    const walked: string[] = [];
    for (const key of path.slice(0, -1)) {
      walked.push(key);
      if (!table.has(key)) {
        this.implicit.add(keyText(walked));
        table.set(key, new Map());
      }
      const inner = innermost(table.get(key));
      if (inner === undefined) throw new KeyProblem(`Key '${keyText(walked)}' was already created as a hash.`);
      table = inner;
    }
    this.context = walked;
    if (array) this.openArray(table, path);
    else this.set(last, new Map());
    this.context = [...walked, last];
  }

  private openArray(table: Table, path: Path): void {
    const last = path[path.length - 1] ?? '';
    const list = table.get(last) ?? new TableArray();
    if (!(list instanceof TableArray)) {
      throw new KeyProblem(`Key '${keyText(path)}' was already created and cannot be used as an array.`);
    }
    list.tables.push(new Map());
    table.set(last, list);
  }

  /** Opens the tables that a dotted key implies. */
  openImplied(outer: Path, dotted: Path): void {
    this.context = outer;
    for (const key of dotted) {
      const path = [...this.context, key];
      this.implicit.add(keyText(path));
      this.open(path, false);
    }
  }

  /** Sets a key of the table at hand. */
  set(key: string, value: Entry): void {
    let table = this.root;
    const walked: string[] = [];
    for (const step of this.context) {
      walked.push(step);
      const inner = innermost(table.get(step));
      if (inner === undefined) throw new KeyProblem(`Key '${keyText(walked)}' has already been defined.`);
      table = inner;
    }
    const name = keyText([...walked, key]);
    if (table.has(key)) {
      if (!this.implicit.has(name)) throw new KeyProblem(`Key '${name}' has already been defined.`);
      this.implicit.delete(name);
      if (this.plainArrays.has(name)) table.set(key, value);
      return;
    }
    table.set(key, value);
    if (value instanceof List) this.plainArrays.add(name);
  }
}

function innermost(entry: Entry): Table | undefined {
  if (entry instanceof TableArray) return entry.tables[entry.tables.length - 1];
  return entry instanceof Map ? entry : undefined;
}

/** The Go value of what has been read. */
export function finished(entry: Entry): Value {
  if (entry instanceof TableArray) return new List(entry.tables.map(finished), 'dicts');
  if (!(entry instanceof Map)) return entry;
  return new Dict(new Map([...entry].map(([key, value]) => [key, finished(value)] as const)));
}
