import type { Terminal } from './command.ts';

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;
export type Colour = keyof typeof codes;

/** Text in a colour, on a terminal that has one. */
export const paint = (terminal: Terminal, colour: Colour, text: string): string =>
  terminal.colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;

const escapes = /\u001b\[\d+m/g;
const widthOf = (text: string): number => Array.from(text.replace(escapes, '')).length;

/** Columns aligned with two blanks between them; the last one is not padded. A file name may hold a line end, a line may not. */
export const table = (told: readonly (readonly string[])[]): string => {
  const rows = told.map((row) => row.map((cell) => cell.replaceAll('\n', '\\x0a').replaceAll('\t', '\\x09')));
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
};

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Control characters of file contents never reach a terminal raw. */
export const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
