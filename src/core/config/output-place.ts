import type { Extension } from './config-extensions.ts';
import { placeInText } from './yaml-positions.ts';

const escaped = (part: string): string => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The literal text of one line between its actions; an action may begin or end on another line. */
const literals = (line: string): readonly string[] => {
  const [open, close] = [line.indexOf('{{'), line.indexOf('}}')];
  const endsOne = close >= 0 && (open < 0 || close < open);
  const parts = (endsOne ? line.slice(close + 2) : line).split(/\{\{.*?\}\}|\{\{.*$/);
  return endsOne ? ['', ...parts] : parts;
};

/** Could this line of a template have made that line of a file? */
const couldMake = (line: string, made: string): boolean => {
  const parts = literals(line);
  return parts.some((part) => part.trim() !== '') && new RegExp(`^${parts.map(escaped).join('.*')}$`).test(made);
};

/** The line of a template that a line of its output came from, as far as the text tells. */
const templateLine = (content: string, made: string, line: number): number | undefined => {
  const template = content.split('\n');
  if (!content.includes('{{')) return line;
  const wanted = made.split('\n')[line - 1] ?? '';
  const exact = template.indexOf(wanted);
  if (wanted.trim() === '') return undefined;
  if (exact >= 0) return exact + 1;
  const close = template.findIndex((candidate) => couldMake(candidate, wanted));
  return close < 0 ? undefined : close + 1;
};

/** The place in the configuration of a line of what an extension made, as far as the text tells. */
export const placeOfOutput = (
  extension: Extension,
  made: string,
  problem: { readonly line?: number | undefined; readonly column?: number | undefined },
): { readonly line: number; readonly column?: number } => {
  const { source, content } = extension;
  const line = problem.line === undefined ? undefined : templateLine(content, made, problem.line);
  if (line === undefined) return { line: extension.line };
  const same = content.split('\n')[line - 1] === made.split('\n')[(problem.line ?? 1) - 1];
  return placeInText(source, line, same ? problem.column : 1);
};
