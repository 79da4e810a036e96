import type { Literal } from './literal.ts';

/** A template's tree. `at` is the byte in the text that Go reports in errors. */
export type Node = Block | Operand | Pipe | Command | ElseMark | EndMark;

/** What stands between actions, and the actions that control. */
export type Block = Text | Action | If | With | Range | Call | Break | Continue | Sequence;

/** What can be an argument. */
export type Operand =
  | Identifier
  | Variable
  | Dot
  | Nil
  | Field
  | Chain
  | BoolLiteral
  | NumberLiteral
  | StringLiteral
  | Pipe;

export type Text = { readonly kind: 'text'; readonly at: number; readonly text: string };
export type Action = { readonly kind: 'action'; readonly at: number; readonly pipe: Pipe };
export type Sequence = { readonly kind: 'list'; readonly at: number; readonly nodes: readonly Block[] };
type Branch = {
  readonly at: number;
  readonly pipe: Pipe;
  readonly list: Sequence;
  readonly elseList: Sequence | undefined;
};
export type If = Branch & { readonly kind: 'if' };
export type With = Branch & { readonly kind: 'with' };
export type Range = Branch & { readonly kind: 'range' };
export type Call = {
  readonly kind: 'template';
  readonly at: number;
  readonly name: string;
  readonly pipe: Pipe | undefined;
};
export type Break = { readonly kind: 'break'; readonly at: number };
export type Continue = { readonly kind: 'continue'; readonly at: number };
export type ElseMark = { readonly kind: 'else'; readonly at: number };
export type EndMark = { readonly kind: 'end'; readonly at: number };

export type Pipe = {
  readonly kind: 'pipe';
  readonly at: number;
  readonly assign: boolean;
  readonly variables: readonly Variable[];
  readonly commands: readonly Command[];
};
export type Command = { readonly kind: 'command'; readonly at: number; readonly args: readonly Operand[] };
export type Identifier = { readonly kind: 'identifier'; readonly at: number; readonly name: string };
export type Variable = {
  readonly kind: 'variable';
  readonly at: number;
  readonly name: string;
  readonly fields: readonly string[];
};
export type Dot = { readonly kind: 'dot'; readonly at: number };
export type Nil = { readonly kind: 'nil'; readonly at: number };
export type Field = { readonly kind: 'field'; readonly at: number; readonly fields: readonly string[] };
export type Chain = {
  readonly kind: 'chain';
  readonly at: number;
  readonly node: Operand;
  readonly fields: readonly string[];
};
export type BoolLiteral = { readonly kind: 'bool'; readonly at: number; readonly value: boolean };
export type NumberLiteral = { readonly kind: 'number'; readonly at: number; readonly literal: Literal };
export type StringLiteral = {
  readonly kind: 'string';
  readonly at: number;
  readonly quoted: string;
  readonly value: string;
};

/** What a text defines: its own tree, and those of its define and block actions by name. */
export type Trees = { readonly main: Sequence; readonly defined: ReadonlyMap<string, Sequence> };
