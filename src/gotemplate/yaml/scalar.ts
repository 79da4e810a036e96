import { decodeRune } from '../bytes.ts';

/** What a text allows: the styles that would read back as the same text. */
export type Analysis = {
  readonly multiline: boolean;
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
};

/** A character that ends a line. */
export function isBreak(rune: number): boolean {
  return rune === 10 || rune === 13 || rune === 0x85 || rune === 0x2028 || rune === 0x2029;
}

/** A character that may stand in a document as it is. */
export function isPrintable(rune: number): boolean {
  if (rune < 0x80) return rune === 10 || (rune >= 0x20 && rune <= 0x7e);
  if (rune > 0xffff || rune < 0xa0 || rune === 0xfeff) return false;
  return rune <= 0xd7ff || (rune >= 0xe000 && rune <= 0xfffd);
}

const START_INDICATORS = '#,[]{}&*!|>\'"%@`';

type Seen = {
  indicators: boolean;
  breaks: boolean;
  special: boolean;
  edge: boolean;
  trailingSpace: boolean;
  breakSpace: boolean;
  spaceBreak: boolean;
};

function isBlank(rune: number): boolean {
  return rune === 32 || rune === 9;
}

function isIndicator(letter: string, first: boolean, before: boolean, after: boolean): boolean {
  if (first && START_INDICATORS.includes(letter)) return true;
  if (letter === ':' || (first && (letter === '?' || letter === '-'))) return after;
  return letter === '#' && before;
}

/** Looks a text over as the emitter of go-yaml does. */
export function analyze(text: string): Analysis {
  if (text === '') return { multiline: false, plain: true, single: true, block: false };
  const seen: Seen = {
    indicators: text.startsWith('---') || text.startsWith('...'),
    breaks: false,
    special: false,
    edge: false,
    trailingSpace: false,
    breakSpace: false,
    spaceBreak: false,
  };
  let previous: 'space' | 'break' | 'other' = 'other';
  let blankBefore = true;
  for (let i = 0; i < text.length; ) {
    const packed = decodeRune(text, i);
    const rune = packed >> 3;
    const next = i + (packed & 7);
    const last = next >= text.length;
    const blankAfter = last || isBlank(text.charCodeAt(next));
    if (rune < 0x80 && isIndicator(text[i] ?? '', i === 0, blankBefore, blankAfter)) seen.indicators = true;
    if (!isPrintable(rune)) seen.special = true;
    if (rune === 32) {
      if (i === 0 || last) seen.edge = true;
      if (last) seen.trailingSpace = true;
      if (previous === 'break') seen.breakSpace = true;
      previous = 'space';
    } else if (isBreak(rune)) {
      seen.breaks = true;
      if (i === 0 || last) seen.edge = true;
      if (previous === 'space') seen.spaceBreak = true;
      previous = 'break';
    } else {
      previous = 'other';
    }
    blankBefore = isBlank(rune) || isBreak(rune) || rune === 0;
    i = next;
  }
  const broken = seen.spaceBreak || seen.special;
  return {
    multiline: seen.breaks,
    plain: !(seen.edge || seen.breakSpace || broken || seen.breaks || seen.indicators),
    single: !(seen.breakSpace || broken),
    block: !(seen.trailingSpace || broken),
  };
}

const ESCAPES: Record<number, string> = {
  0: '0',
  7: 'a',
  8: 'b',
  9: 't',
  10: 'n',
  11: 'v',
  12: 'f',
  13: 'r',
  27: 'e',
  34: '"',
  92: '\\',
  133: 'N',
  160: '_',
  8232: 'L',
  8233: 'P',
};

/** A character as it stands between double quotes; undefined when it needs no escape. */
export function escapeRune(rune: number): string | undefined {
  if (isPrintable(rune) && !isBreak(rune) && rune !== 34 && rune !== 92) return undefined;
  const known = ESCAPES[rune];
  if (known !== undefined) return `\\${known}`;
  const hex = rune.toString(16).toUpperCase();
  if (rune <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return rune <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
