import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RenderTools } from '../../../src/core/config/render.ts';
import type { Verdict } from '../../../src/core/containerd/judge.ts';
import type { Facts } from '../../../src/core/facts.ts';
import { fileText, rendered } from './config-cases.ts';
import { at, unitCodes, withExtensions } from './documents.ts';

const verdictTools = (verdict: Verdict): RenderTools => ({
  judge: () => ({
    verdict,
    problems: [
      {
        code: 'hosts-x',
        severity: 'error',
        message: 'a reason',
        hint: 'a hint',
        line: 3,
        versions: ['1.7.35', '2.4.2'],
      },
      { code: 'hosts-y', severity: 'warning', message: 'advice', hint: 'a hint', versions: ['1.6.36'] },
    ],
    hosts: [],
  }),
});

describe('what containerd would make of one file', () => {
  const good = { path: at('good.io/hosts.toml'), content: '# good' };

  test('any verdict but ok is an error of the registry', () => {
    for (const verdict of ['ignored', 'breaks-pulls', 'deadly'] as const) {
      const desired = rendered(withExtensions({ good }), {}, verdictTools(verdict));
      assert.deepEqual(unitCodes(desired, 'good.io'), [`error rendered-${verdict}`, 'warning hosts-y']);
      const [first] = desired.units.get('good.io')?.problems ?? [];
      assert.match(
        first?.message ?? '',
        /good\.io\/hosts\.toml line 3 from extension:good, for containerd 2\.2\.9: .*: a reason$/,
      );
    }
  });

  test('a verdict of ok lets the file through; what was an error is then advice', () => {
    const desired = rendered(withExtensions({ good }), {}, verdictTools('ok'));
    assert.deepEqual(unitCodes(desired, 'good.io'), ['warning hosts-x', 'warning hosts-y']);
    assert.deepEqual(unitCodes(desired, '_default'), []);
  });

  test('with an unknown version advice for old versions alone is left out', () => {
    const desired = rendered(withExtensions({ good }), { containerdVersion: '' }, verdictTools('ok'));
    assert.deepEqual(unitCodes(desired, 'good.io'), ['warning hosts-x']);
  });

  test('output that is no TOML, or that containerd would refuse or die of, is an error with its reason', () => {
    const verdict = (content: string, facts: Partial<Facts> = {}): string | undefined =>
      unitCodes(rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } }), facts), 'a.io')[0];
    assert.equal(verdict('just words'), 'error rendered-ignored');
    assert.equal(verdict("[host.'https://m.io']\ncapabilities = ['fetch']\n"), 'error rendered-ignored');
    assert.equal(verdict("[host.'https://m.io']\nca = ''\n"), 'error rendered-breaks-pulls');
    assert.equal(verdict("[host.'https://m.io']\ndial_timeout = 00:00:05\n"), 'error rendered-deadly');
    assert.equal(
      verdict("[host.'http://[fd00::1]:30020']\n", { containerdVersion: '1.7.28' }),
      'error rendered-ignored',
    );
    assert.equal(verdict("[host.'http://[fd00::1]:30020']\n"), undefined);
  });

  test('a certificate that may stand in its directory is a warning, until somebody has looked there', () => {
    const content = "[host.'https://m.io']\nca = 'theirs.crt'\n";
    const unit = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } })).units.get('a.io');
    assert.deepEqual(unit?.problems, []);
    assert.deepEqual(
      unit?.beside?.map(({ severity, code }) => `${severity} ${code}`),
      ['warning hosts-certificate-missing'],
    );
  });

  test('one mistake is told once, whatever each TOML reader says of it', () => {
    const content = "[host.'https://m.io']\ncapabilities = ['fetch'\n";
    for (const containerdVersion of ['1.6.20', '2.4.2', '']) {
      const desired = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content } }), { containerdVersion });
      assert.equal(unitCodes(desired, 'a.io').length, 1, unitCodes(desired, 'a.io').join());
    }
  });

  test('a version that is none is not named as one', () => {
    for (const containerdVersion of ['unknown', '2']) {
      const desired = rendered('', { nodeAddresses: ['10.0.0.5'], controlPlane: ['fd00::1'], containerdVersion });
      const left = desired.problems.find(({ code }) => code === 'mirror-ipv6-left-out');
      assert.match(left?.message ?? '', /^containerd of an unknown version may ignore/);
      const wrong = rendered(withExtensions({ a: { path: at('a.io/hosts.toml'), content: 'x' } }), {
        containerdVersion,
      });
      assert.match(wrong.units.get('a.io')?.problems[0]?.message ?? '', /for containerd of an unknown version:/);
    }
  });

  test('a broken certificate makes the whole registry an error', () => {
    const desired = rendered(
      withExtensions({
        a: { path: at('a.io/hosts.toml'), content: "[host.'https://m.io']\nca = 'ca.crt'\n" },
        b: { path: at('a.io/ca.crt'), content: '{{ nosuch }}' },
      }),
    );
    assert.equal(unitCodes(desired, 'a.io').includes('error template-error'), true);
  });

  test('an IPv6 node with an unknown version gets its bootstrap file', () => {
    const desired = rendered('', { nodeAddresses: ['fd00::5'], controlPlane: ['fd00::1'], containerdVersion: '' });
    assert.deepEqual(unitCodes(desired, '_default'), []);
    assert.match(fileText(desired, '_default/hosts.toml') ?? '', /fd00::5.*fd00::1/s);
  });
});
