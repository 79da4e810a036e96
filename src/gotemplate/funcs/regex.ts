import { RE2JS, RE2JSException } from 're2js';
import { fromBytes, toBytes } from '../bytes.ts';
import { CallError } from '../error.ts';
import type { Budget } from '../limits.ts';
import { List, strings, type Value } from '../values.ts';
import { type Func, type Funcs, fn } from './signature.ts';

/** Where one match and its groups lie: start and end after each other, -1 for a group that took no part. */
type Match = readonly number[];

function compile(pattern: string, budget: Budget): RE2JS {
  budget.step(50 + pattern.length * 10);
  if (pattern.length > 10_000) throw new CallError('error parsing regexp: expression too large');
  try {
    const compiled = RE2JS.compile(fromBytes(pattern));
    budget.step(compiled.programSize());
    return compiled;
  } catch (error) {
    if (error instanceof RE2JSException) throw new CallError(toBytes(error.message));
    throw error;
  }
}

/** Every match from left to right; an empty one right after another match does not count. */
function matches(regex: RE2JS, text: string, most: number, budget: Budget): Match[] {
  const found: Match[] = [];
  const matcher = regex.matcher(text);
  const groups = matcher.groupCount();
  const cost = 1 + (regex.programSize() >> 4);
  let previousEnd = -1;
  for (let at = 0; found.length < most && at <= text.length; ) {
    budget.step(cost);
    if (!matcher.find(at)) {
      budget.step(((text.length - at) * cost) >> 3);
      break;
    }
    const start = matcher.start();
    const end = matcher.end();
    budget.step(((end - at) * cost) >> 3);
    const accept = end !== at || start !== previousEnd;
    at = end === at ? at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) : end;
    previousEnd = end;
    if (!accept) continue;
    const match: number[] = [];
    for (let group = 0; group <= groups; group++) match.push(matcher.start(group), matcher.end(group));
    found.push(match);
    budget.list(found.length & 1023 ? 1 : found.length);
  }
  return found;
}

function cut(text: string, match: Match, group: number): string {
  const start = match[group * 2] ?? -1;
  return start < 0 ? '' : text.slice(start, match[group * 2 + 1]);
}

/** What a replacement says for one match: $1, ${1}, $name, ${name} and $$. */
function expand(template: string, text: string, match: Match, names: Record<string, number>): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (whole, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return '$';
      if (/^[0-9]+$/.test(name) && (name === '0' || !name.startsWith('0') || name.length === 1)) {
        return name.length > 8 ? '' : cut(text, match, Number(name));
      }
      const group = Object.hasOwn(names, name) ? names[name] : undefined;
      return group === undefined || whole === '' ? '' : cut(text, match, group);
    },
  );
}

type Replacement = { readonly template: string; readonly literal: boolean };

function replaceAll(regex: RE2JS, text: string, { template, literal }: Replacement, budget: Budget): string {
  const names = regex.namedGroups();
  let out = '';
  let at = 0;
  for (const match of matches(regex, text, Number.POSITIVE_INFINITY, budget)) {
    const [start = 0, end = 0] = match;
    out += text.slice(at, start);
    out += literal ? template : expand(template, text, match, names);
    budget.text(out.length & 0xffff ? end - at + template.length : out.length);
    if (out.length > budget.limits.string) budget.text(out.length);
    at = end;
  }
  return out + text.slice(at);
}

function split(regex: RE2JS, text: string, most: number, budget: Budget): string[] | undefined {
  if (most === 0) return undefined;
  if (regex.pattern() !== '' && text === '') return [''];
  const parts: string[] = [];
  let begin = 0;
  let end = 0;
  for (const match of matches(regex, text, most < 0 ? Number.POSITIVE_INFINITY : most, budget)) {
    if (most > 0 && parts.length === most - 1) break;
    end = match[0] ?? 0;
    if (match[1] !== 0) parts.push(text.slice(begin, end));
    begin = match[1] ?? 0;
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return parts;
}

function listOf(texts: readonly string[] | undefined): List {
  return texts === undefined ? new List([], 'string', { isNil: true }) : strings(texts.map(toBytes));
}

/** A pattern that does not compile panics in Go, and the text of that is what templates see. */
function panicking(pattern: string, budget: Budget): RE2JS {
  try {
    return compile(pattern, budget);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const shown = pattern.includes('`') ? JSON.stringify(pattern) : `\`${pattern}\``;
    throw new CallError(`regexp: Compile(${shown}): ${error.message}`);
  }
}

type Compile = (pattern: string, budget: Budget) => RE2JS;

function decoded(text: string, budget: Budget): string {
  budget.text(text.length);
  return fromBytes(text);
}

const find = (compiled: Compile): Func =>
  fn(['string', 'string'], ({ budget }, pattern, text) => {
    const regex = compiled(pattern, budget);
    const subject = decoded(text, budget);
    const [match] = matches(regex, subject, 1, budget);
    return match === undefined ? '' : toBytes(cut(subject, match, 0));
  });

const findAll = (compiled: Compile): Func =>
  fn(['string', 'string', 'int'], ({ budget }, pattern, text, count) => {
    const regex = compiled(pattern, budget);
    const subject = decoded(text, budget);
    const most = count < 0n ? Number.POSITIVE_INFINITY : Number(count);
    const found = matches(regex, subject, most, budget).map((match) => cut(subject, match, 0));
    return listOf(found.length === 0 ? undefined : found);
  });

const replace = (compiled: Compile, literal: boolean): Func =>
  fn(['string', 'string', 'string'], ({ budget }, pattern, text, template) => {
    const regex = compiled(pattern, budget);
    return toBytes(replaceAll(regex, decoded(text, budget), { template: fromBytes(template), literal }, budget));
  });

const splitBy = (compiled: Compile): Func =>
  fn(['string', 'string', 'int'], ({ budget }, pattern, text, count) =>
    listOf(split(compiled(pattern, budget), decoded(text, budget), Number(count), budget)),
  );

function isMatch(pattern: string, text: string, budget: Budget): boolean {
  return matches(compile(pattern, budget), decoded(text, budget), 1, budget).length > 0;
}

function tolerant(pattern: string, text: string, budget: Budget): Value {
  try {
    return isMatch(pattern, text, budget);
  } catch (error) {
    if (error instanceof CallError) return false;
    throw error;
  }
}

/** sprig's regular expressions, in time linear in the text. */
export const REGEX: Funcs = {
  regexMatch: fn(['string', 'string'], ({ budget }, pattern, text) => tolerant(pattern, text, budget)),
  mustRegexMatch: fn(['string', 'string'], ({ budget }, pattern, text) => isMatch(pattern, text, budget)),
  regexFind: find(panicking),
  mustRegexFind: find(compile),
  regexFindAll: findAll(panicking),
  mustRegexFindAll: findAll(compile),
  regexReplaceAll: replace(panicking, false),
  mustRegexReplaceAll: replace(compile, false),
  regexReplaceAllLiteral: replace(panicking, true),
  mustRegexReplaceAllLiteral: replace(compile, true),
  regexSplit: splitBy(panicking),
  mustRegexSplit: splitBy(compile),
  regexQuoteMeta: fn(['string'], ({ budget }, text) => {
    budget.text(text.length * 2);
    return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
  }),
};
