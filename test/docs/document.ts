import { readFileSync } from 'node:fs';
import { compareDocument, readDocument } from './compare-document.ts';
import { readExamples, readStatements } from './statements.ts';

// Compares Kublr's page "Image caching with Spegel", saved as text, with docs/kublr.md and the examples in test/document.

const [page] = process.argv.slice(2);
if (page === undefined) {
  process.stderr.write('usage: npm run document -- PAGE.txt\n');
  process.exitCode = 2;
} else {
  const document = readDocument(readFileSync(page, 'utf8'));
  const problems = compareDocument(document, readStatements(), readExamples());
  const asking = document.prose.filter(({ asks }) => asks).length;
  process.stdout.write(
    problems.length === 0
      ? `${document.examples.length} examples and ${asking} sentences: all are in test/document and docs/kublr.md\n`
      : `${problems.join('\n')}\n`,
  );
  process.exitCode = problems.length === 0 && document.examples.length > 0 ? 0 : 1;
}
