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
  /** Other places that the message speaks of. */
  readonly related?: readonly RelatedPlace[];
};

/** A second place of a finding, such as the other side of a contradiction. */
export type RelatedPlace = {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
};

const placeOf = ({ file, line, column }: Omit<RelatedPlace, 'message'>): string =>
  [file ?? 'configuration', line, column].filter((part) => part !== undefined).join(':');

/** `file:line:column: severity code message`, then other places, then the hint: the form that editors and CI logs link. */
export const formatProblem = (problem: Problem): string => {
  const where = problem.path === undefined ? '' : ` (${problem.path})`;
  const related = (problem.related ?? []).map((other) => `    ${placeOf(other)}: ${other.message}\n`).join('');
  return `${placeOf(problem)}: ${problem.severity} ${problem.code} ${problem.message}${where}\n${related}    ${problem.hint}`;
};
