import { didYouMean, nearest } from '../config/config-nearest.ts';
import type { HostsProblemCode } from './hosts-problems.ts';
import { byteString } from './toml/bytes.ts';
import { positionOf, TomlError } from './toml/error.ts';
import { readGoToml2 } from './toml/go2.ts';
import type { KeyPart, TomlExpression } from './toml/go2-syntax.ts';

/** A remark about the layout of a file, with its place. */
export type LayoutFinding = {
  readonly code: HostsProblemCode;
  readonly message: string;
  readonly hint: string;
  readonly line: number;
  readonly column: number;
};

const hostKeys = ['capabilities', 'ca', 'client', 'skip_verify', 'header', 'override_path', 'dial_timeout'];
const topKeys = [...hostKeys, 'server', 'host'];

type Found = Omit<LayoutFinding, 'line' | 'column'> & { readonly at: number };

const caseFinding = ({ text, at }: KeyPart, known: readonly string[]): Found | undefined => {
  const lower = text.toLowerCase();
  if (!known.includes(lower)) return undefined;
  const message = `${text} is read by containerd 2.x as ${lower}, and not by every 1.x`;
  return { code: 'hosts-key-case', message, hint: `Write ${lower}.`, at };
};

const unknownKey = (part: KeyPart, known: readonly string[]): Found => {
  const message = `containerd has no key ${part.text}${didYouMean(part.text, known)}`;
  const hint = 'Unknown keys have no effect and are not reported by containerd.';
  return { code: 'hosts-unknown-key', message, hint, at: part.at };
};

const misplaced = (part: KeyPart, table: string): Found => ({
  code: 'hosts-misplaced-key',
  message: `${part.text} stands below [${table}] and belongs to it`,
  hint: `Put ${part.text} before the first table.`,
  at: part.at,
});

const keyFinding = (part: KeyPart, table: readonly KeyPart[]): Found | undefined => {
  const name = table.map(({ text }) => text).join('.');
  const [first, second, third] = table.map(({ text }) => text);
  if (first === undefined)
    return topKeys.includes(part.text) ? undefined : (caseFinding(part, topKeys) ?? unknownKey(part, topKeys));
  if (first === 'header' || (first === 'host' && third === 'header')) {
    return part.text === 'server' || hostKeys.includes(part.text) ? misplaced(part, name) : undefined;
  }
  if (first !== 'host') return topKeys.includes(part.text) ? misplaced(part, name) : undefined;
  if (second === undefined) return topKeys.includes(part.text) ? misplaced(part, name) : undefined;
  if (third !== undefined || hostKeys.includes(part.text)) return undefined;
  if (part.text === 'server') return misplaced(part, name);
  return caseFinding(part, hostKeys) ?? unknownKey(part, hostKeys);
};

const unquoted = (key: readonly KeyPart[]): boolean => {
  const [, second, third] = key;
  return key.length > 2 && third?.text !== 'header' && /^[A-Za-z0-9_-]+$/.test(second?.text ?? '');
};

const tableFinding = (key: readonly KeyPart[]): Found | undefined => {
  const [first, , third, fourth] = key;
  if (first === undefined || first.text === 'header') return undefined;
  if (first.text !== 'host') {
    const known = ['host', 'header'];
    const message = `containerd has no table [${first.text}]${didYouMean(first.text, known)}`;
    const hint =
      nearest(first.text, known) === undefined ? 'Take it out.' : 'The tables are [host."URL"] and [header].';
    return { code: 'hosts-unknown-table', message, hint, at: first.at };
  }
  if (unquoted(key)) {
    const url = key.slice(1).map(({ text }) => text);
    const message = `the host is https://${url[0]}, not ${url.join('.')}: what stands below is lost`;
    return { code: 'hosts-unquoted-url', message, hint: `Write [host."https://${url.join('.')}"].`, at: first.at };
  }
  if (third === undefined || (third.text === 'header' && fourth === undefined)) return undefined;
  const message = `containerd has no table ${third.text} below a host`;
  return { code: 'hosts-unknown-table', message, hint: 'The only table below a host is header.', at: third.at };
};

const inOrder = (expressions: Iterable<TomlExpression>): readonly Found[] => {
  const found: Found[] = [];
  let table: readonly KeyPart[] = [];
  for (const expression of expressions) {
    if (expression.kind !== 'pair') table = expression.key;
    const [first] = expression.key;
    const finding =
      expression.kind !== 'pair' ? tableFinding(table) : first === undefined ? undefined : keyFinding(first, table);
    if (finding !== undefined) found.push(finding);
  }
  return found;
};

/** Where each host's first table stands. */
export const hostPlaces = (
  bytes: Uint8Array,
): ReadonlyMap<string, { readonly line: number; readonly column: number }> => {
  const source = byteString(bytes);
  const places = new Map<string, { readonly line: number; readonly column: number }>();
  try {
    for (const { key } of readGoToml2(source, true)) {
      const [first, second] = key;
      if (first?.text !== 'host' || second === undefined || places.has(second.text)) continue;
      places.set(second.text, positionOf(source, second.at));
    }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
  }
  return places;
};

/** Unknown, misplaced and misspelt keys and tables of a `hosts.toml`; nothing of a file that is no TOML. */
export const lintKeys = (bytes: Uint8Array): readonly LayoutFinding[] => {
  const source = byteString(bytes);
  try {
    return inOrder(readGoToml2(source, true)).map(({ at, ...finding }) => ({ ...finding, ...positionOf(source, at) }));
  } catch (error) {
    // Judging reports what is wrong with it.
    if (error instanceof TomlError) return [];
    throw error;
  }
};
