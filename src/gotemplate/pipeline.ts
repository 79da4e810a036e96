import { readLiteral } from './literal.ts';
import type { Command, Operand, Pipe, Variable } from './node.ts';
import { printNode } from './print.ts';
import { TokenReader } from './reader.ts';
import { quote } from './strconv/quote.ts';
import type { Token, TokenKind } from './token.ts';

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

/** Parses what stands within an action: declarations, commands and their arguments. */
export class PipelineParser extends TokenReader {
  protected variables: string[] = ['$'];

  protected pipeline(context: string, end: TokenKind): Pipe {
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

  protected declarations(context: string): { variables: Variable[]; assign: boolean } {
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

  protected checkPipeline(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    for (let i = 1; i < commands.length; i++) {
      const kind = commands[i]?.args[0]?.kind;
      if (kind !== undefined && NOT_EXECUTABLE.has(kind)) {
        this.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  protected command(): Command {
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

  protected operand(): Operand | undefined {
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

  protected term(): Operand | undefined {
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

  protected numberLiteral(token: Token, kind: 'char' | 'complex' | 'number'): Operand {
    const literal = readLiteral(token.text, kind);
    if ('problem' in literal) this.fail(literal.problem);
    return { kind: 'number', at: token.at, literal };
  }
}
