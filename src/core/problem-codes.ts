import { agentProblemCodes, lintProblemCodes } from './agent-problems.ts';
import { configProblemCodes, renderProblemCodes } from './config/config-problems.ts';
import { hostsProblems } from './containerd/hosts-problems.ts';
import { doctorProblems } from './doctor/doctor-codes.ts';
import { spegelProblemCodes } from './spegel/spegel-codes.ts';
import { userDataProblemCodes } from './user-data/boot-plan.ts';

const meanings: Readonly<Record<string, string | { readonly meaning: string }>> = {
  ...configProblemCodes,
  ...renderProblemCodes,
  ...hostsProblems,
  ...doctorProblems,
  ...agentProblemCodes,
  ...lintProblemCodes,
  ...userDataProblemCodes,
  ...spegelProblemCodes,
};

/** Every code that any command or the agent can give; docs/problems.md explains each. */
export const problemCodes: readonly string[] = Object.keys(meanings).toSorted();

/** What a code means, in one sentence without a full stop. */
export const meaningOf = (code: string): string => {
  const known = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (known === undefined) return code;
  return typeof known === 'string' ? known : known.meaning;
};
