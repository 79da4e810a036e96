import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readChartValues } from './values-comments.ts';
import { valuesSchema } from './values-schema.ts';
import { betweenMarks, valuesTable } from './values-table.ts';

const read = (name: string): string => readFileSync(new URL(`../../chart/${name}`, import.meta.url), 'utf8');
const values = read('values.yaml');

test('values.schema.json is what npm run chart:schema writes', () => {
  assert.equal(read('values.schema.json'), `${JSON.stringify(valuesSchema(values), undefined, 2)}\n`);
});

test("the chart's README lists every value with its default", () => {
  const readme = read('README.md');
  assert.equal(readme, betweenMarks(readme, 'values', valuesTable(values)));
});

test('every value has a comment', () => {
  assert.deepEqual(
    readChartValues(values).filter(({ description }) => description === ''),
    [],
  );
});

type Dashboard = {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
};
const { panels } = JSON.parse(read('dashboards/handspegel.json')) as Dashboard;

test('every panel of the dashboard has a title and asks for metrics of ours', () => {
  assert.ok(panels.length > 5);
  for (const { title, targets } of panels) {
    assert.notEqual(title, '');
    for (const { expr } of targets ?? []) assert.match(expr, /handspegel_[a-z_]+|up\{/);
  }
});

test('no panel asks for a metric or a label that docs/metrics.md does not know, or shows one that its query drops', () => {
  const sections = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
    .split('\n## `')
    .slice(1);
  // The first paragraph of a metric names its labels, and their values.
  const words = (text: string): readonly string[] =>
    [...text.matchAll(/`([a-z_]+)`/g)].flatMap(([, word = '']) => word);
  const labels = new Map(
    sections.map((section) => [section.slice(0, section.indexOf('`')), words(section.split('\n\n')[1] ?? '')]),
  );
  for (const { expr, legendFormat } of panels.flatMap(({ targets = [] }) => targets)) {
    const name = /handspegel_[a-z_]+/.exec(expr)?.[0].replace(/_bucket$/, '') ?? '';
    const own = labels.get(name);
    assert.ok(own !== undefined, expr);
    const kept = [...expr.matchAll(/ by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */));
    for (const label of kept) assert.ok([...own, 'instance', 'le'].includes(label), `${expr}: ${name} has no ${label}`);
    const made = /count_values\("([a-z]+)"/.exec(expr)?.[1];
    const left = kept.length === 0 && made === undefined ? ['instance'] : [...kept, made];
    for (const [, shown] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      assert.ok(left.includes(shown), `${expr}: ${shown}`);
  }
});

test('chart, agent and package have one version', () => {
  const chart = parse(read('Chart.yaml')) as { readonly version: string; readonly appVersion: string };
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  assert.ok(existsSync(new URL('../../Dockerfile', import.meta.url)));
});
