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
    .map((name) => printer(['host', name], table(hosts[name]) ?? {}))
    .join('\n')
    .trim();
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

function createPrinter(notLiteral: RegExp): (path: readonly string[], content: Table) => string {
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
    const entries = Object.entries(content).sort(byKey);
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

  return print;
}
