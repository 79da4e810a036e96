import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { answer, judge, readVectors } from '../vectors/gotemplate.ts';

const FOLDER = new URL('cases/', import.meta.url);

for (const file of readdirSync(FOLDER)) {
  const vectors = readVectors(new URL(file, FOLDER).pathname);
  test(`${file}: every answer is the one real Go gave, errors to the letter`, () => {
    assert.ok(vectors.length > 100);
    for (const vector of vectors) {
      const { points, got } = judge(vector, answer(vector));
      const wanted = vector.error ?? vector.expected ?? vector.expectedBase64;
      assert.ok(
        !Object.values(points).includes(false),
        `${vector.name} ${vector.template}\nwant ${wanted}\ngot  ${got}`,
      );
    }
  });
}
