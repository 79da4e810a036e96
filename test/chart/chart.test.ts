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
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
};

test('every panel of the dashboard has a title and asks for metrics of ours', () => {
  const { panels } = JSON.parse(read('dashboards/handspegel.json')) as Dashboard;
  assert.ok(panels.length > 5);
  for (const { title, targets } of panels) {
    assert.notEqual(title, '');
    for (const { expr } of targets ?? []) assert.match(expr, /handspegel_[a-z_]+|up\{/);
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
