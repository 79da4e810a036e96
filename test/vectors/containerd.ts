import { readFileSync } from 'node:fs';
import { argv, exit, stdout } from 'node:process';
import { type Case, compareCase, type Measure, measures, type VectorFile } from './containerd-compare.ts';

/** Goals in per cent, for this file and any other of its kind. */
const goals: Readonly<Record<Measure, number>> = { directory: 100, hosts: 99, raised: 100, text: 90 };

type Count = { right: number; total: number; readonly wrong: string[] };
type Counts = Readonly<Record<Measure, Count>>;

const newCounts = (): Counts => {
  const count = (): Count => ({ right: 0, total: 0, wrong: [] });
  return { directory: count(), hosts: count(), raised: count(), text: count() };
};

const add = (counts: Counts, test: Case, version: string, vectors: VectorFile): void => {
  const compared = compareCase(test, version, vectors);
  for (const measure of measures) {
    const right = compared[measure];
    if (right === undefined) continue;
    counts[measure].total += 1;
    if (right) counts[measure].right += 1;
    else counts[measure].wrong.push(test.name);
  }
};

const missed = (counts: Counts): boolean =>
  measures.some((measure) => counts[measure].right * 100 < goals[measure] * counts[measure].total);

const main = (): number => {
  const file = argv.slice(2).find((argument) => !argument.startsWith('--'));
  if (file === undefined) {
    stdout.write('usage: npm run vectors:containerd -- FILE [--json]\n');
    return 2;
  }
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as VectorFile;
  const versions = Object.keys(vectors.source.versions);
  const all = new Map(versions.map((version) => [version, newCounts()]));
  for (const test of vectors.cases) {
    for (const [version, counts] of all) if (test.results[version] !== undefined) add(counts, test, version, vectors);
  }
  const failed = [...all.values()].some(missed);
  if (argv.includes('--json')) {
    stdout.write(`${JSON.stringify({ goals, ok: !failed, versions: Object.fromEntries(all) }, undefined, 2)}\n`);
    return failed ? 1 : 0;
  }
  stdout.write(`${'version'.padEnd(10)}${measures.map((measure) => measure.padStart(12)).join('')}\n`);
  for (const [version, counts] of all) {
    const cells = measures.map((measure) => `${counts[measure].right}/${counts[measure].total}`.padStart(12));
    stdout.write(`${version.padEnd(10)}${cells.join('')}\n`);
  }
  for (const [version, counts] of all) {
    for (const measure of measures) {
      for (const name of counts[measure].wrong) stdout.write(`${version} ${measure}: ${name}\n`);
    }
  }
  stdout.write(failed ? 'a goal is missed\n' : 'all goals are met\n');
  return failed ? 1 : 0;
};

exit(main());
