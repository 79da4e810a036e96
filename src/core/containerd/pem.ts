import { byteString } from './toml/bytes.ts';

/** One block of a PEM text. */
export type PemBlock = { readonly type: string; readonly hasHeaders: boolean; readonly bytes: Uint8Array };

const start = '-----BEGIN ';
const end = '\n-----END ';
const dashes = '-----';

type Line = { readonly text: string; readonly consumed: number };

const lineAt = (source: string, at: number): Line => {
  const newline = source.indexOf('\n', at);
  const stop = newline < 0 ? source.length : newline;
  const text = source.slice(at, stop);
  return {
    text: (newline < 0 ? text : text.replace(/\r$/, '')).replace(/[ \t]+$/, ''),
    consumed: (newline < 0 ? stop : stop + 1) - at,
  };
};

/** Go's strict base64, which passes over line ends only; `undefined` for anything else. */
const decodeBase64 = (text: string): Uint8Array | undefined => {
  const clean = text.replaceAll(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(clean)) return undefined;
  return Uint8Array.from(atob(clean), (character) => character.charCodeAt(0));
};

type Attempt = { readonly block: PemBlock; readonly next: number } | 'nothing more' | 'not here';

/** Reads the block whose BEGIN line ends before `at` and whose END line begins at `endAt`. */
const readBlock = (source: string, at: number, endAt: number): Attempt => {
  const typeLine = lineAt(source, at);
  if (!typeLine.text.endsWith(dashes)) return 'not here';
  const type = typeLine.text.slice(0, -dashes.length);
  let body = at + typeLine.consumed;
  let hasHeaders = false;
  for (;;) {
    if (body >= source.length) return 'nothing more';
    const line = lineAt(source, body);
    if (!line.text.includes(':')) break;
    hasHeaders = true;
    body += line.consumed;
  }
  if (hasHeaders && endAt < body) return 'not here';
  const trailer = endAt + end.length;
  if (!source.startsWith(type + dashes, trailer)) return 'not here';
  if (lineAt(source, trailer + type.length + dashes.length).text !== '') return 'not here';
  const bytes = endAt > body ? decodeBase64(source.slice(body, endAt).replaceAll(/[ \t]/g, '')) : new Uint8Array();
  if (bytes === undefined) return 'not here';
  const rest = endAt + end.length - 1;
  return { block: { type, hasHeaders, bytes }, next: rest + lineAt(source, rest).consumed };
};

const nextBlock = (source: string, from: number): Attempt => {
  let at = from;
  for (;;) {
    const endAt = source.indexOf(end, at);
    if (endAt < 0) return 'nothing more';
    const begin = source.lastIndexOf(start, endAt - start.length);
    const found = begin >= at && (begin === at || source[begin - 1] === '\n');
    if (found) {
      const attempt = readBlock(source, begin + start.length, endAt);
      if (attempt !== 'not here') return attempt;
    }
    at = endAt + end.length;
  }
};

/**
 * The blocks that Go's `encoding/pem` finds in a text, one after the other; anything between and around them, and
 * blocks that are broken, are passed over (Go 1.26).
 */
export const decodePem = (bytes: Uint8Array): readonly PemBlock[] => {
  let source = byteString(bytes);
  const blocks: PemBlock[] = [];
  for (;;) {
    const attempt = nextBlock(source, 0);
    if (typeof attempt === 'string') return blocks;
    blocks.push(attempt.block);
    source = source.slice(attempt.next);
  }
};
