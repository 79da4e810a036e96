import type { LineCounter, YAMLParseError } from 'yaml';
import { toBytes } from '../bytes.ts';

/** What the parser says, what go-yaml says, and where go-yaml sees it: at a character, at the end of what is
 * open, or on the line before. */
type Translation = readonly [said: RegExp, words: string, by: 'scanner' | 'parser' | 'before'];

const TRANSLATIONS: readonly Translation[] = [
  [/Plain value cannot start/, 'found character that cannot start any token', 'scanner'],
  [/[Tt]abs? (are|is)|not allowed as indentation/, 'found character that cannot start any token', 'scanner'],
  [/Nested mappings|Implicit keys need|implicit key/, 'mapping values are not allowed in this context', 'scanner'],
  [/Missing closing ["']/, 'found unexpected end of stream', 'scanner'],
  [/Invalid escape/, 'found unknown escape character', 'scanner'],
  [/end with a \]|must be.*\]/, "did not find expected ',' or ']'", 'parser'],
  [/end with a \}|must be.*\}/, "did not find expected ',' or '}'", 'parser'],
  [/All mapping items|All sequence items|must start at the same column/, 'did not find expected key', 'parser'],
  [/Unexpected scalar at node end/, "did not find expected '-' indicator", 'before'],
  [/Unexpected/, 'did not find expected node content', 'before'],
];

/** The first mistake in go-yaml's words, with the line as go-yaml counts it: none for the first. */
export function yamlProblem(errors: readonly YAMLParseError[], lines: LineCounter): string {
  const [first] = errors;
  if (first === undefined) return 'yaml: invalid';
  const found = TRANSLATIONS.find(([said]) => said.test(first.message));
  const multiline = errors.find(({ code }) => code === 'MULTILINE_IMPLICIT_KEY') ?? first;
  const { line } = lines.linePos(found?.[1].startsWith('mapping') === true ? multiline.pos[1] : first.pos[0]);
  if (found === undefined) return `yaml: line ${line}: ${toBytes(first.message)}`;
  const [, words, by] = found;
  let shown = line;
  if (by === 'scanner') shown = line > 1 ? line : 0;
  else if (by === 'before') shown = line - 1;
  return shown === 0 ? `yaml: ${words}` : `yaml: line ${shown}: ${words}`;
}
