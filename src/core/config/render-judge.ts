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

/** Nothing is wrong but certificates of its own directory that are not in this configuration: they may stand there. */
const lacksOnlyNeighbours = ({ verdict, problems }: Judgement): boolean =>
  verdict === 'breaks-pulls' &&
  problems.every(({ severity, code }) => severity !== 'error' || code === 'hosts-certificate-missing');

const mayStandThere = 'Add an extension for it, or see to it that it stands on each node: there it is looked at again.';

/** What one TOML reader says of the whole file: each says one thing, at its own place. */
const isOfReader = (problem: JudgedProblem | undefined): boolean =>
  problem?.code === 'hosts-ignored' || problem?.code === 'hosts-deadly';

export type Rendered = { readonly problems: readonly Problem[]; readonly beside: readonly Problem[] };

/**
 * What containerd of this node would make of a rendered `hosts.toml`; any verdict but `ok` gives an error. `beside`: what
 * is missing of its own directory, to be judged again where that is known.
 */
export const judgeRendered = (
  source: Source,
  file: DesiredFile,
  beside: readonly DesiredFile[],
  { config, facts, tools }: JudgeInput,
): Rendered => {
  const files = new Map(beside.map(({ name, bytes }) => [name, bytes]));
  const judgement = tools.judge(file.bytes, parseContainerdVersion(facts.containerdVersion ?? ''), files);
  const lacks = lacksOnlyNeighbours(judgement);
  const fine = judgement.verdict === 'ok' || lacks || isReadBySome(source, judgement, facts);
  if (fine && source.extension === undefined) return { problems: [], beside: [] };
  const known = parseContainerdVersion(facts.containerdVersion ?? '') !== undefined;
  const all = judgement.problems.map((problem) =>
    known || problem.severity === 'error' || holdsForNewest(problem)
      ? asProblem(problem, { source, config, severe: !fine })
      : undefined,
  );
  const problems = all.filter((problem) => problem !== undefined);
  if (lacks) {
    const isMissing = ({ code }: Problem): boolean => code === 'hosts-certificate-missing';
    const missing = problems.filter(isMissing).map((problem) => ({ ...problem, hint: mayStandThere }));
    return { problems: problems.filter((problem) => !isMissing(problem)), beside: missing };
  }
  if (judgement.verdict === 'ok') return { problems, beside: [] };
  const first = judgement.problems.find(({ severity }) => severity === 'error');
  const version = known ? facts.containerdVersion : 'of an unknown version';
  const why = first === undefined ? '' : `: ${first.message}`;
  const where = first?.line === undefined ? '' : ` line ${first.line}`;
  const told: Problem = {
    code: `rendered-${judgement.verdict}` satisfies RenderProblemCode,
    severity: 'error',
    message: `${source.registry}/${source.name}${where} from ${source.label}, for containerd ${version}: ${consequence[judgement.verdict]}${why}`,
    hint: first?.hint ?? 'Correct the template; `handspegel render` shows its output.',
    ...sourcePlace(source, config),
  };
  // One mistake is told once, whatever each TOML reader says of it.
  const others = judgement.problems.flatMap((problem, index) => {
    const other = problem === first || (isOfReader(first) && isOfReader(problem)) ? undefined : all[index];
    return other === undefined ? [] : [other];
  });
  return { problems: [told, ...others], beside: [] };
};
