import { toUint8 } from '../bytes.ts';
import { sha256 as sha256OfBytes } from '../sha256.ts';

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

/** The integer root of n * 2 ** (64 * power), of which the low 64 bits are the fraction of the real root. */
function rootFraction(n: number, power: 2n | 3n): bigint {
  const target = BigInt(n) << (64n * power);
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= target) low = middle;
    else high = middle;
  }
  return low & 0xffffffffffffffffn;
}

/** SHA-512's constants; made when a template first asks for one, since a node that boots has no time to waste. */
function makeConstants(): { readonly k: readonly bigint[]; readonly start: readonly bigint[] } {
  const first80 = primes(80);
  return { k: first80.map((p) => rootFraction(p, 3n)), start: first80.slice(0, 8).map((p) => rootFraction(p, 2n)) };
}
let constants: ReturnType<typeof makeConstants> | undefined;

/** The message, a one bit, zeros, and the length in bits, to a whole number of blocks. */
function padded(text: string, block: number, lengthBytes: number): Uint8Array {
  const size = Math.ceil((text.length + 1 + lengthBytes) / block) * block;
  const out = new Uint8Array(size);
  out.set(toUint8(text));
  out[text.length] = 0x80;
  new DataView(out.buffer).setBigUint64(size - 8, BigInt(text.length) * 8n);
  return out;
}

function hex(words: readonly number[]): string {
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
const at = (words: ArrayLike<number>, index: number): number => words[index] ?? 0;

/** SHA-1 in hex. */
export function sha1(text: string): string {
  const view = new DataView(padded(text, 64, 8).buffer);
  let [h0, h1, h2, h3, h4] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  const w = new Int32Array(80);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 80; i++) w[i] = rotate(at(w, i - 3) ^ at(w, i - 8) ^ at(w, i - 14) ^ at(w, i - 16), 1);
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4];
    for (let i = 0; i < 80; i++) {
      const [f, k] =
        i < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : i < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : i < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotate(a, 5) + f + e + k + at(w, i)) | 0;
      [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
    }
    [h0, h1, h2, h3, h4] = [(h0 + a) | 0, (h1 + b) | 0, (h2 + c) | 0, (h3 + d) | 0, (h4 + e) | 0];
  }
  return hex([h0, h1, h2, h3, h4]);
}

const MASK = 0xffffffffffffffffn;
const turn64 = (x: bigint, by: bigint): bigint => ((x >> by) | (x << (64n - by))) & MASK;
const at64 = (words: ArrayLike<bigint>, index: number): bigint => words[index] ?? 0n;

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return sha256OfBytes(toUint8(text));
}

/** SHA-512 in hex. */
export function sha512(text: string): string {
  const view = new DataView(padded(text, 128, 16).buffer);
  constants ??= makeConstants();
  const { k, start } = constants;
  const sum = [...start];
  const w = new BigUint64Array(80);
  for (let block = 0; block < view.byteLength; block += 128) {
    for (let i = 0; i < 16; i++) w[i] = view.getBigUint64(block + i * 8);
    for (let i = 16; i < 80; i++) {
      const x = at64(w, i - 15);
      const y = at64(w, i - 2);
      const s0 = turn64(x, 1n) ^ turn64(x, 8n) ^ (x >> 7n);
      const s1 = turn64(y, 19n) ^ turn64(y, 61n) ^ (y >> 6n);
      w[i] = at64(w, i - 16) + s0 + at64(w, i - 7) + s1;
    }
    let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, h = 0n] = sum;
    for (let i = 0; i < 80; i++) {
      const s1 = turn64(e, 14n) ^ turn64(e, 18n) ^ turn64(e, 41n);
      const t1 = (h + s1 + ((e & f) ^ (~e & MASK & g)) + at64(k, i) + at64(w, i)) & MASK;
      const s0 = turn64(a, 28n) ^ turn64(a, 34n) ^ turn64(a, 39n);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) & MASK;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & MASK, c, b, a, (t1 + t2) & MASK];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      sum[i] = (at64(sum, i) + word) & MASK;
    });
  }
  return sum.map((word) => word.toString(16).padStart(16, '0')).join('');
}

/** Adler-32 as a decimal number. */
export function adler32(text: string): string {
  let a = 1;
  let b = 0;
  for (let i = 0; i < text.length; i++) {
    a = (a + text.charCodeAt(i)) % 65521;
    b = (b + a) % 65521;
  }
  return String(b * 65536 + a);
}
