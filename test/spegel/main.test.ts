import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { directoryFor } from '../support/directory.ts';
import { plantTree, readTree } from '../support/spegel/tree.ts';

const program = join(import.meta.dirname, '../support/spegel/main.ts');

const run = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
  promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, SPEGEL_BIN: '' } });

test('configuration and cleanup play the life of a directory from the command line', async (t) => {
  const directory = directoryFor(t);
  const certsDir = join(directory, 'certs.d');
  const before = { 'quay.io/': '', 'quay.io/hosts.toml': '' };
  await plantTree(certsDir, before);
  await plantTree(directory, { 'values.yaml': 'spegel: {resolveTags: false}\n' });
  const common = ['--certs-dir', certsDir, '--node-ip', '10.0.0.1', '--family', 'main'];

  const values = ['--values', join(directory, 'values.yaml'), '--pause-ms', '2', '--fail-at', '8'];
  const started = await run('configuration', ...common, ...values);
  assert.match(started.stdout, /failed and tried again: crashed before step 8, rename .*\nconfiguration: done\n$/);
  assert.equal(
    (await readTree(certsDir))?.['_default/hosts.toml'],
    "[host.'http://10.0.0.1:30020']\ncapabilities = ['pull']\ndial_timeout = '200ms'",
  );

  await run('cleanup', ...common);
  assert.deepEqual(await readTree(certsDir), {}, 'what the failed step had not moved is gone');
});

test('a wrong call says how it is done', async () => {
  await assert.rejects(run('configuration'), { code: 2, stdout: /configuration needs --certs-dir/ });
  await assert.rejects(run('serve', '--family', 'v9'), { code: 2, stdout: /--family NAME/ });
  assert.match((await run('--help')).stdout, /the uninstall hook/);
});
