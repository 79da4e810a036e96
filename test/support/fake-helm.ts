import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the program that plays Helm knows and did. */
export type FakeHelm = {
  readonly program: string;
  /** The words of each call but questions, with what came on its standard input. */
  readonly changes: () => readonly { readonly words: readonly string[]; readonly input: string }[];
  readonly calls: () => readonly (readonly string[])[];
};

export type FakeRelease = {
  readonly chart: string;
  readonly status: string;
  readonly description: string;
  readonly values: unknown;
};

export type FakeAnswers = {
  readonly version?: string;
  readonly release?: FakeRelease;
  /** What it says on standard error when it is to change something, with exit code 1. */
  readonly refusal?: string;
};

/** A program that records how it is called and answers as Helm 3 or 4 does. */
export const createFakeHelm = (dir: string, answers: FakeAnswers): FakeHelm => {
  const program = join(dir, 'helm');
  const log = join(dir, 'helm.log');
  const state = join(dir, 'helm.json');
  writeFileSync(state, JSON.stringify(answers));
  writeFileSync(
    program,
    `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const words = process.argv.slice(2);
const { version = 'v4.3.1', release, refusal } = JSON.parse(readFileSync(${JSON.stringify(state)}, 'utf8'));
const input = words.includes('--values') ? readFileSync(0, 'utf8') : '';
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ words, input }) + '\\n');
const [verb, noun] = words;
const about = release && { name: 'spegel', namespace: 'spegel', revision: '1', ...release };
const say = (value) => process.stdout.write(typeof value === 'string' ? value : JSON.stringify(value));
if (verb === 'version') say(version);
else if (verb === 'list') say(about ? [about] : []);
else if (verb === 'history') say([{ revision: 1, description: about.description }]);
else if (verb === 'get') say(about.values ?? null);
else if (verb === 'show') say(noun === 'chart' ? 'name: spegel\\nversion: 0.7.4\\n' : 'service: {registry: {hostPort: 30020}}\\n');
else if (refusal !== undefined) { process.stderr.write(refusal); process.exitCode = 1; }
`,
  );
  chmodSync(program, 0o755);
  const all = (): readonly { readonly words: readonly string[]; readonly input: string }[] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as { words: string[]; input: string })
      : [];
  return {
    program,
    calls: () => all().map(({ words }) => words),
    changes: () => all().filter(({ words: [verb = ''] }) => verb === 'upgrade' || verb === 'uninstall'),
  };
};
