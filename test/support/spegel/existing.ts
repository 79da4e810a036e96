import { parse } from '@iarna/toml';
import { type Family, traitsOf } from './families.ts';

/**
 * The `[host]` tables that `prependExisting` keeps, printed as go-toml prints them (but for floats without a fraction,
 * which no hosts.toml holds).
 * Source: existingHosts in pkg/oci/containerd.go, v0.0.24 and later; marshaler.go of go-toml v2.
 */
export function existingHosts(family: Family, text: string): string {
  const hosts = table(parse(text)['host']);
  if (hosts === undefined) return '';
  const printer = createPrinter(traitsOf(family).escapesTabs ? needsEscapes : needsEscapesButTab);
  return hostHeaders(text)
    .map((name) => printer.table(['host', name], table(hosts[name]) ?? {}))
    .join('\n')
    .trim();
}

/**
 * appendMirrors of v0.0.23: the old file is read into a struct, the targets are put among its hosts, and all of it is
 * printed anew; what the struct does not know is lost.
 * Source: getHostFile, hostFile and hostConfig in pkg/oci/containerd.go.
 */
export function mergeByLibrary(text: string, targets: readonly string[], capabilities: readonly string[]): string {
  const file = parse(text);
  const hosts = table(file['host']);
  if (hosts === undefined || Object.keys(hosts).length === 0) throw new Error('panic: assignment to entry in nil map');
  const known = ['ca', 'client', 'override_path', 'skip_verify'];
  const merged: Record<string, Table> = {};
  for (const [name, host] of Object.entries(hosts)) {
    const config: Record<string, unknown> = {};
    for (const key of [...known, 'header']) {
      const value = table(host)?.[key];
      if (value !== undefined && Object.keys(table(value) ?? [value]).length > 0) config[key] = value;
    }
    merged[name] = { ...config, capabilities: table(host)?.['capabilities'] ?? [] };
  }
  for (const target of targets) merged[target] = { capabilities };
  const printer = createPrinter(needsEscapesButTab, [...known, 'capabilities']);
  return `server = ${printer.value(file['server'] ?? '')}\n\n${printer.table(['host'], merged)}`;
}

type Table = { readonly [key: string]: unknown };

const table = (value: unknown): Table | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : undefined;

/** The names of `[host.NAME]`, in the order of the file; hosts made in any other way are lost, as with Spegel. */
function hostHeaders(text: string): readonly string[] {
  const names: string[] = [];
  const plain = text.replace(/'''[\s\S]*?'''|"""(?:[^\\]|\\[\s\S])*?"""/g, '""');
  const header = /^[ \t]*\[[ \t]*(?:host|'host'|"host")[ \t]*\.[ \t]*('[^'\n]*'|"(?:[^"\\\n]|\\.)*"|[\w-]+)[ \t]*\]/gm;
  for (const [, key = ''] of plain.matchAll(header)) names.push(keyName(key));
  return names;
}

function keyName(key: string): string {
  if (key.startsWith("'")) return key.slice(1, -1);
  if (key.startsWith('"')) return Object.keys(parse(`${key} = 1`))[0] ?? '';
  return key;
}

const needsEscapes = /'|[^\P{Cc}\u0080-\u009f]/u;
const needsEscapesButTab = /'|[^\P{Cc}\t\u0080-\u009f]/u;

const shortEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quoted(text: string): string {
  const escaped = text.replace(
    /[\\"]|[^\P{Cc}\u0080-\u009f]/gu,
    (c) => shortEscapes[c] ?? `\\u00${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

const isTableList = (value: unknown): value is readonly Table[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => table(item) !== undefined);

interface Printer {
  value(value: unknown): string;
  table(path: readonly string[], content: Table): string;
}

/** `first` are the keys that a struct prints before all others, in its own order. */
function createPrinter(notLiteral: RegExp, first: readonly string[] = []): Printer {
  type Entry = readonly [string, unknown];
  const rank = ([key]: Entry): number => (first.includes(key) ? first.indexOf(key) : first.length);
  const inOrder = (a: Entry, b: Entry): number => rank(a) - rank(b) || byKey(a, b);
  const printString = (text: string): string => (notLiteral.test(text) ? quoted(text) : `'${text}'`);
  const printKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : printString(key));

  function printValue(value: unknown): string {
    if (typeof value === 'string') return printString(value);
    if (typeof value === 'bigint' || typeof value === 'boolean' || typeof value === 'number') return String(value);
    if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
    const inline = Object.entries(table(value) ?? {}).sort(byKey);
    return `{${inline.map(([key, inner]) => `${printKey(key)} = ${printValue(inner)}`).join(', ')}}`;
  }

  /** encodeTable: plain values first, then tables, both sorted, an empty line before every table but a first one. */
  function print(path: readonly string[], content: Table, header = `[${path.map(printKey).join('.')}]\n`): string {
    const entries = Object.entries(content).sort(path.length === 2 ? inOrder : byKey);
    const isNested = (value: unknown): boolean => table(value) !== undefined || isTableList(value);
    const values = entries.filter(([, value]) => !isNested(value));
    const nested = entries.filter(([, value]) => isNested(value));
    const lines = values.map(([key, value]) => `${printKey(key)} = ${printValue(value)}\n`);
    const tables = nested.map(([key, value]) => {
      const inner = [...path, key];
      if (!isTableList(value)) return print(inner, table(value) ?? {});
      return value.map((item) => print(inner, item, `[[${inner.map(printKey).join('.')}]]\n`)).join('\n');
    });
    const gap = values.length > 0 && tables.length > 0 ? '\n' : '';
    return `${header}${lines.join('')}${gap}${tables.join('\n')}`;
  }

  return { value: printValue, table: print };
}
