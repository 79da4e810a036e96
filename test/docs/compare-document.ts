import type { Statement } from './statements.ts';

/** What Kublr's page, as text, is made of. */
export type Document = {
  /** The YAML of each example as it stands there. */
  readonly examples: readonly string[];
  /** Everything else in pieces: headings, sentences, items of lists. `asks` are the sentences and the items. */
  readonly prose: readonly { readonly text: string; readonly asks: boolean }[];
};

const example = /^spec:\n(?:(?: .*)?\n)*/gm;

/** Takes the page apart. */
export const readDocument = (page: string): Document => {
  const text = `${page.replaceAll('\r\n', '\n')}\n`;
  const lines = text
    .replaceAll(example, '\n')
    .split('\n')
    .map((line) => line.trim());
  return {
    examples: [...text.matchAll(example)].map(([yaml]) => `${yaml.trimEnd()}\n`),
    prose: lines
      .filter((line) => line !== '')
      .flatMap((line) => {
        const item = /^•\s*(.*)$/.exec(line)?.[1];
        return (item ?? line)
          .split(/(?<=\.)\s+/)
          .map((piece) => ({ text: piece.replaceAll(/\s+/g, ' '), asks: item !== undefined || piece.endsWith('.') }));
      }),
  };
};

/** The fixtures of the document's examples: unchanged, each once, in its order. */
const compareExamples = (
  { examples }: Document,
  fixtures: readonly { readonly name: string; readonly text: string }[],
): readonly string[] => {
  const known = fixtures.map(({ text }) => `${text.trimEnd()}\n`);
  return [
    ...examples.flatMap((yaml, at) =>
      known[at] === yaml
        ? []
        : [`example ${at + 1} is not fixture ${fixtures[at]?.name ?? '(there is none)'}:\n${yaml}`],
    ),
    ...fixtures.slice(examples.length).map(({ name }) => `${name} is no example of the document`),
  ];
};

/** What the page quotes stands in the document, in its order, and no sentence of the document is left out. */
const compareProse = ({ prose }: Document, statements: readonly Statement[]): readonly string[] => {
  const whole = prose.map(({ text }) => text).join(' ');
  const quoted: (readonly [from: number, to: number])[] = [];
  const problems: string[] = [];
  let at = 0;
  for (const { line, quotes } of statements) {
    for (const words of quotes) {
      const from = whole.indexOf(words, at);
      if (from === -1) {
        problems.push(
          `line ${line} quotes what does not stand here${whole.includes(words) ? ', but before' : ''}: ${words}`,
        );
        continue;
      }
      at = from + words.length;
      quoted.push([from, at]);
    }
  }
  let begin = 0;
  for (const { text, asks } of prose) {
    const end = begin + text.length;
    if (asks && !quoted.some(([from, to]) => from < end && to > begin)) problems.push(`no row quotes: ${text}`);
    begin = end + 1;
  }
  return problems;
};

/** All differences between the document on one side and the page and the fixtures on the other; none is as it should be. */
export const compareDocument = (
  document: Document,
  statements: readonly Statement[],
  fixtures: readonly { readonly name: string; readonly text: string }[],
): readonly string[] => [...compareExamples(document, fixtures), ...compareProse(document, statements)];
