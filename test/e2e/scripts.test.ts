import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { run } from './support/agent.ts';

const project = join(import.meta.dirname, '../..');

it('shellcheck has nothing to say of the scripts of this repository', async (t) => {
  const scripts = ['.ci/run', ...globSync('test/**/*.sh', { cwd: project })].map((path) => join(project, path));
  assert.ok(scripts.length > 3, scripts.join());
  await run(t, ['shellcheck', '--severity=style', ...scripts]);
});
