import { decodeRune } from '../bytes.ts';
import type { Budget } from '../limits.ts';
import { needsQuotes } from './resolve.ts';
import { analyze, escapeRune, isBreak } from './scalar.ts';

/** What is written: a word that is no string, a string, a list, or a map in order. */
export type YamlNode =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, YamlNode])[] };

const WIDTH = 80;
const STEP = 2;

type Place = 'root' | 'sequence' | 'mapping' | 'key';

/** go-yaml's block style: lists in maps are not indented, long texts are folded. */
class Emitter {
  out = '';
  private readonly budget: Budget;
  private column = 0;
  private indent = -1;
  /** Whether what was written last is blank, and whether the line holds nothing but indent and indicators. */
  private whitespace = true;
  private indention = true;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  node(node: YamlNode, place: Place): void {
    this.budget.step(1);
    switch (node.kind) {
      case 'list':
        this.list(node.items, place);
        break;
      case 'map':
        this.map(node.entries);
        break;
      default:
        this.scalar(node, place);
    }
  }

  private put(text: string): void {
    this.out += text;
    this.column += text.length;
  }

  private newline(): void {
    this.out += '\n';
    this.column = 0;
    if ((this.out.length & 0xff) === 0 || this.out.length > this.budget.limits.string)
      this.budget.text(this.out.length);
  }

  private writeIndent(): void {
    const indent = Math.max(this.indent, 0);
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace)) this.newline();
    if (this.column < indent) this.put(' '.repeat(indent - this.column));
    this.whitespace = true;
    this.indention = true;
  }

  private indicator(text: string, needsBlank: boolean, isIndention: boolean): void {
    if (needsBlank && !this.whitespace) this.put(' ');
    this.put(text);
    this.whitespace = false;
    this.indention = this.indention && isIndention;
  }

  private indented(flow: boolean, indentless: boolean, write: () => void): void {
    const before = this.indent;
    if (before < 0) this.indent = flow ? STEP : 0;
    else if (!indentless) this.indent += STEP;
    write();
    this.indent = before;
  }

  private list(items: readonly YamlNode[], place: Place): void {
    if (items.length === 0) {
      this.indicator('[]', true, false);
      return;
    }
    this.indented(false, place === 'mapping' && !this.indention, () => {
      for (const item of items) {
        this.writeIndent();
        this.indicator('-', true, true);
        this.node(item, 'sequence');
      }
    });
  }

  private map(entries: readonly (readonly [string, YamlNode])[]): void {
    if (entries.length === 0) {
      this.indicator('{}', true, false);
      return;
    }
    this.indented(false, false, () => {
      for (const [key, value] of entries) {
        this.writeIndent();
        const simple = key.length <= 128 && !analyze(key).multiline;
        if (!simple) this.indicator('?', true, true);
        this.node({ kind: 'string', text: key }, simple ? 'key' : 'mapping');
        if (!simple) this.writeIndent();
        this.indicator(':', !simple, !simple);
        this.node(value, 'mapping');
      }
    });
  }

  private scalar(node: YamlNode & { kind: 'word' | 'string' }, place: Place): void {
    this.budget.text(node.text.length);
    const isKey = place === 'key';
    const style = styleOf(node, isKey);
    this.indented(true, false, () => {
      switch (style) {
        case 'plain':
          if (!this.whitespace) this.put(' ');
          this.folded(node.text, { isKey, edges: true, rewrite: (letter) => letter });
          this.whitespace = false;
          this.indention = false;
          break;
        case 'single':
          this.indicator("'", true, false);
          this.folded(node.text, { isKey, edges: false, rewrite: (letter) => (letter === "'" ? "''" : letter) });
          this.indicator("'", false, false);
          break;
        case 'double':
          this.double(node.text, isKey);
          break;
        default:
          this.literal(node.text);
      }
    });
  }

  /** Writes a text that may be broken at single blanks beyond the width. */
  private folded(text: string, how: { isKey: boolean; edges: boolean; rewrite: (letter: string) => string }): void {
    let inBlanks = false;
    let inBreaks = false;
    for (let i = 0; i < text.length; ) {
      const packed = decodeRune(text, i);
      const letter = text.slice(i, i + (packed & 7));
      const inner = how.edges || (i > 0 && i < text.length - 1);
      if (letter === ' ') {
        const fold = !how.isKey && !inBlanks && this.column > WIDTH && inner && text[i + 1] !== ' ';
        if (fold) this.writeIndent();
        else this.putLetter(' ');
        inBlanks = true;
      } else if (isBreak(packed >> 3)) {
        if (!inBreaks && letter === '\n') this.newline();
        this.newlineOf(letter);
        this.indention = true;
        inBreaks = true;
      } else {
        if (inBreaks) this.writeIndent();
        this.putLetter(how.rewrite(letter));
        this.indention = false;
        inBlanks = false;
        inBreaks = false;
      }
      i += packed & 7;
    }
  }

  private putLetter(letter: string): void {
    this.out += letter;
    this.column += letter === "''" ? 2 : 1;
  }

  private newlineOf(letter: string): void {
    if (letter === '\n') {
      this.newline();
    } else {
      this.out += letter;
      this.column = 0;
    }
  }

  private double(text: string, isKey: boolean): void {
    let inBlanks = false;
    this.indicator('"', true, false);
    for (let i = 0; i < text.length; ) {
      const packed = decodeRune(text, i);
      const escaped = escapeRune(packed >> 3);
      if (escaped !== undefined) {
        this.put(escaped);
        inBlanks = false;
      } else if (text[i] === ' ') {
        if (!isKey && !inBlanks && this.column > WIDTH && i > 0 && i < text.length - 1) {
          this.writeIndent();
          if (text[i + 1] === ' ') this.put('\\');
        } else {
          this.putLetter(' ');
        }
        inBlanks = true;
      } else {
        this.putLetter(text.slice(i, i + (packed & 7)));
        inBlanks = false;
      }
      i += packed & 7;
    }
    this.indicator('"', false, false);
  }

  private literal(text: string): void {
    this.indicator('|', true, false);
    if (text.startsWith(' ') || isBreak(decodeRune(text, 0) >> 3)) this.indicator(String(STEP), false, false);
    if (!text.endsWith('\n')) this.indicator('-', false, false);
    else if (text === '\n' || text.endsWith('\n\n')) this.indicator('+', false, false);
    this.newline();
    this.indention = true;
    this.whitespace = true;
    let inBreaks = true;
    for (let i = 0; i < text.length; ) {
      const packed = decodeRune(text, i);
      const letter = text.slice(i, i + (packed & 7));
      if (isBreak(packed >> 3)) {
        this.newlineOf(letter);
        this.indention = true;
        inBreaks = true;
      } else {
        if (inBreaks) this.writeIndent();
        this.putLetter(letter);
        this.indention = false;
        inBreaks = false;
      }
      i += packed & 7;
    }
  }
}

function styleOf(
  node: YamlNode & { kind: 'word' | 'string' },
  isKey: boolean,
): 'plain' | 'single' | 'double' | 'literal' {
  if (node.kind === 'word') return 'plain';
  const { multiline, plain, single, block } = analyze(node.text);
  if (isKey && multiline) return 'double';
  if (node.text.includes('\n')) return block && !isKey ? 'literal' : 'double';
  if (needsQuotes(node.text)) return 'double';
  if (plain && !(node.text === '' && isKey)) return 'plain';
  return single ? 'single' : 'double';
}

/** Writes a document as go-yaml v2 does. */
export function emitYaml(node: YamlNode, budget: Budget): string {
  const emitter = new Emitter(budget);
  emitter.node(node, 'root');
  return emitter.out.endsWith('\n') ? emitter.out : `${emitter.out}\n`;
}
