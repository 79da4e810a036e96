import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentProblemCodes, lintProblemCodes } from '../../src/core/agent-problems.ts';
import { hostsProblems } from '../../src/core/containerd/hosts-problems.ts';
import { doctorProblems } from '../../src/core/doctor/doctor-codes.ts';
import { meaningOf, problemCodes } from '../../src/core/problem-codes.ts';
import { spegelProblemCodes } from '../../src/core/spegel/spegel-codes.ts';
import { userDataProblemCodes } from '../../src/core/user-data/boot-plan.ts';

const root = join(import.meta.dirname, '../..');

/** Rows of all tables of docs/problems.md. */
const documented = readFileSync(join(root, 'docs/problems.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, code, ...cells] = /^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
    return code === undefined ? [] : [{ code, cells }];
  });

/** Code literals of problems in the sources, wherever they are made. */
const inSources = globSync('src/**/*.ts', { cwd: root })
  .filter((path) => !path.startsWith('src/gotemplate/'))
  .flatMap((path) =>
    [
      ...readFileSync(join(root, path), 'utf8').matchAll(
        /(?:\bcode: |\bfailure\(\s*|\bfinding\(\s*)'([a-z0-9]+(?:-[a-z0-9]+)+)'/g,
      ),
    ].map(([, code = '']) => ({ code, path })),
  );

test('docs/problems.md explains every code once, and none that does not exist', () => {
  assert.deepEqual(documented.map(({ code }) => code).toSorted(), problemCodes);
});

test('each row says severity, meaning, why it matters and what to do', () => {
  for (const { code, cells } of documented) {
    const [severity = '', meaning = '', why = '', what = ''] = cells;
    assert.match(severity, /^(?:error|warning|info|error or warning)$/, code);
    for (const cell of [meaning, why, what]) assert.match(cell, /^.{7,}[.:]$/s, `${code}: ${cell}`);
    assert.ok(
      meaning.toLowerCase().includes(meaningOf(code).toLowerCase().replaceAll('|', '\\|').replaceAll('<', '&lt;')),
      code,
    );
  }
});

test('severities are those of the tables', () => {
  const tables = {
    ...hostsProblems,
    ...doctorProblems,
    ...agentProblemCodes,
    ...lintProblemCodes,
    ...userDataProblemCodes,
    ...spegelProblemCodes,
  };
  for (const [code, { severity }] of Object.entries(tables)) {
    assert.equal(documented.find((row) => row.code === code)?.cells[0], severity, code);
  }
});

test('every code that the sources give is in a table', () => {
  assert.ok(inSources.length > 60);
  for (const { code, path } of inSources) assert.ok(problemCodes.includes(code), `${code} in ${path}`);
});

test('every code of the agent and of lint is given somewhere', () => {
  const text = globSync('src/**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('agent-problems.ts'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  for (const code of Object.keys({ ...agentProblemCodes, ...lintProblemCodes }))
    assert.ok(text.includes(`'${code}'`), code);
});
