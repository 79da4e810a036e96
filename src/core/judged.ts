import { type ContainerdVersion, modelledVersions } from './containerd/containerd-version.ts';
import type { JudgedProblem } from './containerd/judge.ts';
import type { Problem } from './problem.ts';

/**
 * Judged problems as people read them. With an unknown version every modelled one was judged: what holds for some of
 * them says so, and advice that holds for old ones alone, which would mislead most people, is left out.
 */
export const forPeople = (
  problems: readonly JudgedProblem[],
  version: ContainerdVersion | undefined,
): readonly Problem[] => {
  const newest = modelledVersions.at(-1)?.text ?? '';
  return problems
    .filter(({ severity, versions }) => version !== undefined || severity === 'error' || versions.includes(newest))
    .map(({ versions, ...problem }) => {
      const some = version === undefined && versions.length < modelledVersions.length;
      return some ? { ...problem, message: `${problem.message} (containerd ${versions.join(', ')})` } : problem;
    });
};
