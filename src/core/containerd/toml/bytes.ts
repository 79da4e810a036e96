/**
 * Byte strings: one character per byte, so that Go's rules about bytes can be written with slices and regular
 * expressions. Only this module knows how they relate to text.
 */

const encoder = new TextEncoder();

/** The bytes as a byte string. */
export const byteString = (bytes: Uint8Array): string => {
  let result = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    result += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return result;
};

/** The UTF-8 form of a text as a byte string. */
export const textToByteString = (text: string): string =>
  /[\u0080-\uffff]/.test(text) ? byteString(encoder.encode(text)) : text;

/** The text that a byte string holds; each byte that is no UTF-8 becomes U+FFFD, as in Go. */
export const byteStringToText = (bytes: string): string => {
  if (!/[\u0080-\u00ff]/.test(bytes)) return bytes;
  let text = '';
  let index = 0;
  while (index < bytes.length) {
    const size = runeSize(bytes, index);
    text += size === 0 ? '\ufffd' : String.fromCodePoint(rune(bytes, index, size));
    index += size || 1;
  }
  return text;
};

const rune = (bytes: string, index: number, size: number): number => {
  const first = bytes.charCodeAt(index);
  if (size === 1) return first;
  let value = first & (0xff >> (size + 1));
  for (let offset = 1; offset < size; offset += 1) value = (value << 6) | (bytes.charCodeAt(index + offset) & 0x3f);
  return value;
};

const between = (value: number, low: number, high: number): boolean => value >= low && value <= high;

/** The length of the UTF-8 sequence at `index`; 0 when there is none (surrogates and overlong forms are none). */
export const runeSize = (bytes: string, index: number): 0 | 1 | 2 | 3 | 4 => {
  const first = bytes.charCodeAt(index);
  const follows = (offset: number, low = 0x80, high = 0xbf): boolean =>
    between(bytes.charCodeAt(index + offset), low, high);
  if (first < 0x80) return 1;
  if (between(first, 0xc2, 0xdf)) return follows(1) ? 2 : 0;
  if (between(first, 0xe0, 0xef)) {
    return follows(1, first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
  }
  if (between(first, 0xf0, 0xf4)) {
    const low = first === 0xf0 ? 0x90 : 0x80;
    return follows(1, low, first === 0xf4 ? 0x8f : 0xbf) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
};
