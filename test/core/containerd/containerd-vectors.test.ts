import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compareCase, measures, type VectorFile } from '../../vectors/containerd-compare.ts';

const file = new URL('./cases/containerd.golden.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as VectorFile;

for (const version of Object.keys(vectors.source.versions)) {
  test(`the model does what containerd ${version} did with each kept tree`, () => {
    const wrong: string[] = [];
    for (const one of vectors.cases) {
      const compared = compareCase(one, version, vectors);
      for (const measure of measures) if (compared[measure] === false) wrong.push(`${one.name}: ${measure}`);
    }
    assert.deepEqual(wrong, []);
  });
}
