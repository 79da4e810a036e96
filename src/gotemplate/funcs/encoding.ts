const ALPHABET_64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const ALPHABET_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A base of a power of two: its letters, bits per letter, and letters per group. */
type Base = { readonly alphabet: string; readonly bits: number; readonly group: number; readonly name: string };

const BASE64: Base = { alphabet: ALPHABET_64, bits: 6, group: 4, name: 'base64' };
const BASE32: Base = { alphabet: ALPHABET_32, bits: 5, group: 8, name: 'base32' };

function encode(text: string, { alphabet, bits, group }: Base): string {
  let out = '';
  let buffer = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    buffer = (buffer << 8) | text.charCodeAt(i);
    held += 8;
    while (held >= bits) {
      held -= bits;
      out += alphabet[(buffer >> held) & ((1 << bits) - 1)] ?? '';
    }
    buffer &= (1 << held) - 1;
  }
  if (held > 0) out += alphabet[(buffer << (bits - held)) & ((1 << bits) - 1)] ?? '';
  return out.padEnd(Math.ceil(out.length / group) * group, '=');
}

/** b64enc */
export function encode64(text: string): string {
  return encode(text, BASE64);
}

/** b32enc */
export function encode32(text: string): string {
  return encode(text, BASE32);
}

function corrupt({ name }: Base, at: number): string {
  return `illegal ${name} data at input byte ${at}`;
}

function unpack(values: readonly number[], bits: number): string {
  let out = '';
  let buffer = 0;
  let held = 0;
  for (const value of values) {
    buffer = (buffer << bits) | value;
    held += bits;
    if (held < 8) continue;
    held -= 8;
    out += String.fromCharCode((buffer >> held) & 0xff);
    buffer &= (1 << held) - 1;
  }
  return out;
}

const isBreak = (letter: string | undefined): boolean => letter === '\n' || letter === '\r';

/** b64dec: the bytes, or Go's error text in their place. */
export function decode64(text: string): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const values: number[] = [];
    while (values.length < 4) {
      if (at === text.length) {
        if (values.length === 0) return out;
        return corrupt(BASE64, at - values.length);
      }
      const letter = text[at++];
      const value = letter === undefined ? -1 : ALPHABET_64.indexOf(letter);
      if (value >= 0) values.push(value);
      else if (isBreak(letter)) continue;
      else if (letter !== '=' || values.length < 2) return corrupt(BASE64, at - 1);
      else return padding64(text, at, { out, values });
    }
    out += unpack(values, 6);
  }
  return out;
}

function padding64(text: string, from: number, done: { out: string; values: number[] }): string {
  let at = from;
  const skip = (): void => {
    while (isBreak(text[at])) at++;
  };
  if (done.values.length === 2) {
    skip();
    if (at === text.length) return corrupt(BASE64, text.length);
    if (text[at] !== '=') return corrupt(BASE64, at - 1);
    at++;
  }
  skip();
  if (at < text.length) return corrupt(BASE64, at);
  return done.out + unpack(done.values, 6);
}

/** b32dec: the bytes, or Go's error text in their place. */
export function decode32(input: string): string {
  const text = input.replace(/[\r\n]/g, '');
  let out = '';
  for (let start = 0; start < text.length; start += 8) {
    const values: number[] = [];
    for (let j = 0; j < 8; j++) {
      const at = start + j;
      const letter = text[at];
      if (letter === undefined) return corrupt(BASE32, text.length - j);
      const rest = text.length - at - 1;
      if (letter === '=' && j >= 2 && rest < 8) {
        if (rest + j < 7) return corrupt(BASE32, text.length);
        for (let k = 0; k < 7 - j; k++) if (rest > k && text[at + 1 + k] !== '=') return corrupt(BASE32, at + k);
        if (j === 3 || j === 6 || j === 1) return corrupt(BASE32, at);
        return out + unpack(values, 5);
      }
      const value = ALPHABET_32.indexOf(letter);
      if (value < 0) return corrupt(BASE32, at);
      values.push(value);
    }
    out += unpack(values, 5);
  }
  return out;
}
