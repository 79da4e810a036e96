import { readChartValues } from './values-comments.ts';

const typeOf = (value: unknown): string => {
  if (value === null) return 'int or null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
};

/** The table of values, as helm-docs prints it. */
export const valuesTable = (valuesYaml: string): string => {
  const rows = readChartValues(valuesYaml).map(({ path, value, description, shown }) => {
    const text = shown ?? `\`${JSON.stringify(value)}\``;
    return `| ${path} | ${typeOf(value)} | ${text} | ${description.replaceAll('|', '\\|')} |`;
  });
  return ['| Key | Type | Default | Description |', '|-----|------|---------|-------------|', ...rows].join('\n');
};

/** Puts `text` between the two marks of `name`; throws without them. */
export const betweenMarks = (page: string, name: string, text: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no ${start} … ${end}`);
  return `${page.slice(0, from + start.length)}\n${text}\n${page.slice(to)}`;
};
