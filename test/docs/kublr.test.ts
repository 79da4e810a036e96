import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compareDocument, readDocument } from './compare-document.ts';
import { readExamples, readPage, readStatements } from './statements.ts';

const root = new URL('../..', import.meta.url).pathname;

/** The names that stand in a test file, as they stand there. */
const namesIn = (file: string): ReadonlySet<string> => {
  const text = readFileSync(join(root, file), 'utf8');
  const literals = text.matchAll(
    /\b(?:test|it|describe)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g,
  );
  return new Set([...literals].map((found) => found.slice(1).join('').replaceAll(/\\(.)/g, '$1')));
};

describe('docs/kublr.md', () => {
  it('names tests that exist, each row at least one', () => {
    const statements = readStatements();
    assert.ok(statements.length > 30);
    for (const { line, tests, rest } of statements) {
      assert.ok(tests.length > 0, `line ${line} names no test`);
      assert.equal(rest, '', `line ${line} names tests as \`file\` "name"; \`file\` "name"`);
    }
    const missing = statements.flatMap(({ line, tests }) =>
      tests
        .filter(({ file, name }) => !existsSync(join(root, file)) || !namesIn(file).has(name))
        .map(({ file, name }) => `line ${line}: ${file} has no test "${name}"`),
    );
    assert.deepEqual(missing, []);
  });

  it('is about every example of the document that the tests use, in order', () => {
    const linked = [...readPage().matchAll(/\]\(\.\.\/test\/document\/([^)]+)\)/g)].map(([, name]) => name);
    assert.deepEqual(
      linked,
      readExamples().map(({ name }) => name),
    );
  });
});

describe('npm run document', () => {
  const page = `Overview

First sentence. Second one.

Notes:

  • An item
  • Another: with more

spec:
  a: 1

  # b
  b: 2

Next:

spec:
  c: 3`;
  const row = (words: string): string => `| "${words}" | so | \`test/a.test.ts\` "it is" |`;
  const rows = ['First … Second', 'An item', 'Another'].map(row);
  const fixtures = [
    { name: '1.yaml', text: 'spec:\n  a: 1\n\n  # b\n  b: 2\n' },
    { name: '2.yaml', text: 'spec:\n  c: 3\n' },
  ];
  const compare = (table: readonly string[], examples = fixtures): readonly string[] =>
    compareDocument(readDocument(page), readStatements(table.join('\n')), examples);

  it('has nothing to say when all is there', () => {
    assert.deepEqual(compare(rows), []);
  });

  it('tells an example that is missing, changed or not of the document', () => {
    assert.deepEqual(compare(rows, fixtures.slice(0, 1)), [
      'example 2 is not fixture (there is none):\nspec:\n  c: 3\n',
    ]);
    const changed = [{ name: '1.yaml', text: 'spec:\n  a: 1\n  # b\n  b: 2\n' }, ...fixtures.slice(1)];
    assert.match(compare(rows, changed).join(), /^example 1 is not fixture 1\.yaml:/);
    assert.deepEqual(compare(rows, [...fixtures, { name: '3.yaml', text: '' }]), [
      '3.yaml is no example of the document',
    ]);
  });

  it('tells a sentence that no row quotes, and a quote that is not there or not in order', () => {
    assert.deepEqual(compare(rows.slice(0, 2)), ['no row quotes: Another: with more']);
    assert.deepEqual(compare([...rows, row('Nothing like it')]), [
      'line 4 quotes what does not stand here: Nothing like it',
    ]);
    assert.match(
      compare(rows.toReversed()).join('\n'),
      /^line 2 quotes what does not stand here, but before: An item$/m,
    );
  });
});
