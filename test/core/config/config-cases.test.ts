import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Facts } from '../../../src/core/facts.ts';
import { expectedOutcome, outcomeOf } from './config-cases.ts';

const documentDirectory = join(import.meta.dirname, '../../document');
const caseDirectory = join(import.meta.dirname, '../../cases/config');

describe('each example of the document gives the files it promises', () => {
  for (const file of readdirSync(documentDirectory)
    .filter((name) => name.endsWith('.yaml'))
    .sort()) {
    test(file, () => {
      const actual = outcomeOf(readFileSync(join(documentDirectory, file), 'utf8'), {});
      const directory = join(documentDirectory, file.replace(/\.yaml$/, ''));
      if (!existsSync(directory)) mkdirSync(directory);
      assert.deepEqual(actual, expectedOutcome(directory, actual));
    });
  }
});

describe('each case of test/cases/config gives the stored problems and files', () => {
  for (const name of readdirSync(caseDirectory).sort()) {
    test(name, () => {
      const directory = join(caseDirectory, name);
      const facts = join(directory, 'facts.json');
      const given = existsSync(facts) ? (JSON.parse(readFileSync(facts, 'utf8')) as Partial<Facts>) : {};
      const actual = outcomeOf(readFileSync(join(directory, 'config.yaml'), 'utf8'), given);
      assert.deepEqual(actual, expectedOutcome(directory, actual));
    });
  }
});
