import type { Lexer } from './lexer.ts';
import { unquote } from './strconv/quote.ts';
import { type Token, type TokenKind, tokenText } from './token.ts';

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

/** What a parser must know beside the text. */
export type ParseOptions = {
  readonly name: string;
  readonly funcs: Readonly<Record<string, unknown>>;
  readonly limits: { readonly nesting: number; readonly template: number };
};

/** Tokens to look ahead at, and the complaints about them. */
export class TokenReader {
  protected readonly lexer: Lexer;
  protected readonly options: ParseOptions;
  protected tokens: Token[] = [];
  protected current: Token = { kind: 'eof', at: 0, text: '', line: 1 };
  /** Where the action began that is read now; -1 without one. */
  protected actionAt = -1;
  /** Whether the last thing read was read without tokens. */
  protected wasSimple = false;
  protected depth = 0;

  constructor(lexer: Lexer, options: ParseOptions) {
    this.lexer = lexer;
    this.options = options;
  }

  protected next(): Token {
    const waiting = this.tokens.pop();
    if (waiting !== undefined) return waiting;
    this.current = this.lexer.next();
    this.wasSimple = false;
    return this.current;
  }

  protected backup(token: Token): void {
    this.tokens.push(token);
  }

  protected peek(): Token {
    const waiting = this.tokens[this.tokens.length - 1];
    if (waiting !== undefined) return waiting;
    const token = this.next();
    this.tokens.push(token);
    return token;
  }

  protected nextNonSpace(): Token {
    for (;;) {
      const token = this.next();
      if (token.kind !== 'space') return token;
    }
  }

  protected peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.backup(token);
    return token;
  }

  /** Go reports the line of the token its lexer read last, which may be past the one it complains about. */
  protected fail(message: string): never {
    const line = this.line();
    throw new ParseFailure(`template: ${this.options.name}:${line}: ${message}`, line);
  }

  protected line(): number {
    return this.wasSimple ? this.lexer.lineAt(this.lexer.position) : this.current.line;
  }

  protected limit(message: string): never {
    const line = this.line();
    throw new ParseFailure(`template: ${this.options.name}:${line}: ${message}`, line, true);
  }

  protected unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${tokenText(token)} in ${context}`);
    let extra = '';
    const started = this.actionAt < 0 ? token.line : this.lexer.lineAt(this.actionAt);
    if (started !== token.line) {
      extra = ` in action started at ${this.options.name}:${started}`;
      if (token.text.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    this.fail(token.text + extra);
  }

  protected expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  protected enter(): void {
    const { nesting } = this.options.limits;
    if (this.depth >= nesting) this.limit(`nested too deeply: more than ${nesting} levels`);
    this.depth++;
  }

  protected nested<T>(parse: () => T): T {
    this.enter();
    const result = parse();
    this.depth--;
    return result;
  }

  protected unquoted(token: Token): string {
    return unquote(token.text) ?? this.fail('invalid syntax');
  }
}
