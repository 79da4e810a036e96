import { decodeRune, encodeRune, isAscii, mapRunes, RUNE_ERROR, runes } from '../bytes.ts';
import {
  isDigit,
  isLetter,
  isLower,
  isNumber,
  isPunct,
  isSpace,
  isTitle,
  isUpper,
  toLower,
  toTitle,
  toUpper,
} from '../unicode.ts';

/** strings.ToUpper */
export function upper(text: string): string {
  return isAscii(text) ? text.toUpperCase() : mapRunes(text, toUpper);
}

/** strings.ToLower */
export function lower(text: string): string {
  return isAscii(text) ? text.toLowerCase() : mapRunes(text, toLower);
}

function separates(rune: number): boolean {
  if (rune < 0x80) return !(isLetter(rune) || isDigit(rune) || rune === 95);
  return !isLetter(rune) && !isDigit(rune) && isSpace(rune);
}

/** strings.Title */
export function title(text: string): string {
  let previous = 32;
  return mapRunes(text, (rune) => {
    const first = separates(previous);
    previous = rune;
    return first ? toTitle(rune) : rune;
  });
}

/** goutils.Uncapitalize */
export function untitle(text: string): string {
  let first = true;
  return mapRunes(text, (rune) => {
    if (isSpace(rune)) {
      first = true;
      return rune;
    }
    const mapped = first ? toLower(rune) : rune;
    first = false;
    return mapped;
  });
}

/** goutils.SwapCase */
export function swapCase(text: string): string {
  let blank = true;
  return mapRunes(text, (rune) => {
    const atStart = blank;
    const isUpperOrTitle = isUpper(rune) || isTitle(rune);
    if (isUpperOrTitle || isLower(rune)) blank = false;
    else blank = isSpace(rune);
    if (isUpperOrTitle) return toLower(rune);
    if (isLower(rune)) return atStart ? toTitle(rune) : toUpper(rune);
    return rune;
  });
}

function isConnector(rune: number): boolean {
  return rune === 45 || rune === 95 || isSpace(rune);
}

/** Words joined, each with its first letter in upper case; connectors at the start stay. */
export function camelCase(text: string): string {
  const letters = runes(text);
  let start = 0;
  while (start < letters.length && isConnector(letters[start] ?? 0)) start++;
  let out = letters.slice(0, start).map(encodeRune).join('');
  if (start === letters.length) return letters.length === 0 ? '' : out + encodeRune(letters[start - 1] ?? 0);
  let current = toUpper(letters[start] ?? 0);
  if (start === letters.length - 1) return out + encodeRune(current);
  for (const next of letters.slice(start + 1)) {
    const previous = current;
    current = next;
    if (isConnector(current) && isConnector(previous)) out += encodeRune(previous);
    else if (isConnector(previous)) current = toUpper(current);
    else out += encodeRune(previous);
  }
  return out + encodeRune(current);
}

type WordKind = 'invalid' | 'number' | 'upper' | 'alphabet' | 'connector' | 'punct' | 'other';
type Word = { readonly kind: WordKind; readonly text: string; readonly rest: string };

/** A letter that is no Chinese character. */
function isAlphabet(rune: number): boolean {
  if (!isLetter(rune)) return false;
  const han = (rune >= 0x4e00 && rune <= 0x9fcc) || (rune >= 0x3400 && rune <= 0x4d85);
  return !han && !(rune >= 0x20000 && rune <= 0x2b81d);
}

/** Skips what is not UTF-8: the rune after it, or the one before when the text ends. */
function validRune(text: string, previous: number): [rune: number, size: number] {
  let size = 0;
  while (size < text.length) {
    const packed = decodeRune(text, size);
    size += packed & 7;
    if (packed >> 3 !== RUNE_ERROR) return [packed >> 3, size];
  }
  return [previous, size];
}

function classify(rune: number): WordKind {
  if (isConnector(rune)) return 'connector';
  if (isPunct(rune)) return 'punct';
  if (isUpper(rune)) return 'upper';
  if (isAlphabet(rune)) return 'alphabet';
  return isNumber(rune) ? 'number' : 'other';
}

const CONTINUES: Record<Exclude<WordKind, 'invalid' | 'upper'>, (rune: number, size: number) => boolean> = {
  connector: isConnector,
  punct: isPunct,
  alphabet: (rune) => isAlphabet(rune) && !isUpper(rune),
  number: isNumber,
  other: (rune, size) => !(size === 0 || isConnector(rune) || isAlphabet(rune) || isNumber(rune) || isPunct(rune)),
};

/** How far a run of runes of one class goes. */
function run(text: string, from: number, previous: number, goesOn: (rune: number, size: number) => boolean): number {
  let offset = from;
  let last = previous;
  while (offset < text.length) {
    const [rune, size] = validRune(text.slice(offset, offset + 64), last);
    if (!goesOn(rune, size)) break;
    last = rune;
    offset += size;
  }
  return offset;
}

function nextWord(text: string): Word {
  if (text === '') return { kind: 'invalid', text: '', rest: '' };
  const [rune, size] = validRune(text, RUNE_ERROR);
  if (rune === RUNE_ERROR) return { kind: 'invalid', text: text.slice(0, size), rest: text.slice(size) };
  const kind = classify(rune);
  const end = kind === 'upper' ? upperEnd(text, size, rune) : run(text, size, rune, CONTINUES[kind as 'other']);
  return { kind, text: text.slice(0, end), rest: text.slice(end) };
}

/** "HTTPStatus" is "HTTP" and "Status"; "Status" is one word. */
function upperEnd(text: string, size: number, first: number): number {
  if (size >= text.length) return size;
  const [second, secondSize] = validRune(text.slice(size), first);
  if (!isUpper(second)) return isAlphabet(second) ? run(text, size, first, CONTINUES.alphabet) : size;
  let offset = size + secondSize;
  let width = secondSize;
  let last = second;
  while (offset < text.length) {
    const [rune, wide] = validRune(text.slice(offset, offset + 64), last);
    last = rune;
    if (!isUpper(rune)) break;
    width = wide;
    offset += wide;
  }
  return offset < text.length && isAlphabet(last) ? offset - width : offset;
}

function lowered({ kind, text }: Word, connector: string): string {
  if (kind !== 'upper' && kind !== 'connector') return text;
  return runes(text)
    .map((rune) => (isConnector(rune) ? connector : encodeRune(isUpper(rune) ? toLower(rune) : rune)))
    .join('');
}

function isWordLike(kind: WordKind): boolean {
  return kind === 'alphabet' || kind === 'number';
}

function joins(kind: WordKind): boolean {
  return kind !== 'connector' && kind !== 'punct';
}

/** snakecase and kebabcase: words in lower case with a connector between them. */
export function connected(text: string, connector: string): string {
  let out = '';
  let word = nextWord(text);
  const absorb = (from: Word): Word => {
    let current = from;
    while (isWordLike(current.kind)) {
      out += lowered(current, connector);
      current = nextWord(current.rest);
    }
    return current;
  };
  if (text === '') return '';
  while (word.rest !== '') {
    if (word.kind !== 'connector') out += lowered(word, connector);
    const previous = word;
    word = nextWord(word.rest);
    if (previous.kind === 'number') {
      word = absorb(word);
      if (word.kind !== 'invalid' && joins(word.kind)) out += connector;
    } else if (previous.kind === 'connector') {
      out += lowered(previous, connector);
    } else if (previous.kind !== 'punct') {
      if (word.kind !== 'number') {
        if (joins(word.kind)) out += connector;
        continue;
      }
      if (word.rest === '') continue;
      const number = word;
      word = nextWord(word.rest);
      if (word.kind !== 'alphabet') {
        out += lowered(number, connector);
        if (joins(word.kind)) out += connector;
        continue;
      }
      out += connector + lowered(number, connector);
      word = absorb(word);
      if (word.kind !== 'invalid' && joins(word.kind)) out += connector;
    }
  }
  return out + lowered(word, connector);
}
