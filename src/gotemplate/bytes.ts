/**
 * Go's strings are bytes. Inside the engine every string is a "byte string": one UTF-16 unit per byte, 0 to 255.
 * Length, index, slice, order and equality are then Go's own; only the edges translate.
 */

const NOT_ASCII = /[\u0080-\uffff]/;
/** From here on encoding is faster than matching. */
const LONG = 2000;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Whether every byte is below 0x80. */
export function isAscii(text: string): boolean {
  return text.length < LONG ? !NOT_ASCII.test(text) : encoder.encode(text).length === text.length;
}

/** A JavaScript string as a byte string (lone surrogates become U+FFFD). */
export function toBytes(text: string): string {
  if (text.length < LONG) return NOT_ASCII.test(text) ? fromUint8(encoder.encode(text)) : text;
  const bytes = encoder.encode(text);
  return bytes.length === text.length ? text : fromUint8(bytes);
}

/** A byte string as a JavaScript string (bytes that are not UTF-8 become U+FFFD). */
export function fromBytes(bytes: string): string {
  return isAscii(bytes) ? bytes : decoder.decode(toUint8(bytes));
}

/** The bytes of a byte string. */
export function toUint8(bytes: string): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes.charCodeAt(i);
  return out;
}

/** A byte string of these bytes. */
export function fromUint8(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return out;
}

/** The code point that stands for undecodable bytes. */
export const RUNE_ERROR = 0xfffd;

function continuation(bytes: string, at: number): number {
  const byte = at < bytes.length ? bytes.charCodeAt(at) : 0;
  return (byte & 0xc0) === 0x80 ? byte & 0x3f : -1;
}

/** Decodes the rune at a position: its code point shifted left by three, plus its width in bytes. */
export function decodeRune(bytes: string, at: number): number {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return (first << 3) | 1;
  const bad = (RUNE_ERROR << 3) | 1;
  if (first < 0xc2 || first > 0xf4) return bad;
  const second = continuation(bytes, at + 1);
  if (second < 0) return bad;
  if (first < 0xe0) return ((((first & 0x1f) << 6) | second) << 3) | 2;
  const third = continuation(bytes, at + 2);
  if (first < 0xf0) {
    const rune = ((first & 0x0f) << 12) | (second << 6) | third;
    if (third < 0 || rune < 0x800 || (rune >= 0xd800 && rune <= 0xdfff)) return bad;
    return (rune << 3) | 3;
  }
  const fourth = continuation(bytes, at + 3);
  const rune = ((first & 0x07) << 18) | (second << 12) | (third << 6) | fourth;
  if (third < 0 || fourth < 0 || rune < 0x10000 || rune > 0x10ffff) return bad;
  return (rune << 3) | 4;
}

/** Whether the rune at a position is there because its bytes are not UTF-8. */
export function isBadRune(packed: number): boolean {
  return packed === ((RUNE_ERROR << 3) | 1);
}

/** Decodes the last rune before a position, packed as in decodeRune. */
export function decodeLastRune(bytes: string, end: number): number {
  const lowest = Math.max(0, end - 4);
  for (let start = end - 1; start >= lowest; start--) {
    if ((bytes.charCodeAt(start) & 0xc0) === 0x80) continue;
    const packed = decodeRune(bytes, start);
    if (start + (packed & 7) === end) return packed;
    break;
  }
  return (RUNE_ERROR << 3) | 1;
}

/** The UTF-8 bytes of a code point; surrogates and numbers out of range give U+FFFD. */
export function encodeRune(rune: number): string {
  if (rune >= 0 && rune < 0x80) return String.fromCharCode(rune);
  if (rune < 0 || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return '\xef\xbf\xbd';
  if (rune < 0x800) return String.fromCharCode(0xc0 | (rune >> 6), 0x80 | (rune & 0x3f));
  if (rune < 0x10000) {
    return String.fromCharCode(0xe0 | (rune >> 12), 0x80 | ((rune >> 6) & 0x3f), 0x80 | (rune & 0x3f));
  }
  return String.fromCharCode(
    0xf0 | (rune >> 18),
    0x80 | ((rune >> 12) & 0x3f),
    0x80 | ((rune >> 6) & 0x3f),
    0x80 | (rune & 0x3f),
  );
}

/** The code points of a byte string. */
export function runes(bytes: string): number[] {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const packed = decodeRune(bytes, i);
    out.push(packed >> 3);
    i += packed & 7;
  }
  return out;
}

/** How many code points a byte string has. */
export function runeCount(bytes: string): number {
  if (isAscii(bytes)) return bytes.length;
  let count = 0;
  for (let i = 0; i < bytes.length; i += decodeRune(bytes, i) & 7) count++;
  return count;
}

/** Maps every code point of a byte string. */
export function mapRunes(bytes: string, map: (rune: number) => number): string {
  let out = '';
  for (const rune of runes(bytes)) out += encodeRune(map(rune));
  return out;
}
