import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A test as the page names it: its file, and the name as it stands in the source, `${…}` included. */
export type NamedTest = { readonly file: string; readonly name: string };

/** A row of docs/kublr.md: what the document says, and what shows that it is so here. */
export type Statement = {
  readonly line: number;
  /** The words of the document, in their order; an omission ("…") ends one and begins the next. */
  readonly quotes: readonly string[];
  readonly tests: readonly NamedTest[];
  /** What of the last cell is no name of a test: nothing, in a row that is right. */
  readonly rest: string;
};

const page = new URL('../../docs/kublr.md', import.meta.url).pathname;
const documentDirectory = new URL('../document', import.meta.url).pathname;
const namedTest = /`(test\/[^`]+\.ts)` "(.+?)"(?:; (?=`test\/)|$)/g;

const rowOf = (line: string, number: number): readonly Statement[] => {
  const cells = /^\| (.+?) \| (.+?) \| (.+) \|$/.exec(line)?.slice(1);
  const [said = '', , shown = ''] = cells ?? [];
  if (cells === undefined || shown === 'shown by') return [];
  return [
    {
      line: number,
      quotes: [...said.replaceAll('&lt;', '<').matchAll(/"(.+?)"(?=$|[:,;] )/g)].flatMap(([, words = '']) =>
        words.split(/ ?… ?/),
      ),
      tests: [...shown.matchAll(namedTest)].map(([, file = '', name = '']) => ({ file, name })),
      rest: shown.replaceAll(namedTest, ''),
    },
  ];
};

/** The text of docs/kublr.md. */
export const readPage = (): string => readFileSync(page, 'utf8');

/** The rows of all its tables, in their order. */
export const readStatements = (text = readPage()): readonly Statement[] =>
  text.split('\n').flatMap((line, at) => rowOf(line, at + 1));

/** The examples of the document that the tests use, in their order. */
export const readExamples = (): readonly { readonly name: string; readonly text: string }[] =>
  readdirSync(documentDirectory)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name) => ({ name, text: readFileSync(join(documentDirectory, name), 'utf8') }));
