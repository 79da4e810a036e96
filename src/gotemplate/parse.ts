import { runes } from './bytes.ts';
import { Lexer, type Token, type TokenKind, tokenText } from './lexer.ts';
import { readLiteral } from './literal.ts';
import type {
  Block,
  Call,
  Command,
  ElseMark,
  EndMark,
  If,
  Node,
  Operand,
  Pipe,
  Range,
  Sequence,
  Trees,
  Variable,
  With,
} from './node.ts';
import { printNode } from './print.ts';
import { flatNodes, simplePipe } from './simple.ts';
import { quote, unquote } from './strconv/quote.ts';
import { isSpace } from './unicode.ts';

/** A complaint about a template's text: Go's words and the line. */
export class ParseFailure extends Error {
  override readonly name = 'ParseFailure';
  readonly line: number;
  readonly isLimit: boolean;
  constructor(message: string, line: number, isLimit = false) {
    super(message);
    this.line = line;
    this.isLimit = isLimit;
  }
}

type Options = {
  readonly name: string;
  readonly funcs: Readonly<Record<string, unknown>>;
  readonly limits: { readonly nesting: number; readonly template: number };
};

/** Parses a text into the trees it defines; throws ParseFailure. */
export function parseTrees(text: string, options: Options): Trees {
  if (text.length > options.limits.template) {
    const message = `template too long: ${text.length} bytes, at most ${options.limits.template} are allowed`;
    throw new ParseFailure(`template: ${options.name}: ${message}`, 0, true);
  }
  const flat = flatNodes(text);
  if (flat !== undefined) return { main: { kind: 'list', at: 0, nodes: flat }, defined: NONE };
  return new Parser(new Lexer(text), options).parse();
}

const NONE: ReadonlyMap<string, Sequence> = new Map();

/** Whether a tree prints nothing but blanks: such a tree never replaces another one of its name. */
export function isEmptyTree(node: Node): boolean {
  if (node.kind === 'text') return runes(node.text).every(isSpace);
  return node.kind === 'list' && node.nodes.every(isEmptyTree);
}

const OPERAND_STARTS = new Set<TokenKind>([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

const NOT_EXECUTABLE = new Set<Operand['kind']>(['bool', 'dot', 'nil', 'number', 'string']);

/** Each one is nested in the tree, though not in the text. */
const MAX_ELSE_CHAIN = 500;

class Parser {
  private readonly lexer: Lexer;
  private readonly options: Options;
  private trees: Map<string, Sequence> | undefined;
  private tokens: Token[] = [];
  private current: Token = { kind: 'eof', at: 0, text: '', line: 1 };
  private variables: string[] = ['$'];
  /** Where the action began that is read now; -1 without one. */
  private actionAt = -1;
  /** Whether the last thing read was read without tokens. */
  private wasSimple = false;
  private rangeDepth = 0;
  private depth = 0;
  private elseDepth = 0;

  constructor(lexer: Lexer, options: Options) {
    this.lexer = lexer;
    this.options = options;
  }

  parse(): Trees {
    const nodes: Block[] = [];
    for (;;) {
      const simple = this.simple();
      if (simple !== undefined) {
        this.push(nodes, simple);
        continue;
      }
      if (this.tokens.length === 0 && this.lexer.atEnd) break;
      if (this.peek().kind === 'eof') break;
      if (this.peek().kind === 'leftDelim') {
        const delim = this.next();
        const token = this.nextNonSpace();
        if (token.kind === 'define') {
          this.scoped(() => this.parseDefinition());
          continue;
        }
        this.backup(token);
        this.backup(delim);
      }
      this.push(nodes, this.textOrAction());
    }
    return this.finish({ kind: 'list', at: 0, nodes });
  }

  private push(nodes: Block[], node: Block | ElseMark | EndMark): void {
    if (node.kind === 'end' || node.kind === 'else') this.fail(`unexpected ${printNode(node)}`);
    nodes.push(node);
  }

  private finish(tree: Sequence): Trees {
    const { name } = this.options;
    if (this.trees === undefined) return { main: tree, defined: NONE };
    this.add(name, tree);
    const main = this.trees.get(name) ?? tree;
    this.trees.delete(name);
    return { main, defined: this.trees };
  }

  /** Text and simple actions, as long as no token waits to be read. */
  private simple(): Block | ElseMark | EndMark | undefined {
    if (this.tokens.length > 0) return undefined;
    const simple = this.lexer.simple();
    if (simple === undefined) return undefined;
    this.wasSimple = true;
    if (simple.kind === 'text') return simple;
    if (!('operand' in simple)) return { kind: simple.kind, at: simple.at };
    const { kind, at, operand } = simple;
    const pipe = simplePipe(at, operand);
    if (kind === 'action') return { kind, at, pipe };
    this.actionAt = at;
    this.enter();
    const node = this.branchBody(kind, pipe, this.variables.length);
    this.depth--;
    this.actionAt = -1;
    return node;
  }

  private next(): Token {
    const waiting = this.tokens.pop();
    if (waiting !== undefined) return waiting;
    this.current = this.lexer.next();
    this.wasSimple = false;
    return this.current;
  }

  private backup(token: Token): void {
    this.tokens.push(token);
  }

  private peek(): Token {
    const waiting = this.tokens[this.tokens.length - 1];
    if (waiting !== undefined) return waiting;
    const token = this.next();
    this.tokens.push(token);
    return token;
  }

  private nextNonSpace(): Token {
    for (;;) {
      const token = this.next();
      if (token.kind !== 'space') return token;
    }
  }

  private peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.backup(token);
    return token;
  }

  /** Go reports the line of the token its lexer read last, which may be past the one it complains about. */
  private fail(message: string): never {
    const line = this.line();
    throw new ParseFailure(`template: ${this.options.name}:${line}: ${message}`, line);
  }

  private line(): number {
    return this.wasSimple ? this.lexer.lineAt(this.lexer.position) : this.current.line;
  }

  private limit(message: string): never {
    const line = this.line();
    throw new ParseFailure(`template: ${this.options.name}:${line}: ${message}`, line, true);
  }

  private unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${tokenText(token)} in ${context}`);
    let extra = '';
    const started = this.actionAt < 0 ? token.line : this.lexer.lineAt(this.actionAt);
    if (started !== token.line) {
      extra = ` in action started at ${this.options.name}:${started}`;
      if (token.text.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    this.fail(token.text + extra);
  }

  private expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  private enter(): void {
    const { nesting } = this.options.limits;
    if (this.depth >= nesting) this.limit(`nested too deeply: more than ${nesting} levels`);
    this.depth++;
  }

  private nested<T>(parse: () => T): T {
    this.enter();
    const result = parse();
    this.depth--;
    return result;
  }

  /** Runs a parse of another template's body: no variables but $, no range around it. */
  private scoped<T>(parse: () => T): T {
    const { variables, rangeDepth, actionAt } = this;
    this.variables = ['$'];
    this.rangeDepth = 0;
    this.actionAt = -1;
    const result = this.nested(parse);
    this.variables = variables;
    this.rangeDepth = rangeDepth;
    this.actionAt = actionAt;
    return result;
  }

  private add(name: string, tree: Sequence): void {
    this.trees ??= new Map();
    const old = this.trees.get(name);
    if (old === undefined || isEmptyTree(old)) this.trees.set(name, tree);
    else if (!isEmptyTree(tree)) this.fail(`template: multiple definition of template ${quote(name)}`);
  }

  private parseDefinition(): void {
    const context = 'define clause';
    const token = this.nextNonSpace();
    if (token.kind !== 'string' && token.kind !== 'rawString') this.unexpected(token, context);
    const name = this.unquoted(token);
    this.expect('rightDelim', context);
    const [list, end] = this.itemList();
    if (end.kind !== 'end') this.fail(`unexpected ${printNode(end)} in ${context}`);
    this.add(name, list);
  }

  private unquoted(token: Token): string {
    return unquote(token.text) ?? this.fail('invalid syntax');
  }

  private itemList(): [Sequence, ElseMark | EndMark] {
    const at = this.lexer.position;
    const nodes: Block[] = [];
    for (;;) {
      const simple = this.simple();
      if (simple === undefined && this.peekNonSpace().kind === 'eof') break;
      const node = simple ?? this.textOrAction();
      if (node.kind === 'end' || node.kind === 'else') return [{ kind: 'list', at, nodes }, node];
      nodes.push(node);
    }
    return this.fail('unexpected EOF');
  }

  private textOrAction(): Block | ElseMark | EndMark {
    const token = this.nextNonSpace();
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text };
    if (token.kind !== 'leftDelim') this.unexpected(token, 'input');
    this.actionAt = token.at;
    const node = this.action();
    this.actionAt = -1;
    return node;
  }

  private action(): Block | ElseMark | EndMark {
    const token = this.nextNonSpace();
    switch (token.kind) {
      case 'block':
        return this.blockControl();
      case 'break':
      case 'continue':
        return this.jump(token, token.kind);
      case 'else':
        return this.elseControl();
      case 'end':
        return { kind: 'end', at: this.expect('rightDelim', 'end').at };
      case 'if':
        return this.nested(() => this.branch('if'));
      case 'range':
        return this.nested(() => this.branch('range'));
      case 'with':
        return this.nested(() => this.branch('with'));
      case 'template':
        return this.templateControl();
      default:
        this.backup(token);
        return { kind: 'action', at: token.at, pipe: this.pipeline('command', 'rightDelim') };
    }
  }

  private jump(token: Token, kind: 'break' | 'continue'): Block {
    const after = this.nextNonSpace();
    if (after.kind !== 'rightDelim') this.unexpected(after, `{{${kind}}}`);
    if (this.rangeDepth === 0) this.fail(`{{${kind}}} outside {{range}}`);
    return { kind, at: token.at };
  }

  private elseControl(): ElseMark {
    const token = this.peekNonSpace();
    if (token.kind === 'if' || token.kind === 'with') return { kind: 'else', at: token.at };
    return { kind: 'else', at: this.expect('rightDelim', 'else').at };
  }

  private branch(kind: 'if' | 'range' | 'with'): If | Range | With {
    const mark = this.variables.length;
    return this.branchBody(kind, this.pipeline(kind, 'rightDelim'), mark);
  }

  private branchBody(kind: 'if' | 'range' | 'with', pipe: Pipe, mark: number): If | Range | With {
    if (kind === 'range') this.rangeDepth++;
    const [list, next] = this.itemList();
    if (kind === 'range') this.rangeDepth--;
    let elseList: Sequence | undefined;
    if (next.kind === 'else') elseList = this.elseBranch(kind, next);
    this.variables.length = mark;
    return { kind, at: pipe.at, pipe, list, elseList };
  }

  private elseBranch(kind: 'if' | 'range' | 'with', mark: ElseMark): Sequence {
    if (kind !== 'range' && this.tokens[this.tokens.length - 1]?.kind === kind) {
      this.next();
      if (++this.elseDepth > MAX_ELSE_CHAIN) this.limit(`more than ${MAX_ELSE_CHAIN} {{else ${kind}}} in a row`);
      const list: Sequence = { kind: 'list', at: mark.at, nodes: [this.branch(kind)] };
      this.elseDepth--;
      return list;
    }
    const [list, next] = this.itemList();
    if (next.kind !== 'end') this.fail(`expected end; found ${printNode(next)}`);
    return list;
  }

  private blockControl(): Call {
    const context = 'block clause';
    const token = this.nextNonSpace();
    const name = this.templateName(token, context);
    const pipe = this.pipeline(context, 'rightDelim');
    this.scoped(() => {
      const [list, end] = this.itemList();
      if (end.kind !== 'end') this.fail(`unexpected ${printNode(end)} in ${context}`);
      this.add(name, list);
    });
    return { kind: 'template', at: token.at, name, pipe };
  }

  private templateControl(): Call {
    const context = 'template clause';
    const token = this.nextNonSpace();
    const name = this.templateName(token, context);
    const after = this.nextNonSpace();
    if (after.kind === 'rightDelim') return { kind: 'template', at: token.at, name, pipe: undefined };
    this.backup(after);
    return { kind: 'template', at: token.at, name, pipe: this.pipeline(context, 'rightDelim') };
  }

  private templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'rawString') this.unexpected(token, context);
    return this.unquoted(token);
  }

  private pipeline(context: string, end: TokenKind): Pipe {
    const { at } = this.peekNonSpace();
    const { variables, assign } = this.declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.nextNonSpace();
      if (token.kind === end) break;
      if (!OPERAND_STARTS.has(token.kind)) this.unexpected(token, context);
      this.backup(token);
      commands.push(this.command());
    }
    this.checkPipeline(commands, context);
    return { kind: 'pipe', at, assign, variables, commands };
  }

  private declarations(context: string): { variables: Variable[]; assign: boolean } {
    const variables: Variable[] = [];
    for (;;) {
      const token = this.peekNonSpace();
      if (token.kind !== 'variable') return { variables, assign: false };
      this.next();
      const after = this.peek();
      const next = this.peekNonSpace();
      const comma = next.kind === 'char' && next.text === ',';
      if (next.kind !== 'assign' && next.kind !== 'declare' && !comma) {
        if (after.kind === 'space') this.backup(after);
        this.backup(token);
        return { variables, assign: false };
      }
      this.nextNonSpace();
      variables.push({ kind: 'variable', at: token.at, name: token.text, fields: [] });
      this.variables.push(token.text);
      if (!comma) return { variables, assign: next.kind === 'assign' };
      if (context !== 'range' || variables.length >= 2) this.fail(`too many declarations in ${context}`);
      const second = this.peekNonSpace().kind;
      if (second !== 'variable' && second !== 'rightDelim' && second !== 'rightParen') {
        this.fail('range can only initialize variables');
      }
    }
  }

  private checkPipeline(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    for (let i = 1; i < commands.length; i++) {
      const kind = commands[i]?.args[0]?.kind;
      if (kind !== undefined && NOT_EXECUTABLE.has(kind)) {
        this.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  private command(): Command {
    const { at } = this.peekNonSpace();
    const args: Operand[] = [];
    for (;;) {
      this.peekNonSpace();
      const operand = this.operand();
      if (operand !== undefined) args.push(operand);
      const token = this.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'rightDelim' || token.kind === 'rightParen') this.backup(token);
      else if (token.kind !== 'pipe') this.unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.fail('empty command');
    return { kind: 'command', at, args };
  }

  private operand(): Operand | undefined {
    const node = this.term();
    if (node === undefined || this.peek().kind !== 'field') return node;
    const { at } = this.peek();
    const fields: string[] = [];
    while (this.peek().kind === 'field') fields.push(this.next().text.slice(1));
    switch (node.kind) {
      case 'field':
        return { kind: 'field', at, fields: [...node.fields, ...fields] };
      case 'variable':
        return { kind: 'variable', at, name: node.name, fields: [...node.fields, ...fields] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.fail(`unexpected . after term ${quote(printNode(node))}`);
      default:
        return { kind: 'chain', at, node, fields };
    }
  }

  private term(): Operand | undefined {
    const token = this.nextNonSpace();
    const { at } = token;
    switch (token.kind) {
      case 'identifier':
        if (!Object.hasOwn(this.options.funcs, token.text)) this.fail(`function ${quote(token.text)} not defined`);
        return { kind: 'identifier', at, name: token.text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, at };
      case 'variable':
        if (!this.variables.includes(token.text)) this.fail(`undefined variable ${quote(token.text)}`);
        return { kind: 'variable', at, name: token.text, fields: [] };
      case 'field':
        return { kind: 'field', at, fields: [token.text.slice(1)] };
      case 'bool':
        return { kind: 'bool', at, value: token.text === 'true' };
      case 'charConstant':
      case 'complex':
      case 'number':
        return this.numberLiteral(token, token.kind === 'charConstant' ? 'char' : token.kind);
      case 'leftParen':
        return this.nested(() => this.pipeline('parenthesized pipeline', 'rightParen'));
      case 'string':
      case 'rawString':
        return { kind: 'string', at, quoted: token.text, value: this.unquoted(token) };
      default:
        this.backup(token);
        return undefined;
    }
  }

  private numberLiteral(token: Token, kind: 'char' | 'complex' | 'number'): Operand {
    const literal = readLiteral(token.text, kind);
    if ('problem' in literal) this.fail(literal.problem);
    return { kind: 'number', at: token.at, literal };
  }
}
