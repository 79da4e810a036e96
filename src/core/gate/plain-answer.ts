import type { Answer } from './judge-answer.ts';

/** How far the bytes of an answer go. */
export type PlainAnswer =
  /** `status` once the whole head is there; complete with `bytes` in all, as far as that is known. */
  | { readonly kind: 'more'; readonly status: number | undefined; readonly bytes: number }
  | { readonly kind: 'whole'; readonly answer: Answer; readonly keepsAlive: boolean }
  /** Something that only a whole HTTP client may judge. */
  | { readonly kind: 'other' };

const longestHead = 8 * 1024;
const longestBody = 1024 * 1024;

const statusLine = /^HTTP\/1\.1 ([2-5]\d\d)(?: [ -~]*)?$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~]*?)[ \t]*$/;
const latin1 = new TextDecoder('latin1');
const other: PlainAnswer = { kind: 'other' };

/** These have no body whatever their headers say, or lead elsewhere. */
const isSpecial = (status: number): boolean => status === 204 || (status >= 300 && status < 400);

/** The values by lower-case name; `undefined`: a line is none, or a header stands there twice. */
const readHeaders = (lines: readonly string[]): ReadonlyMap<string, string> | undefined => {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = headerLine.exec(line) ?? [];
    if (name === '' || headers.has(name.toLowerCase())) return undefined;
    headers.set(name.toLowerCase(), value);
  }
  return headers;
};

const endOfHead = (bytes: Uint8Array): number => {
  for (let at = bytes.indexOf(13); at !== -1 && at + 3 < bytes.length; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
};

/**
 * Reads an HTTP/1.1 answer of the plainest kind, with a status from 200 on that is no redirect and a `Content-Length`,
 * as Spegel and most registries give to `/v2/`. Whatever is in any way out of the ordinary is `other`.
 */
export const readPlainAnswer = (bytes: Uint8Array): PlainAnswer => {
  const end = endOfHead(bytes);
  if (end === -1)
    return bytes.length > longestHead ? other : { kind: 'more', status: undefined, bytes: bytes.length + 1 };
  const [first = '', ...lines] = latin1.decode(bytes.subarray(0, end)).split('\r\n');
  const status = Number(statusLine.exec(first)?.[1]);
  const headers = readHeaders(lines);
  const length = headers?.get('content-length') ?? '';
  if (!(status >= 200) || isSpecial(status) || headers === undefined || !/^\d{1,7}$/.test(length)) return other;
  const total = end + 4 + Number(length);
  if (Number(length) > longestBody || headers.has('transfer-encoding') || bytes.length > total) return other;
  if (bytes.length < total) return { kind: 'more', status, bytes: total };
  const answer = { status, type: headers.get('content-type') ?? '', body: bytes.subarray(end + 4), complete: true };
  return { kind: 'whole', answer, keepsAlive: !/\bclose\b/i.test(headers.get('connection') ?? '') };
};
