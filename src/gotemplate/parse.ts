import { runes } from './bytes.ts';
import { Lexer } from './lexer.ts';
import type { Block, Call, ElseMark, EndMark, If, Node, Pipe, Range, Sequence, Trees, With } from './node.ts';
import { PipelineParser } from './pipeline.ts';
import { printNode } from './print.ts';
import { ParseFailure, type ParseOptions } from './reader.ts';
import { flatNodes, simplePipe } from './simple.ts';
import { quote } from './strconv/quote.ts';
import type { Token } from './token.ts';
import { isSpace } from './unicode.ts';

/** Parses a text into the trees it defines; throws ParseFailure. */
export function parseTrees(text: string, options: ParseOptions): Trees {
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

/** Each one is nested in the tree, though not in the text. */
const MAX_ELSE_CHAIN = 500;

class Parser extends PipelineParser {
  private trees: Map<string, Sequence> | undefined;
  private rangeDepth = 0;
  private elseDepth = 0;

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
    if (simple.kind === 'end' || simple.kind === 'else') return simple;
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
}
