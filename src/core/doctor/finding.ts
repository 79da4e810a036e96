import type { Problem } from '../problem.ts';
import { type DoctorCode, doctorProblems } from './doctor-codes.ts';

/** A problem with the reason why it matters for pulls; `hint` is the command or the configuration that mends it. */
export type Finding = Problem & { readonly why: string };

type Place = Pick<Problem, 'file' | 'line' | 'column' | 'path'>;

/** A finding of the table; severity and reason come from there. */
export const finding = (code: DoctorCode, message: string, hint: string, place: Place = {}): Finding => {
  const { severity, why } = doctorProblems[code];
  return { code, severity, message, hint, why, ...place };
};

const rank = { error: 0, warning: 1, info: 2 } as const;

/** Errors first; the order in which they were found is kept otherwise. */
export const sortFindings = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted((a, b) => rank[a.severity] - rank[b.severity]);
