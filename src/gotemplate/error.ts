import { fromBytes } from './bytes.ts';

/** Where a template failed: in the text, in the data given to it, while it ran, or at a bound. */
export type Phase = 'parse' | 'data' | 'exec' | 'limit';

type Details = {
  readonly phase: Phase;
  readonly text: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
};

/** The only thing parsing and executing ever throw. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly phase: Phase;
  /** Line in the template, from 1; 0 when the error has no place in it. */
  readonly line: number;
  /** Byte in the line, from 0 as Go counts; undefined for parse errors, which Go places by line only. */
  readonly column: number | undefined;
  /** The line with a mark below the place, for people; empty without a place. */
  readonly caret: string;
  /** Advice beyond Go's own text, such as the known names near an unknown one. */
  readonly hint: string | undefined;

  constructor(message: string, details: Details) {
    super(fromBytes(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.phase = details.phase;
    this.line = details.line ?? 0;
    this.column = details.column;
    this.caret = caret(details.text, this.line, details.column);
    this.hint = details.hint;
  }
}

function caret(text: string, line: number, column: number | undefined): string {
  if (line < 1) return '';
  const lines = text.split('\n');
  const out: string[] = [];
  for (let number = Math.max(1, line - 1); number <= Math.min(lines.length, line + 1); number++) {
    const shown = fromBytes(lines[number - 1] ?? '').slice(0, 200);
    out.push(`${number.toString().padStart(5)} | ${shown}`);
    if (number === line && column !== undefined) {
      const before = fromBytes((lines[number - 1] ?? '').slice(0, Math.min(column, 200)));
      out.push(`      | ${before.replace(/[^\t]/g, ' ')}^`);
    }
  }
  return out.join('\n');
}

/** An error as a Go function returns it: the executor wraps it in "error calling ...". */
export class CallError extends Error {
  override readonly name = 'CallError';
}
