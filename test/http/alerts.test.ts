import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';
import { agentProblemCodes } from '../../src/core/agent-problems.ts';
import { configProblemCodes } from '../../src/core/config/config-problems.ts';
import { problemCodes } from '../../src/core/problem-codes.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
};
const alerts = parse(read('chart/alerts.yaml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = alerts.groups.flatMap((group) => group.rules);

type Case = {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
};
const { tests } = parse(read('test/e2e/alerts/alerts.test.yaml')) as { readonly tests: readonly Case[] };

it('has a runbook for each alert, and none for an alert that does not exist', () => {
  const sections = read('docs/runbooks.md').split(/^## /m).slice(1);
  const titles = sections.map((section) => section.slice(0, section.indexOf('\n')));
  assert.deepEqual(titles.toSorted(), rules.map(({ alert }) => alert).toSorted());
  for (const section of sections)
    for (const part of ['Means', 'Look', 'Mend']) assert.ok(section.includes(`**${part}** `), section.slice(0, 60));
});

it('names the runbook, a severity and a sentence in each alert', () => {
  for (const { alert, labels, annotations } of rules) {
    assert.equal(annotations.runbook, `docs/runbooks.md#${alert.toLowerCase()}`);
    assert.match(labels.severity, /^(?:critical|warning)$/, alert);
    assert.ok(annotations.summary.length > 20 && annotations.description.length > 20, alert);
  }
});

it('asks only for metrics that docs/metrics.md explains', () => {
  const documented = [...read('docs/metrics.md').matchAll(/^## `(handspegel_[a-z_]+)`/gm)].map(([, name]) => name);
  for (const { alert, expr } of rules) {
    const asked = [...expr.matchAll(/handspegel_[a-z_]+/g)].map(([name]) => name);
    // `up` is Prometheus' own.
    assert.ok(asked.length > 0 || expr.startsWith('up{'), alert);
    for (const name of asked) assert.ok(documented.includes(name), `${alert}: ${name}`);
  }
});

it('says a refused configuration by every code that refuses one, and by no other', () => {
  const { expr } = rules.find(({ alert }) => alert === 'HandspegelConfigurationRefused') ?? { expr: '' };
  const asked = new RegExp(`^(?:${/code=~"([^"]+)"/.exec(expr)?.[1]})$`);
  // The configuration is read all the same.
  const warningsAlways = ['certs-dir-differs', 'extension-path-unread', 'extension-path-unusual'];
  const refusing = [
    ...Object.keys(configProblemCodes).filter((code) => !warningsAlways.includes(code)),
    ...Object.keys(agentProblemCodes).filter((code) => code.startsWith('config-')),
  ];
  assert.deepEqual(
    problemCodes.filter((code) => asked.test(code)),
    refusing.toSorted(),
  );
});

it('has a case in which each alert fires and one in which it does not', () => {
  const cases = tests.flatMap((one) => one.alert_rule_test);
  for (const { alert } of rules) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      `${alert} never fires`,
    );
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length === 0),
      `${alert} always fires`,
    );
  }
});
