import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { type Json, type JsonMap, listOf, mapOf } from './config-json.ts';

/** 1-based. */
export type Place = { readonly line: number; readonly column: number };

/** Where the text of a scalar stands in its file, so that a line of the text can be found there. */
export type TextSource = Place & {
  /** `literal` (`|`): each line of the text is a line of the file; else only the start is known. */
  readonly literal: boolean;
  /** Columns that the file has in front of each line of a literal text. */
  readonly indent: number;
};

/** A value of a YAML document together with the places of all its parts. */
export type YamlNode = {
  readonly value: Json;
  readonly place: Place;
  /** Of a map: each key with its own place. */
  readonly entries?: ReadonlyMap<string, YamlEntry>;
  /** Of a list. */
  readonly items?: readonly YamlNode[];
  /** Of a string. */
  readonly text?: TextSource;
  /** Nodes below this one, each alias counted with all that it stands for. */
  readonly size: number;
};

export type YamlEntry = { readonly key: Place; readonly node: YamlNode };

export type YamlProblem = {
  readonly kind: 'syntax' | 'duplicate-key' | 'alias' | 'limit' | 'warning';
  readonly message: string;
  readonly place: Place;
};

export type YamlDocument = { readonly root: YamlNode; readonly problems: readonly YamlProblem[] };

/** A ConfigMap holds 1 MiB at most; the other bounds keep one bad document from stopping the agent. */
export const yamlLimits = { characters: 1_048_576, nodes: 100_000, depth: 100, problems: 20 } as const;

type Walk = {
  readonly source: string;
  readonly lines: LineCounter;
  readonly anchors: Map<string, YamlNode | 'unfinished'>;
  readonly problems: YamlProblem[];
};

const startPlace: Place = { line: 1, column: 1 };
const nothing = (place: Place): YamlNode => ({ value: null, place, size: 1 });

const placeAt = (walk: Walk, offset: number): Place => {
  const { line, col } = walk.lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

const startOf = (walk: Walk, node: Node | null): Place => placeAt(walk, node?.range?.[0] ?? 0);

const say = (walk: Walk, kind: YamlProblem['kind'], place: Place, message: string): void => {
  walk.problems.push({ kind, message, place });
};

const textSource = (walk: Walk, node: Scalar, text: string): TextSource => {
  const place = startOf(walk, node);
  if (node.type !== Scalar.BLOCK_LITERAL) return { ...place, literal: false, indent: 0 };
  // The file's line is the indentation followed by the text's line.
  const lines = text.split('\n');
  const index = lines.findIndex((line) => line !== '');
  const from = walk.lines.lineStarts[place.line + index] ?? 0;
  const end = walk.source.indexOf('\n', from);
  const raw = walk.source.slice(from, end < 0 ? undefined : end).replace(/\r$/, '');
  return { ...place, literal: true, indent: index < 0 ? 0 : Math.max(0, raw.length - (lines[index] ?? '').length) };
};

const readScalar = (walk: Walk, node: Scalar): YamlNode => {
  const place = startOf(walk, node);
  const { value } = node;
  if (typeof value === 'string') return { value, place, text: textSource(walk, node, value), size: 1 };
  if (typeof value === 'bigint') {
    const number = Number(value);
    return { value: Number.isSafeInteger(number) ? number : value, place, size: 1 };
  }
  if (typeof value === 'number' || typeof value === 'boolean') return { value, place, size: 1 };
  return nothing(place);
};

const readAlias = (walk: Walk, node: Alias): YamlNode => {
  const place = startOf(walk, node);
  const target = walk.anchors.get(node.source);
  if (target !== undefined && target !== 'unfinished') return target;
  const why = target === undefined ? 'has no anchor before it' : 'stands inside its own anchor';
  say(walk, 'alias', place, `the alias *${node.source} ${why}`);
  return nothing(place);
};

/** `<<: *base` of YAML 1.1, which Kubernetes users know: own keys win, then the first map that has the key. */
const merge = (walk: Walk, entries: Map<string, YamlEntry>, merged: readonly YamlNode[]): void => {
  for (const node of merged) {
    for (const from of node.items ?? [node]) {
      if (from.entries === undefined) say(walk, 'syntax', from.place, '`<<` takes a map or a list of maps');
      for (const [key, entry] of from.entries ?? []) if (!entries.has(key)) entries.set(key, entry);
    }
  }
};

const readMap = (walk: Walk, node: YAMLMap, depth: number): YamlNode => {
  const entries = new Map<string, YamlEntry>();
  const merged: YamlNode[] = [];
  let size = 1;
  for (const pair of node.items) {
    const keyNode = isScalar(pair.key) ? pair.key : null;
    const key = typeof keyNode?.value === 'string' ? keyNode.value : '';
    const place = startOf(walk, keyNode ?? node);
    const value = isPair(pair) ? (pair.value as Node | null) : null;
    const inner = value === null ? nothing(place) : read(walk, value, depth + 1);
    size += inner.size + 1;
    if (key === '<<' && keyNode?.type === Scalar.PLAIN) {
      merged.push(inner);
    } else if (entries.has(key)) {
      const first = entries.get(key)?.key.line;
      say(
        walk,
        'duplicate-key',
        place,
        `the key ${JSON.stringify(key)} stands twice in one map, first in line ${first}`,
      );
    } else {
      entries.set(key, { key: place, node: inner });
    }
  }
  merge(walk, entries, merged);
  const value: JsonMap = mapOf([...entries].map(([key, entry]) => [key, entry.node.value]));
  return { value, place: startOf(walk, node), entries, size };
};

const readNode = (walk: Walk, node: Node, depth: number): YamlNode => {
  if (isScalar(node)) return readScalar(walk, node);
  if (isMap(node)) return readMap(walk, node, depth);
  if (!isSeq(node)) return nothing(startOf(walk, node));
  const items = node.items.map((item) => read(walk, item as Node, depth + 1));
  const size = items.reduce((sum, item) => sum + item.size, 1);
  return { value: listOf(items.map((item) => item.value)), place: startOf(walk, node), items, size };
};

const read = (walk: Walk, node: Node, depth: number): YamlNode => {
  if (isAlias(node)) return readAlias(walk, node);
  if (depth > yamlLimits.depth) {
    say(walk, 'limit', startOf(walk, node), `nested deeper than ${yamlLimits.depth} levels`);
    return nothing(startOf(walk, node));
  }
  const { anchor } = node;
  if (anchor !== undefined) walk.anchors.set(anchor, 'unfinished');
  const result = readNode(walk, node, depth);
  if (anchor !== undefined) walk.anchors.set(anchor, result);
  return result;
};

/** The library's advice is for programmers, and it quotes whatever length of text it met. */
const inOneSentence = (message: string): string => {
  if (message.startsWith('Source contains multiple documents')) return 'more than one document (a second `---`)';
  return message.length > 200 ? `${message.slice(0, 200)}…` : message;
};

/**
 * Reads one YAML 1.2 document (core schema, `<<` understood) with the place of every key and value. Never throws:
 * problems are returned, and then the value is what could be read.
 */
export const readYaml = (source: string): YamlDocument => {
  const failed = (message: string): YamlDocument => ({
    root: nothing(startPlace),
    problems: [{ kind: 'limit', message, place: startPlace }],
  });
  if (source.length > yamlLimits.characters) return failed(`longer than ${yamlLimits.characters} characters`);
  const lines = new LineCounter();
  const walk: Walk = { source, lines, anchors: new Map(), problems: [] };
  let document: ReturnType<typeof parseDocument>;
  try {
    // The parser calls itself for each level; most overflows it turns into errors by itself.
    document = parseDocument(source, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      intAsBigInt: true,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed(`nested deeper than ${yamlLimits.depth} levels`);
  }
  if (document.errors.some(({ message }) => /call stack|stack overflow/i.test(message))) {
    return failed(`nested deeper than ${yamlLimits.depth} levels`);
  }
  for (const { message, pos } of document.errors) say(walk, 'syntax', placeAt(walk, pos[0]), inOneSentence(message));
  for (const { message, pos } of document.warnings) say(walk, 'warning', placeAt(walk, pos[0]), inOneSentence(message));
  if (document.errors.length > 0 || document.contents === null) {
    return { root: nothing(startPlace), problems: walk.problems.slice(0, yamlLimits.problems) };
  }
  const root = read(walk, document.contents, 0);
  if (root.size > yamlLimits.nodes) {
    say(walk, 'limit', startPlace, `more than ${yamlLimits.nodes} values, each alias counted with all it stands for`);
  }
  return { root, problems: walk.problems.slice(0, yamlLimits.problems) };
};

/** The place in the file of a line of a scalar's text; the column is known only where each line has its own. */
export const placeInText = (text: TextSource, line: number, column?: number): { line: number; column?: number } => {
  if (!text.literal) return { line: text.line, column: text.column };
  const at = { line: text.line + Math.max(1, line) };
  return column === undefined ? at : { ...at, column: text.indent + column };
};
