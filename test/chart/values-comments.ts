import { isMap, isScalar, parseDocument } from 'yaml';

/** One value of the chart, as helm-docs sees it. */
export type ChartValue = {
  readonly path: string;
  readonly value: unknown;
  readonly description: string;
  /** What `@default` says instead of the value. */
  readonly shown: string | undefined;
};

type Comment = { readonly description: string; readonly shown: string | undefined };

/** `# -- text`, the lines that follow it, and `# @default -- text`: helm-docs' conventions. */
const readComment = (lines: readonly string[]): Comment | undefined => {
  const start = lines.findLastIndex((line) => line.startsWith('# -- '));
  if (start < 0) return undefined;
  const texts = lines.slice(start).map((line) => line.replace(/^# (?:-- )?/, ''));
  const shown = texts.find((text) => text.startsWith('@default -- '))?.replace('@default -- ', '');
  return { description: texts.filter((text) => !text.startsWith('@default')).join(' '), shown };
};

/** The values of values.yaml that have a comment, or are leaves; in their order. */
export const readChartValues = (yaml: string): readonly ChartValue[] => {
  const lines = yaml.split('\n');
  const lineOf = (offset: number): number => yaml.slice(0, offset).split('\n').length - 1;
  const found: ChartValue[] = [];
  const walk = (node: unknown, path: readonly string[]): void => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (!isScalar(key) || key.range === null || key.range === undefined) continue;
      const end = lineOf(key.range[0]);
      let start = end;
      while (start > 0 && lines[start - 1]?.trimStart().startsWith('#')) start -= 1;
      const comment = readComment(lines.slice(start, end).map((line) => line.trim()));
      const here = [...path, String(key.value)];
      const inner = isMap(value) && value.items.length > 0;
      if (comment !== undefined || !inner) {
        const plain: unknown =
          isMap(value) || !isScalar(value) ? (value as { toJSON(): unknown } | null)?.toJSON() : value.value;
        found.push({
          path: here.join('.'),
          value: plain ?? null,
          description: comment?.description ?? '',
          shown: comment?.shown,
        });
      }
      // A map that is told as a whole is a person's to fill: its keys are no values of the chart.
      if (inner && comment === undefined) walk(value, here);
    }
  };
  walk(parseDocument(yaml).contents, []);
  return found;
};
