import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments, Scalar } from 'yaml';
import { fromBytes, toBytes } from '../bytes.ts';
import { grownCapacity } from '../data.ts';
import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { formatFloat } from '../strconv/float.ts';
import { Dict, List, type Value } from '../values.ts';
import { yamlProblem } from './problem.ts';
import { resolvePlain } from './resolve.ts';

type Reader = { readonly budget: Budget; readonly anchors: Map<string, ParsedNode>; readonly open: Set<ParsedNode> };

function keyText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
    return formatFloat(Math.fround(value), 'g', -1);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  throw new CallError('error converting YAML to JSON: unsupported map key');
}

function asJson(value: Value): Value {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new CallError(`error converting YAML to JSON: json: unsupported value: ${shown}`);
  }
  return value;
}

function readScalar(node: Scalar): Value {
  const text = toBytes(typeof node.value === 'string' ? node.value : '');
  const tag = node.tag?.replace('tag:yaml.org,2002:', '!!');
  const quoted = node.type !== undefined && node.type !== Scalar.PLAIN;
  const isResolvable = tag === undefined ? !quoted : /^!!(int|float|bool|null)$/.test(tag);
  if (!isResolvable) return text;
  const resolved = resolvePlain(text);
  return resolved === undefined ? text : resolved;
}

function isMergeKey(node: unknown): boolean {
  return isScalar(node) && (node.type === undefined || node.type === Scalar.PLAIN) && node.value === '<<';
}

function readNode(node: ParsedNode | null, reader: Reader, depth: number): Value {
  reader.budget.step(2);
  reader.budget.depth(depth);
  if (node === null) return null;
  if (isAlias(node)) {
    const target = reader.anchors.get(node.source);
    if (target === undefined)
      throw new CallError(`error converting YAML to JSON: yaml: unknown anchor '${node.source}' referenced`);
    if (reader.open.has(target)) {
      throw new CallError(`error converting YAML to JSON: yaml: anchor '${node.source}' value contains itself`);
    }
    return readNode(target, reader, depth);
  }
  if (node.anchor !== undefined) reader.anchors.set(node.anchor, node);
  if (isScalar(node)) return asJson(readScalar(node));
  reader.open.add(node);
  const value = isSeq(node) ? readList(node.items, reader, depth) : readMap(node, reader, depth);
  reader.open.delete(node);
  return value;
}

function readList(items: readonly unknown[], reader: Reader, depth: number): List {
  const values = items.map((item) => readNode(item as ParsedNode, reader, depth + 1));
  reader.budget.list(values.length);
  return new List(values, 'any', { capacity: grownCapacity(values.length) });
}

function readMap(node: ParsedNode, reader: Reader, depth: number): Dict {
  const entries = new Map<string, Value>();
  if (!isMap(node)) return new Dict(entries);
  for (const pair of node.items) {
    if (!isPair(pair)) continue;
    const value = readNode(pair.value as ParsedNode | null, reader, depth + 1);
    if (isMergeKey(pair.key)) {
      merge(entries, value);
      continue;
    }
    const key = isScalar(pair.key) ? readScalar(pair.key) : readNode(pair.key as ParsedNode | null, reader, depth + 1);
    entries.set(keyText(key), value);
  }
  reader.budget.list(entries.size);
  return new Dict(entries);
}

function merge(entries: Map<string, Value>, value: Value): void {
  if (value instanceof Dict) {
    for (const [key, item] of value.entries()) entries.set(key, item);
  } else if (value instanceof List && value.items.every((item) => item instanceof Dict)) {
    for (const item of [...value.items].reverse()) merge(entries, item);
  } else {
    throw new CallError('error converting YAML to JSON: yaml: map merge requires map or sequence of maps as the value');
  }
}

/** Reads YAML 1.1 as go-yaml does and turns it to what JSON could say. */
export function readYaml(text: string, budget: Budget): Value {
  budget.step(100 + text.length * 4);
  const directive = /^%([A-Za-z0-9_-]*)/.exec(text)?.[1];
  if (directive !== undefined && directive !== 'YAML' && directive !== 'TAG') {
    const problem = directive === '' ? 'could not find expected directive name' : 'found unknown directive name';
    throw new CallError(`error converting YAML to JSON: yaml: ${problem}`);
  }
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(fromBytes(text), {
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter,
  });
  const [first] = Array.isArray(documents) ? documents : [];
  if (first === undefined) return null;
  const [problem] = first.errors;
  if (problem !== undefined) {
    throw new CallError(`error converting YAML to JSON: ${yamlProblem(first.errors, lineCounter)}`);
  }
  return readNode(first.contents, { budget, anchors: new Map(), open: new Set() }, 0);
}
