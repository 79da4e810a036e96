import { modelledVersions, parseContainerdVersion } from '../containerd/containerd-version.ts';
import type { JudgedProblem, Judgement } from '../containerd/judge.ts';
import type { DesiredFile } from '../desired.ts';
import type { Facts } from '../facts.ts';
import type { Problem } from '../problem.ts';
import type { Tools } from '../tools.ts';
import type { Config } from './config.ts';
import type { RenderProblemCode } from './config-problems.ts';
import { type Source, sourcePlace } from './render-template.ts';

const consequence = {
  ignored: 'containerd would ignore the file',
  'breaks-pulls': 'every pull of this registry would fail',
  deadly: 'containerd itself would die',
} as const;

/** Built-in text is right for every containerd that can read its mirrors; see `bootstrapMirrors` for IPv6. */
const isReadBySome = (source: Source, judgement: Judgement, facts: Facts): boolean =>
  source.extension === undefined &&
  judgement.verdict === 'ignored' &&
  judgement.hosts.length > 0 &&
  parseContainerdVersion(facts.containerdVersion ?? '') === undefined;

const asProblem = (judged: JudgedProblem, unit: { source: Source; config: Config; severe: boolean }): Problem => {
  const { versions: _versions, ...problem } = judged;
  const { source, config, severe } = unit;
  const where = problem.line === undefined ? '' : ` line ${problem.line}`;
  return {
    code: problem.code,
    severity: severe ? problem.severity : problem.severity === 'error' ? 'warning' : problem.severity,
    message: `${source.registry}/${source.name}${where} from ${source.label}: ${problem.message}`,
    hint: problem.hint,
    ...sourcePlace(source, config),
  };
};

/** With an unknown version, advice that holds for old versions alone would mislead most people. */
const holdsForNewest = ({ versions }: JudgedProblem): boolean => versions.includes(modelledVersions.at(-1)?.text ?? '');

export type JudgeInput = {
  readonly config: Config;
  readonly facts: Facts;
  readonly tools: Pick<Tools, 'judge'>;
};

/** What containerd of this node would make of a rendered `hosts.toml`; any verdict but `ok` gives an error. */
export const judgeRendered = (
  source: Source,
  file: DesiredFile,
  beside: readonly DesiredFile[],
  { config, facts, tools }: JudgeInput,
): readonly Problem[] => {
  const files = new Map(beside.map(({ name, bytes }) => [name, bytes]));
  const judgement = tools.judge(file.bytes, parseContainerdVersion(facts.containerdVersion ?? ''), files);
  const fine = judgement.verdict === 'ok' || isReadBySome(source, judgement, facts);
  if (fine && source.extension === undefined) return [];
  const known = parseContainerdVersion(facts.containerdVersion ?? '') !== undefined;
  const problems = judgement.problems
    .filter((problem) => known || problem.severity === 'error' || holdsForNewest(problem))
    .map((problem) => asProblem(problem, { source, config, severe: !fine }));
  if (judgement.verdict === 'ok') return problems;
  const first = judgement.problems.find(({ severity }) => severity === 'error');
  const version = facts.containerdVersion ?? 'of an unknown version';
  const why = first === undefined ? '' : `: ${first.message}`;
  return [
    {
      code: `rendered-${judgement.verdict}` satisfies RenderProblemCode,
      severity: 'error',
      message: `${source.registry}/${source.name} from ${source.label}, for containerd ${version}: ${consequence[judgement.verdict]}${why}`,
      hint: first?.hint ?? 'Correct the template; `handspegel render` shows its output.',
      ...sourcePlace(source, config),
    },
    ...problems,
  ];
};
