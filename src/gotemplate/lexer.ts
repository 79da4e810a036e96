import { decodeLastRune, decodeRune, encodeRune } from './bytes.ts';
import { type Simple, simpleAction } from './simple.ts';
import { quote } from './strconv/quote.ts';
import { isDigit, isLetter, isPrint } from './unicode.ts';

const KEYWORDS = {
  block: 'block',
  break: 'break',
  continue: 'continue',
  define: 'define',
  else: 'else',
  end: 'end',
  if: 'if',
  range: 'range',
  nil: 'nil',
  template: 'template',
  with: 'with',
} as const;

/** The kinds of tokens; the keywords are kinds of their own. */
export type TokenKind =
  | (typeof KEYWORDS)[keyof typeof KEYWORDS]
  | 'assign'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'complex'
  | 'declare'
  | 'dot'
  | 'eof'
  | 'error'
  | 'field'
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string'
  | 'text'
  | 'variable';

/** A token with its place: the byte it starts at and the line it starts on. */
export type Token = { readonly kind: TokenKind; readonly at: number; readonly text: string; readonly line: number };

const EOF = -1;
const NEWLINE = 10;
const KEYWORD_KINDS = new Set<string>([...Object.values(KEYWORDS), 'dot']);

/** A token as Go shows it in "unexpected ...". */
export function tokenText(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (KEYWORD_KINDS.has(token.kind)) return `<${token.text}>`;
  if (token.text.length <= 10) return quote(token.text);
  let end = 0;
  for (let count = 0; count < 10 && end < token.text.length; count++) end += decodeRune(token.text, end) & 7;
  return `${quote(token.text.slice(0, end))}...`;
}

/** A rune as %#U prints it. */
export function runeName(rune: number): string {
  const hex = rune.toString(16).toUpperCase().padStart(4, '0');
  return isPrint(rune) ? `U+${hex} '${encodeRune(rune)}'` : `U+${hex}`;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === NEWLINE;
}

function isWord(rune: number): boolean {
  return rune === 95 || isLetter(rune) || isDigit(rune);
}

function isPlainWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDecimal(code) || code === 95;
}

function isDecimal(code: number): boolean {
  return code >= 48 && code <= 57;
}

function countNewlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === NEWLINE) count++;
  return count;
}

/** Cuts a template into tokens, one at a time, with Go's places and Go's complaints. */
export class Lexer {
  private readonly text: string;
  private input: string;
  private pos = 0;
  private start = 0;
  private line = 1;
  private startLine = 1;
  private atEof = false;
  /** How far lines have been counted; text that `simple` has read waits until somebody asks. */
  private counted = 0;
  private parenDepth = 0;
  private insideAction = false;

  constructor(input: string) {
    this.text = input;
    this.input = input;
  }

  /** The next token; after the end or an error, eof for ever. */
  next(): Token {
    if (!this.insideAction && this.counted < this.pos) this.catchUp();
    const token = this.insideAction ? this.lexInsideAction() : this.lexText();
    this.counted = this.pos;
    return token;
  }

  /** Whether nothing is left to read. */
  get atEnd(): boolean {
    return !this.insideAction && this.pos >= this.input.length;
  }

  /** Where the next token will be looked for. */
  get position(): number {
    return this.pos;
  }

  /** The line of a place that has been read already. */
  lineAt(at: number): number {
    return 1 + countNewlines(this.text, 0, at);
  }

  /** Reads plain text, or an action of the commonest forms, without making tokens; undefined for all others. */
  simple(): Simple | undefined {
    if (this.insideAction) return undefined;
    const found = this.input.indexOf('{{', this.pos);
    const end = found < 0 ? this.input.length : found;
    if (end > this.pos) return this.simpleText(end);
    if (found < 0) return undefined;
    const action = simpleAction(this.input, found + 2);
    if (action !== undefined) this.pos = action.end;
    return action;
  }

  private simpleText(end: number): Simple | undefined {
    if (this.hasLeftTrim(end + 2)) return undefined;
    const at = this.pos;
    this.pos = end;
    return { kind: 'text', at, text: at === 0 && end === this.input.length ? this.input : this.input.slice(at, end) };
  }

  private catchUp(): void {
    this.line += countNewlines(this.input, this.counted, this.pos);
    this.start = this.pos;
    this.startLine = this.line;
  }

  private read(): number {
    if (this.pos >= this.input.length) {
      this.atEof = true;
      return EOF;
    }
    const packed = decodeRune(this.input, this.pos);
    this.pos += packed & 7;
    if (packed >> 3 === NEWLINE) this.line++;
    return packed >> 3;
  }

  private backup(): void {
    if (this.atEof || this.pos === 0) return;
    const packed = decodeLastRune(this.input, this.pos);
    this.pos -= packed & 7;
    if (packed >> 3 === NEWLINE) this.line--;
  }

  private peek(): number {
    const rune = this.read();
    this.backup();
    return rune;
  }

  private emit(kind: TokenKind): Token {
    const token = { kind, at: this.start, text: this.input.slice(this.start, this.pos), line: this.startLine };
    this.start = this.pos;
    this.startLine = this.line;
    return token;
  }

  private ignore(): void {
    this.line += countNewlines(this.input, this.start, this.pos);
    this.start = this.pos;
    this.startLine = this.line;
  }

  private fail(text: string): Token {
    const token: Token = { kind: 'error', at: this.start, text, line: this.startLine };
    this.start = 0;
    this.pos = 0;
    this.input = '';
    return token;
  }

  private accept(valid: string): boolean {
    const rune = this.read();
    if (rune >= 0 && rune < 128 && valid.includes(String.fromCharCode(rune))) return true;
    this.backup();
    return false;
  }

  private acceptRun(valid: string): void {
    while (this.accept(valid));
  }

  private lexText(): Token {
    for (;;) {
      const found = this.input.indexOf('{{', this.pos);
      if (found < 0) {
        this.pos = this.input.length;
        if (this.pos === this.start) return this.emit('eof');
        this.line += countNewlines(this.input, this.start, this.pos);
        return this.emit('text');
      }
      if (found > this.pos) {
        const token = this.textBefore(found);
        if (token.text !== '') return token;
      }
      const token = this.lexLeftDelim();
      if (token !== undefined) return token;
    }
  }

  private textBefore(found: number): Token {
    let end = found;
    if (this.hasLeftTrim(found + 2)) {
      while (end > this.start && isBlank(this.input.charCodeAt(end - 1))) end--;
    }
    this.pos = end;
    this.line += countNewlines(this.input, this.start, end);
    const token = this.emit('text');
    this.pos = found;
    this.ignore();
    return token;
  }

  private hasLeftTrim(at: number): boolean {
    return this.input[at] === '-' && isBlank(this.input.charCodeAt(at + 1));
  }

  /** Left delimiter or comment; a comment gives no token but may give an error. */
  private lexLeftDelim(): Token | undefined {
    this.pos += 2;
    const marker = this.hasLeftTrim(this.pos) ? 2 : 0;
    if (this.input.startsWith('/*', this.pos + marker)) {
      this.pos += marker;
      this.ignore();
      return this.lexComment();
    }
    const token = this.emit('leftDelim');
    this.insideAction = true;
    this.pos += marker;
    this.ignore();
    this.parenDepth = 0;
    return token;
  }

  private lexComment(): Token | undefined {
    const end = this.input.indexOf('*/', this.pos + 2);
    if (end < 0) return this.fail('unclosed comment');
    this.pos = end + 2;
    const delim = this.rightDelim();
    if (delim === 'none') return this.fail('comment ends before closing delimiter');
    this.line += countNewlines(this.input, this.start, this.pos);
    this.start = this.pos;
    this.startLine = this.line;
    this.pos += delim === 'trim' ? 4 : 2;
    if (delim === 'trim') this.skipBlanks();
    this.ignore();
    return undefined;
  }

  private skipBlanks(): void {
    while (this.pos < this.input.length && isBlank(this.input.charCodeAt(this.pos))) this.pos++;
  }

  private rightDelim(): 'none' | 'plain' | 'trim' {
    const code = this.input.charCodeAt(this.pos);
    if (code === 125) return this.input.charCodeAt(this.pos + 1) === 125 ? 'plain' : 'none';
    return isBlank(code) && this.input.startsWith('-}}', this.pos + 1) ? 'trim' : 'none';
  }

  private lexRightDelim(): Token {
    const trim = this.rightDelim() === 'trim';
    if (trim) {
      this.pos += 2;
      this.ignore();
    }
    this.pos += 2;
    const token = this.emit('rightDelim');
    if (trim) {
      this.skipBlanks();
      this.ignore();
    }
    this.insideAction = false;
    return token;
  }

  private lexInsideAction(): Token {
    if (this.rightDelim() !== 'none') {
      return this.parenDepth === 0 ? this.lexRightDelim() : this.fail('unclosed left paren');
    }
    const rune = this.read();
    switch (rune) {
      case EOF:
        return this.fail('unclosed action');
      case 32:
      case 9:
      case 13:
      case NEWLINE:
        this.backup();
        return this.lexSpace();
      case 61:
        return this.emit('assign');
      case 58:
        return this.read() === 61 ? this.emit('declare') : this.fail('expected :=');
      case 124:
        return this.emit('pipe');
      case 34:
        return this.lexQuoted(34, 'string', 'unterminated quoted string');
      case 39:
        return this.lexQuoted(39, 'charConstant', 'unterminated character constant');
      case 96:
        return this.lexRawQuote();
      case 36:
        return this.atTerminator() ? this.emit('variable') : this.lexField('variable');
      case 40:
        this.parenDepth++;
        return this.emit('leftParen');
      case 41:
        this.parenDepth--;
        return this.parenDepth < 0 ? this.fail('unexpected right paren') : this.emit('rightParen');
      default:
        return this.lexWord(rune);
    }
  }

  private lexWord(rune: number): Token {
    if (rune === 46) {
      const after = this.input.charCodeAt(this.pos);
      if (this.pos < this.input.length && (after < 48 || after > 57)) return this.lexField('field');
    }
    if (rune === 46 || rune === 43 || rune === 45 || (rune >= 48 && rune <= 57)) {
      this.backup();
      return this.lexNumber();
    }
    if (isWord(rune)) return this.lexIdentifier();
    if (rune < 128 && isPrint(rune)) return this.emit('char');
    return this.fail(`unrecognized character in action: ${runeName(rune)}`);
  }

  private lexSpace(): Token {
    let count = 0;
    for (let code = this.input.charCodeAt(this.pos); isBlank(code); code = this.input.charCodeAt(this.pos)) {
      if (code === NEWLINE) this.line++;
      this.pos++;
      count++;
    }
    if (isBlank(this.input.charCodeAt(this.pos - 1)) && this.input.startsWith('-}}', this.pos)) {
      this.backup();
      if (count === 1) return this.lexRightDelim();
    }
    return this.emit('space');
  }

  private skipWord(): number {
    while (isPlainWord(this.input.charCodeAt(this.pos))) this.pos++;
    for (;;) {
      const rune = this.read();
      if (isWord(rune)) continue;
      this.backup();
      return rune;
    }
  }

  private lexIdentifier(): Token {
    const rune = this.skipWord();
    if (!this.atTerminator()) return this.fail(`bad character ${runeName(rune)}`);
    const word = this.input.slice(this.start, this.pos);
    if (Object.hasOwn(KEYWORDS, word)) return this.emit(KEYWORDS[word as keyof typeof KEYWORDS]);
    return this.emit(word === 'true' || word === 'false' ? 'bool' : 'identifier');
  }

  private lexField(kind: 'field' | 'variable'): Token {
    if (this.atTerminator()) return this.emit(kind === 'variable' ? kind : 'dot');
    const rune = this.skipWord();
    return this.atTerminator() ? this.emit(kind) : this.fail(`bad character ${runeName(rune)}`);
  }

  private atTerminator(): boolean {
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

  private lexQuoted(quoteCode: number, kind: TokenKind, problem: string): Token {
    for (;;) {
      let rune = this.read();
      if (rune === quoteCode) return this.emit(kind);
      if (rune === 92) {
        rune = this.read();
        if (rune !== EOF && rune !== NEWLINE) continue;
      }
      if (rune === EOF || rune === NEWLINE) return this.fail(problem);
    }
  }

  private lexRawQuote(): Token {
    const end = this.input.indexOf('`', this.pos);
    if (end < 0) return this.fail('unterminated raw quoted string');
    this.line += countNewlines(this.input, this.pos, end);
    this.pos = end + 1;
    return this.emit('rawString');
  }

  private lexNumber(): Token {
    const plain = this.plainDigits();
    if (plain > this.pos) {
      this.pos = plain;
      return this.emit('number');
    }
    const bad = (): Token => this.fail(`bad number syntax: ${quote(this.input.slice(this.start, this.pos))}`);
    if (!this.scanNumber()) return bad();
    const sign = this.peek();
    if (sign !== 43 && sign !== 45) return this.emit('number');
    if (!this.scanNumber() || this.input[this.pos - 1] !== 'i') return bad();
    return this.emit('complex');
  }

  /** The end of digits that can be nothing but a decimal integer; the position itself when they could be more. */
  private plainDigits(): number {
    let end = this.pos;
    while (isDecimal(this.input.charCodeAt(end))) end++;
    const next = this.input.charCodeAt(end);
    const ends = next === 32 || next === 41 || next === 125 || next === 124;
    return ends && (end - this.pos === 1 || this.input[this.pos] !== '0') ? end : this.pos;
  }

  private scanNumber(): boolean {
    this.accept('+-');
    let digits = '0123456789_';
    if (this.accept('0')) {
      if (this.accept('xX')) digits = '0123456789abcdefABCDEF_';
      else if (this.accept('oO')) digits = '01234567_';
      else if (this.accept('bB')) digits = '01_';
    }
    this.acceptRun(digits);
    if (this.accept('.')) this.acceptRun(digits);
    const exponent = digits.length === 11 ? 'eE' : digits.length === 23 ? 'pP' : '';
    if (exponent !== '' && this.accept(exponent)) {
      this.accept('+-');
      this.acceptRun('0123456789_');
    }
    this.accept('i');
    if (!isWord(this.peek())) return true;
    this.read();
    return false;
  }
}
