import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Float64 } from '../../src/gotemplate/data.ts';
import { TemplateError } from '../../src/gotemplate/error.ts';
import { type FunctionSet, type MissingKey, parseTemplate } from '../../src/gotemplate/template.ts';
import { WANTED_DIFFERENCES } from './gotemplate-differences.ts';

/** One case as a real Go program answered it. */
export type Vector = {
  readonly name: string;
  readonly group: string;
  readonly funcs: FunctionSet;
  readonly template: string;
  readonly data: unknown;
  readonly options?: readonly string[];
  readonly numbers?: 'float64';
  readonly expected?: string;
  readonly expectedBase64?: string;
  readonly error?: string;
  readonly phase?: 'parse' | 'exec';
};

/** What the engine made of a case. */
export type Answer = {
  readonly output?: Uint8Array;
  readonly error?: TemplateError;
  readonly phase: 'parse' | 'exec';
};

/** Reads a file of vectors; numbers keep what the text says of them: 5 is an int, 5.0 a float64. */
export function readVectors(path: string): Vector[] {
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    if (/^-?\d+$/.test(context.source))
      return Number.isSafeInteger(value) && value !== 0 ? value : BigInt(context.source);
    return new Float64(value);
  };
  const parse: (text: string, reviver: (key: string, value: unknown) => unknown) => unknown = JSON.parse;
  return (parse(readFileSync(path, 'utf8'), reviver) as Vector[]).map(plainNumbers);
}

/** With "numbers": "float64" every number is one. */
function plainNumbers(vector: Vector): Vector {
  return vector.numbers === 'float64' ? { ...vector, data: asFloats(vector.data) } : vector;
}

function asFloats(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return new Float64(Number(value));
  if (value instanceof Float64 || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(asFloats);
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, asFloats(item)]);
  return new Map(entries);
}

/** Runs one case with the real engine. */
export function answer(vector: Vector): Answer {
  const missing = vector.options?.find((option) => option.startsWith('missingkey='))?.slice('missingkey='.length);
  let phase: Answer['phase'] = 'parse';
  try {
    const template = parseTemplate(vector.template, {
      name: 't',
      funcs: vector.funcs,
      tpl: vector.funcs === 'helm',
      ...(missing === undefined ? {} : { missingKey: missing as MissingKey }),
    });
    phase = 'exec';
    return { phase, output: template.executeBytes(vector.data) };
  } catch (error) {
    if (error instanceof TemplateError) return { phase, error };
    throw error;
  }
}

/** How one case came out: which of its points were won. */
export type Verdict = { readonly name: string; readonly points: Partial<Record<Point, boolean>>; readonly got: string };

type Point = 'outputs' | 'errors' | 'phases' | 'texts';

/** Judges an answer: outputs by bytes, errors by being raised, by phase, and by text. */
export function judge(vector: Vector, { output, error, phase }: Answer): Verdict {
  const got = error === undefined ? Buffer.from(output ?? []).toString() : error.message;
  if (vector.error === undefined) {
    const wanted = Buffer.from(
      vector.expectedBase64 ?? vector.expected ?? '',
      vector.expectedBase64 === undefined ? 'utf8' : 'base64',
    );
    return { name: vector.name, got, points: { outputs: output !== undefined && wanted.equals(output) } };
  }
  const raised = error !== undefined;
  const points = {
    errors: raised,
    phases: raised && phase === vector.phase,
    texts: raised && error.message === vector.error,
  };
  return { name: vector.name, got, points };
}

const GOALS: Record<FunctionSet, Partial<Record<Point, number>>> = {
  core: { outputs: 1, errors: 1, texts: 0.98 },
  sprig: { outputs: 0.99, errors: 0.99, texts: 0.95 },
  helm: { outputs: 0.99, errors: 0.99, texts: 0.95 },
};

type Score = { right: number; total: number; goal: number | undefined; met: boolean };
type SetReport = { readonly scores: Record<Point, Score>; readonly differ: string[] };

/** Counts the verdicts of one function set; the wanted differences count neither as right nor as wrong. */
export function report(funcs: FunctionSet, verdicts: readonly Verdict[]): SetReport {
  const scores = {} as Record<Point, Score>;
  const differ = new Set<string>();
  for (const point of ['outputs', 'errors', 'phases', 'texts'] as const) {
    const judged = verdicts.filter(({ points }) => points[point] !== undefined);
    const counted = judged.filter(({ name, points }) => points[point] === true || !WANTED_DIFFERENCES.has(name));
    const right = counted.filter(({ points }) => points[point] === true).length;
    for (const { name, points } of judged) if (points[point] === false) differ.add(name);
    const goal = GOALS[funcs][point];
    const met = goal === undefined || right >= goal * counted.length;
    scores[point] = { right, total: counted.length, goal, met };
  }
  return { scores, differ: [...differ] };
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, verbose: { type: 'boolean', short: 'v', default: false } },
  });
  const [path] = positionals;
  if (path === undefined) {
    process.stderr.write('usage: npm run vectors -- FILE [--json] [--verbose]\n');
    process.exitCode = 2;
    return;
  }
  const vectors = readVectors(path);
  const verdicts = vectors.map((vector) => ({ vector, verdict: judge(vector, answer(vector)) }));
  const sets = (['core', 'sprig', 'helm'] as const).map((funcs) => {
    const own = verdicts.filter(({ vector }) => vector.funcs === funcs).map(({ verdict }) => verdict);
    return { funcs, ...report(funcs, own) };
  });
  const met = sets.every(({ scores }) => Object.values(scores).every((score) => score.met));
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ met, sets, wanted: Object.fromEntries(WANTED_DIFFERENCES) }, null, 2)}\n`);
  } else {
    for (const set of sets) printSet(set);
  }
  if (values.verbose) {
    for (const { vector, verdict } of verdicts) {
      if (!Object.values(verdict.points).includes(false)) continue;
      const wanted = vector.error ?? vector.expected ?? vector.expectedBase64;
      process.stdout.write(
        `\n${vector.name}  ${vector.template}\n  want ${JSON.stringify(wanted)}\n  got  ${JSON.stringify(verdict.got)}\n`,
      );
    }
  }
  process.exitCode = met ? 0 : 1;
}

function printSet({ funcs, scores, differ }: SetReport & { funcs: FunctionSet }): void {
  const labels = { outputs: 'outputs right', errors: 'errors raised', phases: 'right phase', texts: 'exact text' };
  for (const [point, label] of Object.entries(labels)) {
    const { right, total, goal, met } = scores[point as Point];
    if (total === 0) continue;
    const wanted = goal === undefined ? '' : `  (goal ${goal * 100} %${met ? '' : ', MISSED'})`;
    process.stdout.write(`${funcs.padEnd(6)}${label.padEnd(15)}${right}/${total}${wanted}\n`);
  }
  for (const name of differ) {
    const reason = WANTED_DIFFERENCES.get(name);
    process.stdout.write(`${funcs.padEnd(6)}differs: ${name}${reason === undefined ? '' : `  (wanted: ${reason})`}\n`);
  }
}

if (import.meta.main) main();
