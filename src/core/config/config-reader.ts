import { kindName } from './config-json.ts';
import { didYouMean } from './config-nearest.ts';
import { type ConfigProblemCode, joinPath, type Report, type Spot } from './config-problems.ts';
import type { YamlNode } from './yaml-positions.ts';

/** A value of the document, its place and its path: what each reader takes. */
export type At = Spot & {
  readonly node: YamlNode;
  readonly keySpot: Spot;
  /** The last part of the path, for messages: the whole path is shown behind them. */
  readonly name: string;
};

/** The problem code that a wrong type gets: the chart's values have their own. */
export type Reader = {
  readonly report: Report;
  readonly typeCode: ConfigProblemCode;
  readonly valueCode: ConfigProblemCode;
};

export const configReader = (report: Report): Reader => ({
  report,
  typeCode: 'config-type',
  valueCode: 'config-value',
});

/** The whole document. */
export const rootAt = (node: YamlNode): At => {
  const spot = { place: node.place, path: '' };
  return { ...spot, node, keySpot: spot, name: 'the document' };
};

/** A key of a map; `undefined` when it is absent. */
export const keyAt = (at: At | undefined, key: string): At | undefined => {
  const entry = at?.node.entries?.get(key);
  if (at === undefined || entry === undefined) return undefined;
  const path = joinPath(at.path, key);
  return { node: entry.node, place: entry.node.place, path, keySpot: { place: entry.key, path }, name: key };
};

/** A key of a map; `undefined` when it is absent or null, which mean the default. */
export const childAt = (at: At | undefined, key: string): At | undefined => {
  const child = keyAt(at, key);
  return child?.node.value === null ? undefined : child;
};

/** The items of a list. */
export const itemsAt = (at: At | undefined): readonly At[] =>
  (at?.node.items ?? []).map((node, index) => {
    const spot = { place: node.place, path: joinPath(at?.path ?? '', index) };
    return { ...spot, node, keySpot: spot, name: `${at?.name ?? ''}[${index}]` };
  });

const wrongType = (reader: Reader, at: At, wanted: string, example: string): undefined => {
  reader.report.error(
    reader.typeCode,
    at,
    `${at.name} must be ${wanted}, but it is ${kindName(at.node.value)}`,
    `Write ${example}.`,
  );
};

/** A map, or `undefined` with an error said. */
export const readMap = (reader: Reader, at: At | undefined, example: string): At | undefined => {
  if (at === undefined) return undefined;
  return at.node.entries === undefined ? wrongType(reader, at, 'a map', example) : at;
};

/** Says each key of a map that nothing reads. */
export const refuseUnknownKeys = (reader: Reader, at: At | undefined, known: readonly string[]): void => {
  for (const key of at?.node.entries?.keys() ?? []) {
    const child = keyAt(at, key);
    if (child === undefined || known.includes(key)) continue;
    reader.report.error(
      'config-unknown-key',
      child.keySpot,
      `unknown key ${JSON.stringify(key)}${didYouMean(key, known)}`,
      `Known here: ${known.join(', ')}. Remove the key or correct its name.`,
    );
  }
};

export const readBoolean = (reader: Reader, at: At | undefined): boolean | undefined => {
  const value = at?.node.value;
  if (at === undefined || typeof value === 'boolean') return value === true || value === false ? value : undefined;
  const word = typeof value === 'string' && /^(?:yes|no|on|off|true|false)$/i.test(value) ? value : '';
  const meant = /^(?:yes|on|true)$/i.test(word);
  return wrongType(reader, at, 'true or false', word === '' ? '`true` or `false`' : `\`${meant}\`, without quotes`);
};

export const readString = (reader: Reader, at: At | undefined, example: string): string | undefined => {
  const value = at?.node.value;
  if (at === undefined || typeof value === 'string') return typeof value === 'string' ? value : undefined;
  return wrongType(reader, at, 'a string', example);
};

export const readInteger = (
  reader: Reader,
  at: At | undefined,
  range: { readonly min: number; readonly max: number },
): number | undefined => {
  if (at === undefined) return undefined;
  const { value } = at.node;
  const example = `a whole number from ${range.min} to ${range.max}`;
  if (typeof value !== 'number' && typeof value !== 'bigint') return wrongType(reader, at, 'a number', example);
  const number = Number(value);
  if (Number.isInteger(number) && number >= range.min && number <= range.max) return number;
  reader.report.error(reader.valueCode, at, `${at.name} is ${value}, not ${example}`, `Write ${example}.`);
  return undefined;
};

/** One of a few words. */
export const readWord = <const T extends string>(
  reader: Reader,
  at: At | undefined,
  words: readonly T[],
): T | undefined => {
  const text = readString(reader, at, `one of ${words.join(', ')}`);
  if (at === undefined || text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  const message = `${at.name} is ${JSON.stringify(text)}, which is none of ${words.join(', ')}${didYouMean(text, words)}`;
  reader.report.error(reader.valueCode, at, message, `Write one of ${words.join(', ')}.`);
  return undefined;
};

/** A list of strings, each checked: `check` returns what is wrong with one, or nothing. */
export const readStrings = (
  reader: Reader,
  at: At | undefined,
  check: (text: string) => string | undefined,
  example: string,
): readonly string[] | undefined => {
  if (at === undefined) return undefined;
  if (at.node.items === undefined) return wrongType(reader, at, 'a list of strings', example);
  const texts: string[] = [];
  for (const item of itemsAt(at)) {
    const text = readString(reader, item, example);
    if (text === undefined) continue;
    const wrong = check(text);
    if (wrong === undefined) texts.push(text);
    else
      reader.report.error(
        reader.valueCode,
        item,
        `${item.name} ${wrong}: ${JSON.stringify(text)}`,
        `Write ${example}.`,
      );
  }
  return texts;
};
