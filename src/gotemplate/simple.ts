import type { Action, Block, Dot, Field, Pipe, Text, Variable } from './node.ts';

/** An action of one of the commonest forms, read without tokens. `at` is where Go reports it. */
export type SimpleAction = SimpleOperand | SimpleMark<'end'> | SimpleMark<'else'>;
type SimpleOperand = {
  readonly kind: 'action' | 'if' | 'range' | 'with';
  readonly operand: Field | Dot;
  readonly at: number;
  readonly end: number;
};
type SimpleMark<Kind> = { readonly kind: Kind; readonly at: number; readonly end: number };

/** Plain text or a simple action. */
export type Simple = Text | SimpleAction;

const SPACE = 32;
const DOT = 46;
const CLOSE = 125;

function skipSpaces(text: string, at: number): number {
  let next = at;
  while (text.charCodeAt(next) === SPACE) next++;
  return next;
}

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

function isClosed(text: string, at: number): boolean {
  return text.charCodeAt(at) === CLOSE && text.charCodeAt(at + 1) === CLOSE;
}

/** Reads . or .a.b.c up to the end of the action. */
function operandAction(
  text: string,
  start: number,
  kind: 'action' | 'if' | 'range' | 'with',
): SimpleAction | undefined {
  let fields: string[] | undefined;
  let at = start;
  let second = -1;
  while (text.charCodeAt(at) === DOT) {
    const from = at + 1;
    const first = text.charCodeAt(from);
    if (first >= 48 && first <= 57) return undefined;
    let to = from;
    while (isWord(text.charCodeAt(to))) to++;
    if (to === from) {
      if (fields !== undefined) return undefined;
      at = to;
      break;
    }
    const name = text.slice(from, to);
    if (fields === undefined) fields = [name];
    else {
      if (second < 0) second = at;
      fields.push(name);
    }
    at = to;
  }
  const close = skipSpaces(text, at);
  if (!isClosed(text, close)) return undefined;
  const operand: Field | Dot =
    fields === undefined ? { kind: 'dot', at: start } : { kind: 'field', at: second < 0 ? start : second, fields };
  return { kind, operand, at: start, end: close + 2 };
}

function keyword(text: string, at: number): 'if' | 'range' | 'with' | 'end' | 'else' | undefined {
  switch (text.charCodeAt(at)) {
    case 105:
      return text.startsWith('if', at) ? 'if' : undefined;
    case 114:
      return text.startsWith('range', at) ? 'range' : undefined;
    case 119:
      return text.startsWith('with', at) ? 'with' : undefined;
    case 101:
      if (text.startsWith('end', at)) return 'end';
      return text.startsWith('else', at) ? 'else' : undefined;
    default:
      return undefined;
  }
}

/** Reads an action from behind its left delimiter; undefined unless it is of one of the simple forms. */
export function simpleAction(text: string, start: number): SimpleAction | undefined {
  const at = skipSpaces(text, start);
  if (text.charCodeAt(at) === DOT) return operandAction(text, at, 'action');
  const word = keyword(text, at);
  if (word === undefined) return undefined;
  const after = skipSpaces(text, at + word.length);
  if (word === 'end' || word === 'else')
    return isClosed(text, after) ? { kind: word, at: after, end: after + 2 } : undefined;
  return after > at + word.length && text.charCodeAt(after) === DOT ? operandAction(text, after, word) : undefined;
}

const NO_VARIABLES: readonly Variable[] = Object.freeze([]);

/** The pipeline that a simple operand is. */
export function simplePipe(at: number, operand: Field | Dot): Pipe {
  return {
    kind: 'pipe',
    at,
    assign: false,
    variables: NO_VARIABLES,
    commands: [{ kind: 'command', at, args: [operand] }],
  };
}

/** The nodes of a text that has only text and fields in it, as most have; undefined for every other text. */
export function flatNodes(text: string): Block[] | undefined {
  const nodes: Block[] = [];
  let at = 0;
  for (;;) {
    const found = text.indexOf('{{', at);
    if (found < 0) {
      if (at < text.length) nodes.push({ kind: 'text', at, text: at === 0 ? text : text.slice(at) });
      return nodes;
    }
    const action = simpleAction(text, found + 2);
    if (action?.kind !== 'action') return undefined;
    if (found > at) nodes.push({ kind: 'text', at, text: text.slice(at, found) });
    const node: Action = { kind: 'action', at: action.at, pipe: simplePipe(action.at, action.operand) };
    nodes.push(node);
    at = action.end;
  }
}
