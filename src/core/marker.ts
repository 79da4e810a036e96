import type { Attributes } from './tree.ts';

/** Hex SHA-256 of bytes: an argument, since core has no node:crypto. */
export type Sha256 = (bytes: Uint8Array) => string;

/** Why a file of ours stands where Spegel's stood (design.md, "What stands in for Spegel's file"). */
export const standInReasons = ['withdrawn', 'merged', 'mended', 'orphaned', 'held', 'emptied'] as const;
export type StandInReason = (typeof standInReasons)[number];

/** Spegel's file as it stood: it comes back byte for byte, with mode and owner. */
export type SpegelFile = Attributes & { readonly bytes: Uint8Array };

export type MarkedFile = {
  readonly source: string;
  /** The user's bytes. */
  readonly body: Uint8Array;
  readonly standIn?: { readonly reason: StandInReason; readonly spegel: SpegelFile };
  /** Files beside it that are ours too: name -> SHA-256. They carry no marker of their own. */
  readonly companions?: ReadonlyMap<string, string>;
  /** URLs of mirrors that the gate took out of the body. */
  readonly without?: readonly string[];
};

export type Marked = MarkedFile & {
  readonly version: string;
  /** False when somebody changed a byte after the marker line. */
  readonly intact: boolean;
  /** Everything after the marker line: two files are equal when this is. */
  readonly rest: Uint8Array;
};

const prefix = '# handspegel ';
const carried = '# handspegel-carries ';
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/** One word of a marker line. */
export const encodeWord = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const decodeWord = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
};

const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};

const fromBase64 = (text: string): Uint8Array | undefined => {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
};

const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** The comment lines that carry Spegel's bytes below the user's, 100 characters of base64 a line. */
const carryLines = (body: Uint8Array, spegel: SpegelFile): Uint8Array => {
  const newline = body.length > 0 && body[body.length - 1] !== 10 ? '\n' : '';
  const head = `mode=${spegel.mode.toString(8).padStart(4, '0')} uid=${spegel.uid} gid=${spegel.gid} body=${body.length}`;
  const lines = toBase64(spegel.bytes).match(/.{1,100}/g) ?? [];
  return encoder.encode(`${newline}${carried}${head}\n${lines.map((line) => `${carried}${line}\n`).join('')}`);
};

/**
 * The bytes of a file of ours: one marker comment line with version, source and SHA-256 of the rest, the user's bytes,
 * and, for a stand-in, Spegel's own bytes in comment lines. A body of 0 bytes that stands in for nothing gets no
 * marker: it is recognised by its place.
 */
export const composeFile = (file: MarkedFile, version: string, sha256: Sha256): Uint8Array => {
  if (file.body.length === 0) return file.body;
  const rest =
    file.standIn === undefined ? file.body : concatBytes(file.body, carryLines(file.body, file.standIn.spegel));
  const words = [version, `source=${encodeWord(file.source)}`];
  if (file.standIn !== undefined) words.push(`standin=${file.standIn.reason}`);
  if (file.companions !== undefined && file.companions.size > 0) {
    words.push(`with=${[...file.companions].map(([name, sum]) => `${encodeWord(name)}:${sum}`).join(',')}`);
  }
  if (file.without !== undefined && file.without.length > 0) {
    words.push(`without=${file.without.map(encodeWord).join(',')}`);
  }
  words.push(`sha256=${sha256(rest)}`);
  return concatBytes(encoder.encode(`${prefix}${words.join(' ')}\n`), rest);
};

const readCarried = (rest: Uint8Array): { body: Uint8Array; spegel: SpegelFile } | undefined => {
  const text = decoder.decode(rest);
  // The last one: the user's own bytes may look the same.
  const start = text.lastIndexOf(`\n${carried}mode=`) + 1;
  if (start === 0) return undefined;
  const [head = '', ...lines] = text.slice(start).trimEnd().split('\n');
  const match = /^# handspegel-carries mode=([0-7]+) uid=(\d+) gid=(\d+) body=(\d+)$/.exec(head);
  if (match === null) return undefined;
  const bytes = fromBase64(lines.map((line) => line.slice(carried.length)).join(''));
  if (bytes === undefined) return undefined;
  const [, mode = '', uid = '', gid = '', length = ''] = match;
  return {
    body: rest.slice(0, Number(length)),
    spegel: { bytes, mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) },
  };
};

const readCompanions = (word: string | undefined): ReadonlyMap<string, string> => {
  const pairs = (word ?? '').split(',').flatMap((pair) => {
    const [name = '', sum = ''] = pair.split(':');
    return name === '' ? [] : [[decodeWord(name), sum] as const];
  });
  return new Map(pairs);
};

const parseMarked = (bytes: Uint8Array, sha256: Sha256): Marked | undefined => {
  const newline = bytes.indexOf(10);
  // Cut off within the marker line, it is still a file of ours that somebody truncated.
  const end = newline < 0 ? bytes.length : newline;
  if (end < prefix.length) return undefined;
  const line = decoder.decode(bytes.subarray(0, end));
  if (!line.startsWith(prefix)) return undefined;
  const [version = '', ...words] = line.slice(prefix.length).split(' ');
  const fields = new Map(
    words.map((word): [string, string] => {
      const equals = word.indexOf('=');
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
  const rest = bytes.slice(end + 1);
  const intact = fields.get('sha256') === sha256(rest);
  const reason = standInReasons.find((known) => known === fields.get('standin'));
  const carries = intact && reason !== undefined ? readCarried(rest) : undefined;
  const companions = readCompanions(fields.get('with'));
  const without = (fields.get('without') ?? '')
    .split(',')
    .filter((word) => word !== '')
    .map(decodeWord);
  return {
    version,
    source: decodeWord(fields.get('source') ?? ''),
    intact,
    rest,
    body: carries?.body ?? rest,
    ...(carries !== undefined && reason !== undefined ? { standIn: { reason, spegel: carries.spegel } } : {}),
    ...(companions.size > 0 ? { companions } : {}),
    ...(without.length > 0 ? { without } : {}),
  };
};

/** The bytes of a file that did not change are the same object in every look: what was read of them is kept. */
const known = new WeakMap<Sha256, WeakMap<Uint8Array, { readonly marked: Marked | undefined }>>();

/** Reads the marker of a file of ours; `undefined` when there is none. `intact` is false when a person edited it. */
export const readMarked = (bytes: Uint8Array, sha256: Sha256): Marked | undefined => {
  const files = known.get(sha256) ?? new WeakMap<Uint8Array, { readonly marked: Marked | undefined }>();
  known.set(sha256, files);
  const found = files.get(bytes);
  if (found !== undefined) return found.marked;
  const marked = parseMarked(bytes, sha256);
  files.set(bytes, { marked });
  return marked;
};
