import { pause } from '../pause.ts';
import type { Terminal } from './command.ts';

export type WatchDeps = {
  readonly terminal: Terminal;
  /** What is to be seen now. */
  readonly look: () => Promise<string>;
  readonly pauseMs?: number;
};

const escapeOrSign = /\u001b\[\d+m|./gsu;

const widthOf = (line: string): number => Array.from(line.replace(/\u001b\[\d+m/g, '')).length;

/** A line cut to a terminal's width; colours count nothing and are ended. */
export const cutLine = (line: string, columns: number): string => {
  let width = 0;
  let cut = '';
  for (const [part] of line.matchAll(escapeOrSign)) {
    if (part.length > 1 && part.startsWith('\u001b')) {
      cut += part;
      continue;
    }
    if (width === columns - 1 && widthOf(line) > columns) return `${cut}…\u001b[0m`;
    cut += part;
    width += 1;
  }
  return cut;
};

/** A line of prose in as many as it needs: the one sentence that counts is never cut. */
export const wrapLine = (line: string, columns: number): readonly string[] => {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && widthOf(longer) > columns) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current];
};

/** A line that says when, the sentence, what to do, the phase. */
const proseLines = 4;

/** Text as a whole screen, drawn over the one before it without a flicker; what has no room is counted. */
export const frame = (text: string, size: { readonly columns: number; readonly rows: number }): string => {
  const all = text.trimEnd().split('\n');
  const lines = all.flatMap((line, index) => (index < proseLines ? wrapLine(line, size.columns) : [line]));
  const room = Math.max(size.rows, 2);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  return `\u001b[H${shown.map((line) => `${cutLine(line, size.columns)}\u001b[K`).join('\r\n')}\u001b[J`;
};

/**
 * Shows again and again what `look` gives, until the signal is aborted, or q or ctrl-c is pressed, or nobody reads any
 * more: drawn in place on a terminal, else one block after the other.
 */
export const watch = async ({ terminal, look, pauseMs = 1_000 }: WatchDeps, signal: AbortSignal): Promise<void> => {
  const left = new AbortController();
  const signals = [signal, left.signal, ...(terminal.closed === undefined ? [] : [terminal.closed])];
  const end = AbortSignal.any(signals);
  const { screen } = terminal;
  let text = '';
  const draw = (): void => {
    if (screen === undefined) terminal.out(text);
    else terminal.out(frame(text, screen.size()));
  };
  const close = screen?.open({
    key: (key) => {
      if (key === 'q' || key === 'Q' || key === '\u0003') left.abort();
    },
    resized: draw,
  });
  try {
    while (!end.aborted) {
      text = await look();
      // An answer that comes after the end is not shown: the terminal is another's by then.
      if (!end.aborted) draw();
      await pause(pauseMs, end);
    }
  } finally {
    close?.();
  }
};
