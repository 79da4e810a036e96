// By path: the package as a whole loads Node.js's streams.
import parse from '@iarna/toml/parse-string.js';

/** A table as @iarna/toml reads it. Whole numbers can be bigint, dates are Date objects. */
export type TomlTable = Readonly<Record<string, unknown>>;

export type TomlReading =
  | { readonly ok: true; readonly table: TomlTable }
  | { readonly ok: false; readonly reason: string; readonly line: number; readonly column: number };

type ParserError = Error & { readonly line: number; readonly col: number };

const isParserError = (error: unknown): error is ParserError =>
  error instanceof Error && 'fromTOML' in error && 'line' in error && 'col' in error;

/**
 * Reads TOML as TOML says, for all but one purpose: whether containerd takes a `hosts.toml`, and what it takes from it,
 * is decided by `readHosts` alone, by the rules of the library that each version was built with. The two differ in both
 * directions (a byte order mark, a `]` in a table name, `\x41`, a trailing comma, a bare date).
 */
export const parseToml = (text: string): TomlReading => {
  try {
    return { ok: true, table: parse(text) };
  } catch (error) {
    if (!isParserError(error)) throw error;
    const [first = ''] = error.message.split('\n');
    return {
      ok: false,
      reason: first.replace(/ at row \d+, col \d+, pos \d+:?$/, ''),
      line: error.line + 1,
      column: error.col + 1,
    };
  }
};

export const isTomlTable = (value: unknown): value is TomlTable =>
  Object.prototype.toString.call(value) === '[object Object]';
