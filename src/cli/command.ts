import type { Screen } from '../io/screen.ts';
import type { Flag, Values } from './options.ts';

/** Exit codes of every command. */
export const exitCodes = { done: 0, failed: 1, usage: 2, differences: 3 } as const;

/** Where a command reads and writes; the only way out for text. */
export type Terminal = {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Colour is for people at a terminal; NO_COLOR switches it off. */
  readonly colour: boolean;
  /** There when a person sits at a terminal: what is live is drawn in place. */
  readonly screen?: Screen | undefined;
  /** Aborted when nobody reads what is printed any more. */
  readonly closed?: AbortSignal;
};

export type CommandContext = {
  readonly values: Values;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** For programs that a command runs. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** One command: its help is made from this. */
export type Command = {
  /** One word, or two where a first word has several commands below it: `spegel plan`. */
  readonly name: string;
  readonly arguments: string;
  /** How many words it takes besides flags, at most. */
  readonly positionals: number;
  readonly summary: string;
  readonly details: string;
  readonly example: string;
  readonly flags: readonly Flag[];
  readonly run: (context: CommandContext) => Promise<number>;
};
