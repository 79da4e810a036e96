import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';

test('docs/command-line.md has every command, and every flag of it', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');
  for (const row of commands) {
    assert.match(text, new RegExp(`^### .*\`${row.name}[ \`]`, 'm'), row.name);
    const { flags } = await row.load();
    for (const { name } of flags) assert.ok(text.includes(`\`--${name}`), `--${name} of ${row.name}`);
  }
});
