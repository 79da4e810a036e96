import { decodeRune, encodeRune } from './bytes.ts';
import { quote } from './strconv/quote.ts';
import { isPrint } from './unicode.ts';

/** The words that are kinds of tokens. */
export const KEYWORDS = {
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
