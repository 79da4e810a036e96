import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseConfig } from '../../../src/core/config/config.ts';
import { type RenderTools, render } from '../../../src/core/config/render.ts';
import { judgeHostsFile } from '../../../src/core/containerd/judge.ts';
import type { Desired } from '../../../src/core/desired.ts';
import { type Facts, noFacts } from '../../../src/core/facts.ts';
import { formatProblem, type Problem } from '../../../src/core/problem.ts';

/** A worker of a cluster with two control-plane nodes. */
export const workerFacts: Facts = {
  ...noFacts,
  nodeName: 'worker-1',
  nodeAddresses: ['10.0.0.5'],
  controlPlane: ['10.0.0.1', '10.0.0.2'],
  runtime: 'containerd',
  containerdVersion: '2.2.9',
};

export const tools: RenderTools = {
  judge: (bytes, version, beside = new Map()) => judgeHostsFile(bytes, { version, filesBeside: beside }),
};

/** Parses and renders; a configuration with errors fails the test. */
export const rendered = (text: string, facts: Partial<Facts> = {}, using: RenderTools = tools): Desired => {
  const { config, problems } = parseConfig(text, 'config.yaml');
  if (config === undefined) throw new Error(problems.map(formatProblem).join('\n'));
  return render(config, { ...workerFacts, ...facts }, using);
};

/** The text of a rendered file. */
export const fileText = (desired: Desired, path: string): string | undefined => {
  const [registry = '', name = ''] = path.split('/');
  const file = desired.units.get(registry)?.files.find((other) => other.name === name);
  return file === undefined ? undefined : new TextDecoder().decode(file.bytes);
};

/** Codes with their severity, in order. */
export const codes = (problems: readonly Problem[]): string[] =>
  problems.map(({ severity, code }) => `${severity} ${code}`);

const filesBelow = (directory: string): Map<string, string> => {
  const found = new Map<string, string>();
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (statSync(path).isFile()) found.set(relative(directory, path), readFileSync(path, 'utf8'));
  }
  return found;
};

/** All that comes of a configuration, as files: what people would read, and what containerd would. */
export const outcomeOf = (text: string, facts: Partial<Facts>): Map<string, string> => {
  const outcome = new Map<string, string>();
  const say = (name: string, problems: readonly Problem[]): void => {
    if (problems.length > 0) outcome.set(name, `${problems.map(formatProblem).join('\n')}\n`);
  };
  const { config, problems } = parseConfig(text, 'config.yaml');
  say('problems.txt', problems);
  if (config === undefined) return outcome;
  const desired = render(config, { ...workerFacts, ...facts }, tools);
  say('render-problems.txt', [...desired.problems, ...[...desired.units.values()].flatMap((unit) => unit.problems)]);
  const units = [...desired.units.values()].map(
    ({ registry, policy, policyReason, files }) =>
      `${registry}: ${policy}, ${policyReason}\n${files.map(({ name, mode, source }) => `  ${name} ${mode.toString(8)} ${source}\n`).join('')}`,
  );
  outcome.set(
    'units.txt',
    `${desired.spegel}${desired.spegelReason === '' ? '' : `: ${desired.spegelReason}`}\n${units.join('')}`,
  );
  for (const { registry, files } of desired.units.values()) {
    for (const { name, bytes } of files) outcome.set(join('certs.d', registry, name), new TextDecoder().decode(bytes));
  }
  return outcome;
};

/** The same as stored beside the input; with UPDATE_CASES set it is written anew, to be read before it is committed. */
export const expectedOutcome = (directory: string, actual: ReadonlyMap<string, string>): Map<string, string> => {
  const inputs = ['config.yaml', 'facts.json'];
  if (process.env['UPDATE_CASES'] !== undefined) {
    for (const name of readdirSync(directory))
      if (!inputs.includes(name)) rmSync(join(directory, name), { recursive: true });
    for (const [path, text] of actual) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
  }
  const files = filesBelow(directory);
  for (const name of inputs) files.delete(name);
  return files;
};
