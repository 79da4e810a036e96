import { decodeLastRune, decodeRune } from './bytes.ts';
import type { Token, TokenKind } from './token.ts';
import { isDigit, isLetter } from './unicode.ts';

/** What reading gives at the end. */
export const EOF = -1;
/** The code of a newline. */
export const NEWLINE = 10;

/** What Go takes for a blank between tokens. */
export function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === NEWLINE;
}

/** What identifiers are made of. */
export function isWord(rune: number): boolean {
  return rune === 95 || isLetter(rune) || isDigit(rune);
}

/** The same, as far as ASCII goes. */
export function isPlainWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDecimal(code) || code === 95;
}

/** A digit of a plain number. */
export function isDecimal(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** How many lines end between two places. */
export function countNewlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === NEWLINE) count++;
  return count;
}

/** Walks through a template rune by rune and knows where it is. */
export class Scanner {
  protected readonly text: string;
  protected input: string;
  protected pos = 0;
  protected start = 0;
  protected line = 1;
  protected startLine = 1;
  protected atEof = false;

  /** How far lines have been counted; text that `simple` has read waits until somebody asks. */
  protected counted = 0;
  protected parenDepth = 0;
  protected insideAction = false;

  constructor(input: string) {
    this.text = input;
    this.input = input;
  }

  protected read(): number {
    if (this.pos >= this.input.length) {
      this.atEof = true;
      return EOF;
    }
    const packed = decodeRune(this.input, this.pos);
    this.pos += packed & 7;
    if (packed >> 3 === NEWLINE) this.line++;
    return packed >> 3;
  }

  protected backup(): void {
    if (this.atEof || this.pos === 0) return;
    const packed = decodeLastRune(this.input, this.pos);
    this.pos -= packed & 7;
    if (packed >> 3 === NEWLINE) this.line--;
  }

  protected peek(): number {
    const rune = this.read();
    this.backup();
    return rune;
  }

  protected emit(kind: TokenKind): Token {
    const token = { kind, at: this.start, text: this.input.slice(this.start, this.pos), line: this.startLine };
    this.start = this.pos;
    this.startLine = this.line;
    return token;
  }

  protected ignore(): void {
    this.line += countNewlines(this.input, this.start, this.pos);
    this.start = this.pos;
    this.startLine = this.line;
  }

  protected fail(text: string): Token {
    const token: Token = { kind: 'error', at: this.start, text, line: this.startLine };
    this.start = 0;
    this.pos = 0;
    this.input = '';
    return token;
  }

  protected accept(valid: string): boolean {
    const rune = this.read();
    if (rune >= 0 && rune < 128 && valid.includes(String.fromCharCode(rune))) return true;
    this.backup();
    return false;
  }

  protected acceptRun(valid: string): void {
    while (this.accept(valid));
  }

  protected catchUp(): void {
    this.line += countNewlines(this.input, this.counted, this.pos);
    this.start = this.pos;
    this.startLine = this.line;
  }

  /** The line of a place that has been read already. */
  lineAt(at: number): number {
    return 1 + countNewlines(this.text, 0, at);
  }

  /** Whether nothing is left to read. */
  get atEnd(): boolean {
    return !this.insideAction && this.pos >= this.input.length;
  }

  /** Where the next token will be looked for. */
  get position(): number {
    return this.pos;
  }

  protected skipBlanks(): void {
    while (this.pos < this.input.length && isBlank(this.input.charCodeAt(this.pos))) this.pos++;
  }

  protected hasLeftTrim(at: number): boolean {
    return this.input.charCodeAt(at) === 45 && isBlank(this.input.charCodeAt(at + 1));
  }

  protected rightDelim(): 'none' | 'plain' | 'trim' {
    const code = this.input.charCodeAt(this.pos);
    if (code === 125) return this.input.charCodeAt(this.pos + 1) === 125 ? 'plain' : 'none';
    return isBlank(code) && this.input.startsWith('-}}', this.pos + 1) ? 'trim' : 'none';
  }

  protected atTerminator(): boolean {
    if (this.pos >= this.input.length) {
      this.atEof = true;
      return true;
    }
    const code = this.input.charCodeAt(this.pos);
    if (isBlank(code)) return true;
    switch (code) {
      case 46:
      case 44:
      case 124:
      case 58:
      case 41:
      case 40:
        return true;
      default:
        return code === 125 && this.input.charCodeAt(this.pos + 1) === 125;
    }
  }

  protected skipWord(): number {
    while (isPlainWord(this.input.charCodeAt(this.pos))) this.pos++;
    for (;;) {
      const rune = this.read();
      if (isWord(rune)) continue;
      this.backup();
      return rune;
    }
  }
}
