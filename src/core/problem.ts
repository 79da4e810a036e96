/**
 * One finding about something a person wrote: configuration, template, or a file on disk. `code` is documented in
 * docs/problems.md; `hint` says what to do. Lines and columns are 1-based.
 */
export type Problem = {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly hint: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Where inside the document, e.g. `extensions.my-key.path`. */
  readonly path?: string;
};

/** `file:line:column: severity code message`, then the hint: the form that editors and CI logs link. */
export const formatProblem = (problem: Problem): string => {
  const place = [problem.file ?? 'configuration', problem.line, problem.column].filter((part) => part !== undefined);
  const where = problem.path === undefined ? '' : ` (${problem.path})`;
  return `${place.join(':')}: ${problem.severity} ${problem.code} ${problem.message}${where}\n    ${problem.hint}`;
};
