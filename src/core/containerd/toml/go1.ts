import { TomlError } from './error.ts';
import { parseDottedKey } from './go1-key.ts';
import { lexGoToml1 } from './go1-lexer.ts';
import { isGo1Date, isGo1Offset, isGo1Time, parseFloating, parseWhole } from './go1-numbers.ts';
import type { Token, TokenKind } from './go1-reader.ts';
import type { Go1Entry, Go1Tree, Go1Value } from './go1-tree.ts';
import { createSubTree, getPath, newTree, setPath } from './go1-tree.ts';

const byteOrderMark = /^(?:\0\0\u00fe\u00ff|\u00ff\u00fe\0\0|\u00ef\u00bb\u00bf|\u00fe\u00ff|\u00ff\u00fe)/;

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

  const peek = (): Token => tokens[index] ?? { kind: 'end', text: '', line: 0, at: source.length };
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
        if (!isGo1Time(token.text)) throw new TomlError('there is no such time', token.at);
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
    const right =
      isGo1Date(date.text) && (time === undefined || isGo1Time(time.text)) && isGo1Offset(offset?.text ?? 'Z');
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
