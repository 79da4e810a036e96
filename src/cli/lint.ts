import { relative } from 'node:path';
import {
  type ContainerdVersion,
  newerThanModelled,
  parseContainerdVersion,
} from '../core/containerd/containerd-version.ts';
import type { Facts } from '../core/facts.ts';
import { lintYaml } from '../core/lint-config.ts';
import { lintHosts, lintTree } from '../core/lint-tree.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { meaningOf } from '../core/problem-codes.ts';
import { redactProblem, secretValues } from '../core/redact.ts';
import { keyPairError, readAuthorities } from '../io/certificates.ts';
import { type LintTarget, lintTargets } from '../io/lint-files.ts';
import { readTree } from '../io/read-tree.ts';
import { createTools } from '../tools.ts';
import { agentVersion } from '../version.ts';
import { type Command, exitCodes } from './command.ts';
import { oneOf } from './flag-values.ts';
import { givenFacts } from './open-node.ts';
import { type Flag, jsonFlag, nodeFlags, UsageError, type Values } from './options.ts';
import { json, plural, printable } from './printer.ts';
import { toSarif } from './sarif.ts';

const formats = ['text', 'json', 'sarif'] as const;
const used = ['node-ip', 'control-plane', 'node-name', 'runtime', 'containerd-version', 'secrets-dir'];

const flags: readonly Flag[] = [
  ...nodeFlags.filter(({ name }) => used.includes(name)),
  {
    name: 'format',
    kind: 'text',
    placeholder: 'FORMAT',
    help: 'text, json or sarif (default text)',
    value: oneOf(formats),
  },
  { name: 'strict', kind: 'switch', help: 'warnings count as errors for the exit code' },
  jsonFlag,
];

/** Addresses of RFC 5737, so that templates have something to write. */
const exampleFacts = (values: Values): Facts => {
  const given = givenFacts(values);
  const { containerdVersion } = given;
  return {
    nodeName: given.nodeName ?? 'node-1',
    nodeAddresses: given.nodeAddresses.length > 0 ? given.nodeAddresses : ['192.0.2.10'],
    controlPlane: given.controlPlane.length > 0 ? given.controlPlane : ['192.0.2.1'],
    runtime: given.runtime ?? 'containerd',
    ...(containerdVersion === undefined ? {} : { containerdVersion }),
    labels: {},
    secrets: given.secrets,
  };
};

type Lint = (target: LintTarget) => readonly Problem[];

const aboutPath = (path: string, code: string, severity: Problem['severity'], message: string): Problem => ({
  code,
  severity,
  message,
  hint: 'Give configuration files (.yaml), hosts.toml files, or directories that hold them.',
  file: path,
});

const createLint = (values: Values, version: ContainerdVersion | undefined): Lint => {
  const certificates = { authorities: readAuthorities, keyPairError };
  const facts = exampleFacts(values);
  const examples = values.list('node-ip').length === 0 && values.list('control-plane').length === 0;
  const tools = createTools({ agentVersion, object: () => undefined });
  return (target) => {
    const { kind, path } = target;
    switch (kind) {
      case 'yaml':
        return lintYaml(target.text, path, { facts, examples, tools, certificates });
      case 'hosts':
        return lintHosts(path, target.bytes, target.beside, { version, certificates });
      case 'tree':
        return lintTree(path, readTree(path), { version, certificates });
      case 'nothing':
        return [
          aboutPath(path, 'lint-nothing-found', 'warning', `${path} holds neither a configuration nor a hosts.toml`),
        ];
      case 'unreadable':
        return [aboutPath(path, 'lint-unreadable', 'error', target.why)];
      default:
        return target satisfies never;
    }
  };
};

const formatOf = (values: Values): (typeof formats)[number] =>
  formats.find((format) => format === values.text('format')) ?? (values.on('json') ? 'json' : 'text');

const targetsOf = (values: Values): readonly LintTarget[] => {
  if (values.positionals.length === 0) throw new UsageError("'lint' takes at least one PATH");
  return values.positionals.flatMap((path) => {
    const targets = lintTargets(path);
    if (targets === undefined) throw new UsageError(`there is nothing at ${path}`);
    return targets;
  });
};

/** Paths in the working directory are shown relative to it: editors and code hosts link them. */
const shownPath = (path: string): string => {
  const near = relative('', path);
  return near === '' || near.startsWith('..') ? path : near;
};

const shown = (problem: Problem, secrets: readonly string[]): Problem => ({
  ...redactProblem(problem, secrets),
  ...(problem.file === undefined ? {} : { file: shownPath(problem.file) }),
  ...(problem.related === undefined
    ? {}
    : {
        related: problem.related.map((other) =>
          other.file === undefined ? other : { ...other, file: shownPath(other.file) },
        ),
      }),
});

const byPlace = (a: Problem, b: Problem): number =>
  (a.file ?? '').localeCompare(b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** `lint`: checks files before they reach a node, without a cluster and without a network. */
export const lintCommand: Command = {
  name: 'lint',
  arguments: 'PATH…',
  positionals: Number.POSITIVE_INFINITY,
  summary: 'check configurations, hosts.toml files and certs.d trees, offline',
  details:
    'For pull requests and CI. PATH is a configuration (bare, in a cluster specification or a ConfigMap), a hosts.toml, or\na directory of these; a directory of registry directories is checked as a whole. Templates are rendered with example\nfacts where none are given, and what containerd makes of the output is told at the line of the template. Without\n--containerd-version a file must suit all versions. Exit code 1 with errors.',
  example: 'handspegel lint --format sarif config.yaml certs.d/',
  flags,
  run: ({ values, terminal }) => {
    const format = formatOf(values);
    const version = parseContainerdVersion(values.text('containerd-version') ?? '');
    const newer = newerThanModelled(version);
    if (newer !== undefined) terminal.error(`handspegel: ${newer}\n`);
    const lint = createLint(values, version);
    const targets = targetsOf(values);
    const secrets = secretValues(givenFacts(values).secrets);
    const problems = targets
      .flatMap(lint)
      .map((problem) => shown(problem, secrets))
      .toSorted(byPlace);
    const count = (severity: Problem['severity']): number => problems.filter((one) => one.severity === severity).length;
    const [errors, warnings] = [count('error'), count('warning')];
    if (format === 'sarif') terminal.out(json(toSarif(problems, { version: agentVersion, meaningOf })));
    else if (format === 'json') terminal.out(json({ checked: targets.length, errors, warnings, problems }));
    else {
      for (const problem of problems) terminal.out(`${printable(formatProblem(problem))}\n`);
      terminal.error(`${targets.length} checked: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}\n`);
    }
    const failed = errors > 0 || (values.on('strict') && warnings > 0);
    return Promise.resolve(failed ? exitCodes.failed : exitCodes.done);
  },
};
