import { countNewlines, EOF, isBlank, isDecimal, isWord, NEWLINE, Scanner } from './scanner.ts';
import { type Simple, simpleAction } from './simple.ts';
import { quote } from './strconv/quote.ts';
import { KEYWORDS, runeName, type Token, type TokenKind } from './token.ts';
import { isPrint } from './unicode.ts';

/** Cuts a template into tokens, one at a time, with Go's places and Go's complaints. */
export class Lexer extends Scanner {
  /** The next token; after the end or an error, eof for ever. */
  next(): Token {
    if (!this.insideAction && this.counted < this.pos) this.catchUp();
    const token = this.insideAction ? this.lexInsideAction() : this.lexText();
    this.counted = this.pos;
    return token;
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
