import { TomlError } from './toml-error.ts';
import type { Token, TokenKind } from './toml-go1-lexer.ts';
import { isBareKeyCharacter, lexGoToml1 } from './toml-go1-lexer.ts';
import type { Go1Entry, Go1Tree, Go1Value } from './toml-go1-tree.ts';
import { createSubTree, getPath, newTree, setPath } from './toml-go1-tree.ts';

const byteOrderMark = /^(?:\0\0\u00fe\u00ff|\u00ff\u00fe\0\0|\u00ef\u00bb\u00bf|\u00fe\u00ff|\u00ff\u00fe)/;

/** `parseKey`: bare and quoted parts; escapes are not looked at here. */
export const parseDottedKey = (key: string): readonly string[] | string => {
  const characters = [...key];
  const parts: string[] = [];
  const isSpace = (at: number): boolean => characters[at] === ' ' || characters[at] === '\t';
  let index = 0;
  while (index < characters.length) {
    while (isSpace(index)) index += 1;
    const first = characters[index];
    if (first === undefined) break;
    const start = index;
    if (isBareKeyCharacter(first)) {
      while (isBareKeyCharacter(characters[index])) index += 1;
      parts.push(characters.slice(start, index).join(''));
      while (isSpace(index)) index += 1;
      if (index < characters.length && characters[index] !== '.') return `unexpected ${characters[index]} in a key`;
    } else if (first === '"' || first === "'") {
      const end = characters.indexOf(first, start + 1);
      if (end < 0) return 'a quote in a key is not closed';
      parts.push(characters.slice(start + 1, end).join(''));
      index = end + 1;
    } else if (first === '.') {
      index += 1;
      const after = characters[index];
      if (after === undefined) return 'a key ends with a dot';
      if (!isBareKeyCharacter(after) && !`'" `.includes(after)) return 'a key part is missing after a dot';
    } else {
      return `${first} in a key needs quotes`;
    }
  }
  return parts.length === 0 ? 'an empty key' : parts;
};

const days = (year: number, month: number): number =>
  new Map([
    [2, isLeap(year) ? 29 : 28],
    [4, 30],
    [6, 30],
    [9, 30],
    [11, 30],
  ]).get(month) ?? 31;
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const isDate = (text: string): boolean => {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= days(year, month);
};

const isTime = (text: string): boolean => {
  const [hour = 0, minute = 0, second = 0] = text.replace(/\..*/, '').split(':').map(Number);
  return hour < 24 && minute < 60 && second < 60;
};

/** Go's time package lets an offset of 24 hours or 60 minutes pass. */
const isOffset = (text: string): boolean => {
  if (text === 'Z') return true;
  const [hours = 0, minutes = 0] = text.slice(1).split(':').map(Number);
  return hours <= 24 && minutes <= 60;
};

const badUnderscore = (text: string, digit: RegExp): boolean =>
  [...text].some(
    (character, index) => character === '_' && (!digit.test(text[index - 1] ?? '') || index + 1 === text.length),
  );

const bases: Readonly<Record<string, RegExp>> = { x: /^[0-9A-Fa-f]+$/, o: /^[0-7]+$/, b: /^[01]+$/ };

const parseWhole = (token: Token): Go1Value => {
  const clean = token.text.replaceAll('_', '');
  const based = clean.length >= 3 && clean.startsWith('0');
  const digits = based ? bases[clean.charAt(1)] : undefined;
  if (based && digits === undefined) throw new TomlError('a number cannot begin with zero', token.at);
  if (badUnderscore(token.text, clean.charAt(1) === 'x' && based ? /[0-9A-Fa-f]/ : /[0-9]/)) {
    throw new TomlError('an underscore in a number stands between two digits', token.at);
  }
  const right = digits === undefined ? /^[-+]?\d+$/.test(clean) : digits.test(clean.slice(2));
  if (!right) throw new TomlError('this is no number', token.at);
  const value = clean.startsWith('-') ? -BigInt(clean.slice(1)) : BigInt(clean.replace('+', ''));
  if (value === BigInt.asIntN(64, value)) return { kind: 'number' };
  const signed = clean.startsWith('+') || clean.startsWith('-');
  if (signed || value !== BigInt.asUintN(64, value)) throw new TomlError('the number does not fit 64 bits', token.at);
  return { kind: 'unsigned' };
};

const parseFloating = (token: Token): Go1Value => {
  const clean = token.text.replaceAll('_', '');
  const right = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(clean) && Number.isFinite(Number(clean));
  if (!right || badUnderscore(token.text, /[0-9]/)) throw new TomlError('this is no number', token.at);
  return { kind: 'number' };
};

/** A list or inline table that is being read. */
type OpenList = { readonly kind: '['; readonly items: Go1Entry[]; afterValue: boolean };
type OpenTable = {
  readonly kind: '{';
  readonly tree: Go1Tree;
  key: readonly string[];
  previous: 'value' | 'comma' | undefined;
};

/**
 * go-toml 1.9.5, as containerd 1.6 and 1.7 read `hosts.toml`, https://github.com/pelletier/go-toml/blob/v1.9.5/parser.go.
 * Throws a TomlError where the library returns an error. It has no panics of its own that reach containerd.
 */
export const parseGoToml1 = (source: string): Go1Tree => {
  const tokens = lexGoToml1(source.replace(byteOrderMark, ''));
  const root = newTree(1, 0);
  const tableNames: string[] = [];
  let current: readonly string[] = [];
  let index = 0;

  const peek = (): Token => tokens[index] ?? { kind: 'end', text: '', line: 0, column: 0, at: source.length };
  const take = (): Token => {
    const token = peek();
    index += 1;
    return token;
  };
  const refuse = (token: Token, message: string): TomlError =>
    new TomlError(token.kind === 'error' ? token.text : message, token.at);
  const assume = (kind: TokenKind): void => {
    const token = take();
    if (token.kind !== kind) throw refuse(token, `expected '${kind}'`);
  };
  const keyOf = (token: Token): readonly string[] => {
    const key = parseDottedKey(token.text);
    if (typeof key === 'string') throw new TomlError(key, token.at);
    return key;
  };

  const parseArrayTable = (): void => {
    const start = take();
    const name = take();
    if (name.kind !== 'array table name') throw refuse(name, 'expected the name of a list of tables');
    const keys = keyOf(name);
    try {
      createSubTree(root, keys.slice(0, -1), start.line, start.at);
    } catch (error) {
      // The library does not look at this error.
      if (!(error instanceof TomlError)) throw error;
    }
    const found = getPath(root, keys);
    if (found !== undefined && found.kind !== 'trees') {
      throw new TomlError(`${name.text} exists already and is no list of tables`, name.at);
    }
    current = keys;
    setPath(root, keys, { kind: 'trees', trees: [...(found?.trees ?? []), newTree(start.line, start.at)] });
    const prefix = `${name.text}.`;
    let lastIsThis = false;
    for (const seen of tableNames.splice(0)) {
      if (seen.startsWith(prefix)) continue;
      tableNames.push(seen);
      lastIsThis = seen === name.text;
    }
    if (!lastIsThis) tableNames.push(name.text);
    assume(']]');
  };

  const parseTable = (): void => {
    const start = take();
    const name = take();
    if (name.kind !== 'table name') throw refuse(name, 'expected the name of a table');
    if (tableNames.includes(name.text)) throw new TomlError(`table ${name.text} exists already`, name.at);
    tableNames.push(name.text);
    const keys = keyOf(name);
    createSubTree(root, keys, start.line, start.at);
    const found = getPath(root, keys);
    if (found?.kind === 'tree' && found.inline)
      throw new TomlError(`${name.text} exists already as an inline table`, name.at);
    assume(']');
    current = keys;
  };

  const targetOf = (keys: readonly string[], key: Token): Go1Tree => {
    if (getPath(root, keys) === undefined) createSubTree(root, keys, key.line, key.at);
    const found = getPath(root, keys);
    const target = found?.kind === 'trees' ? found.trees.at(-1) : found;
    if (target?.kind !== 'tree') throw new TomlError(`${keys.join('.')} is already a value`, key.at);
    return target;
  };

  const parseAssignment = (): void => {
    const key = take();
    assume('=');
    const keys = keyOf(key);
    const value = parseValue();
    const target = targetOf([...current, ...keys.slice(0, -1)], key);
    if (target.inline) throw new TomlError('an inline table cannot be added to', key.at);
    const last = keys.at(-1) ?? '';
    if (target.entries.has(last)) throw new TomlError(`${last} is already defined`, key.at);
    target.entries.set(last, value);
  };

  const parsePlain = (): Go1Entry => {
    const token = take();
    switch (token.kind) {
      case 'string':
        return { kind: 'string', text: token.text };
      case 'true':
      case 'false':
        return { kind: 'boolean', value: token.kind === 'true' };
      case 'inf':
      case 'nan':
        return { kind: 'number' };
      case 'integer':
        return parseWhole(token);
      case 'float':
        return parseFloating(token);
      case 'time':
        if (!isTime(token.text)) throw new TomlError('there is no such time', token.at);
        return { kind: 'date' };
      case 'date':
        return parseDate(token);
      default:
        throw refuse(token, 'a value is missing');
    }
  };

  const parseDate = (date: Token): Go1Value => {
    const time = peek().kind === 'time' ? take() : undefined;
    const offset = time !== undefined && peek().kind === 'offset' ? take() : undefined;
    const right = isDate(date.text) && (time === undefined || isTime(time.text)) && isOffset(offset?.text ?? 'Z');
    if (!right) throw new TomlError('there is no such date', date.at);
    return { kind: 'date' };
  };

  /** Goes on in an inline table: true at its end, false before the next value. */
  const continueTable = (open: OpenTable): boolean => {
    for (;;) {
      const token = peek();
      if (token.kind === '}') break;
      if (token.kind === 'key' || token.kind === 'integer' || token.kind === 'string') {
        if (open.previous === 'value') throw refuse(token, "expected ',' or '}'");
        take();
        assume('=');
        open.key = keyOf(token);
        return false;
      }
      if (token.kind !== ',') throw refuse(token, 'the inline table is not closed');
      if (open.previous === 'comma') throw refuse(token, 'two commas in an inline table');
      open.previous = 'comma';
      take();
    }
    if (open.previous === 'comma') throw refuse(peek(), 'a comma at the end of an inline table');
    take();
    open.tree.inline = true;
    return true;
  };

  /** The same for a list. */
  const continueList = (open: OpenList): boolean => {
    const token = peek();
    if (token.kind === ']') {
      take();
      return true;
    }
    if (open.afterValue) {
      if (token.kind !== ',') throw refuse(token, "expected ',' or ']'");
      open.afterValue = false;
      take();
      return continueList(open);
    }
    if (token.kind === 'end') throw refuse(token, 'the list is not closed');
    return false;
  };

  const listOf = (items: readonly Go1Entry[]): Go1Entry => {
    const trees = items.filter((item) => item.kind === 'tree');
    if (items.length > 0 && trees.length === items.length) return { kind: 'trees', trees };
    return {
      kind: 'list',
      items: items.map((item) => (item.kind === 'trees' ? { kind: 'list', items: item.trees } : item)),
    };
  };

  /** Without recursion: a file may nest its values as deep as it is long. */
  const parseValue = (): Go1Entry => {
    const opened: (OpenTable | OpenList)[] = [];
    let value: Go1Entry | undefined;
    for (;;) {
      if (value === undefined) {
        const { kind, at } = peek();
        if (kind === '[') opened.push({ kind, items: [], afterValue: false });
        else if (kind === '{') opened.push({ kind, tree: newTree(0, at), key: [], previous: undefined });
        else value = parsePlain();
        if (value === undefined) take();
      }
      const open = opened.at(-1);
      if (open === undefined) return value ?? { kind: 'list', items: [] };
      if (open.kind === '[') {
        if (value !== undefined) open.items.push(value);
        open.afterValue = value !== undefined;
        value = continueList(open) ? listOf(open.items) : undefined;
      } else {
        if (value !== undefined) setPath(open.tree, open.key, value);
        open.previous = value === undefined ? undefined : 'value';
        value = continueTable(open) ? open.tree : undefined;
      }
      if (value !== undefined) opened.pop();
    }
  };

  for (;;) {
    const token = peek();
    if (token.kind === 'end') return root;
    if (token.kind === '[[') parseArrayTable();
    else if (token.kind === '[') parseTable();
    else if (token.kind === 'key') parseAssignment();
    else throw refuse(token, 'something does not belong here');
  }
};
