/**
 * Go's unicode package over JavaScript's tables: the simple, one to one mappings only. Each class stands where it is
 * used, since making all of them would cost every start a millisecond.
 */

function is(class_: RegExp, rune: number): boolean {
  return rune >= 0 && rune <= 0x10ffff && class_.test(String.fromCodePoint(rune));
}

/** unicode.IsLetter */
export function isLetter(rune: number): boolean {
  if (rune < 0x80) return (rune >= 97 && rune <= 122) || (rune >= 65 && rune <= 90);
  return is(/^\p{L}$/u, rune);
}

/** unicode.IsDigit */
export function isDigit(rune: number): boolean {
  if (rune < 0x80) return rune >= 48 && rune <= 57;
  return is(/^\p{Nd}$/u, rune);
}

/** unicode.IsNumber */
export function isNumber(rune: number): boolean {
  return is(/^\p{N}$/u, rune);
}

/** unicode.IsPunct */
export function isPunct(rune: number): boolean {
  return is(/^\p{P}$/u, rune);
}

/** unicode.IsUpper */
export function isUpper(rune: number): boolean {
  return is(/^\p{Lu}$/u, rune);
}

/** unicode.IsLower */
export function isLower(rune: number): boolean {
  return is(/^\p{Ll}$/u, rune);
}

/** unicode.IsTitle */
export function isTitle(rune: number): boolean {
  return is(/^\p{Lt}$/u, rune);
}

/** unicode.IsSpace */
export function isSpace(rune: number): boolean {
  return is(/^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u, rune);
}

/** unicode.IsPrint and strconv.IsPrint */
export function isPrint(rune: number): boolean {
  if (rune < 0x7f) return rune >= 0x20;
  return is(/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u, rune);
}

function single(mapped: string, rune: number): number {
  const first = mapped.codePointAt(0) ?? rune;
  return mapped.length === (first > 0xffff ? 2 : 1) ? first : rune;
}

/** The Greek letters with iota subscript, whose full upper case has two letters and whose simple one has one. */
function greekIota(rune: number): number {
  if (rune >= 0x1f80 && rune <= 0x1faf) return rune & 8 ? rune : rune + 8;
  return rune === 0x1fb3 || rune === 0x1fc3 || rune === 0x1ff3 ? rune + 9 : rune;
}

/** unicode.ToUpper */
export function toUpper(rune: number): number {
  if (rune < 0x80) return rune >= 97 && rune <= 122 ? rune - 32 : rune;
  if (rune >= 0x1f80 && rune <= 0x1ff3) {
    const iota = greekIota(rune);
    if (iota !== rune) return iota;
  }
  return single(String.fromCodePoint(rune).toUpperCase(), rune);
}

/** unicode.ToLower */
export function toLower(rune: number): number {
  if (rune < 0x80) return rune >= 65 && rune <= 90 ? rune + 32 : rune;
  return rune === 0x130 ? 0x69 : single(String.fromCodePoint(rune).toLowerCase(), rune);
}

/** unicode.ToTitle */
export function toTitle(rune: number): number {
  if (rune >= 0x1c4 && rune <= 0x1cc) return rune <= 0x1c6 ? 0x1c5 : rune <= 0x1c9 ? 0x1c8 : 0x1cb;
  if (rune >= 0x1f1 && rune <= 0x1f3) return 0x1f2;
  if ((rune >= 0x10d0 && rune <= 0x10fa) || (rune >= 0x10fd && rune <= 0x10ff)) return rune;
  return toUpper(rune);
}
