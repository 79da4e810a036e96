import { isAscii } from './bytes.ts';
import type { Funcs } from './funcs/signature.ts';
import type { Limits } from './limits.ts';
import type { Trees } from './node.ts';
import { parseTrees } from './parse.ts';

/** What a map access does when the key is absent. */
export type MissingKey = 'default' | 'invalid' | 'zero' | 'error';

/** How a text is read and run. */
export type Settings = {
  /** The name in error messages. */
  readonly name: string;
  readonly missingKey: MissingKey;
  readonly funcs: Funcs;
  readonly limits: Limits;
};

/** A parsed text, ready to run. */
export type Program = {
  readonly settings: Settings;
  readonly text: string;
  readonly ascii: boolean;
  readonly trees: Trees;
};

/** Parses a text; throws ParseFailure. */
export function parseProgram(text: string, settings: Settings, ascii = isAscii(text)): Program {
  return { settings, text, ascii, trees: parseTrees(text, settings) };
}

/** Parses text from within a template as Helm does; its own definitions hide those around it. */
export function parseWithin({ settings, trees }: Program, text: string): Program {
  const missingKey = settings.missingKey === 'error' ? 'error' : 'zero';
  const inner = parseProgram(text, { ...settings, missingKey });
  return { ...inner, trees: { main: inner.trees.main, defined: new Map([...trees.defined, ...inner.trees.defined]) } };
}
