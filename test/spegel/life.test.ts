import assert from 'node:assert/strict';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { directoryFor } from '../support/directory.ts';
import { traitsOf } from '../support/spegel/families.ts';
import { createSpegel, type SpegelOptions } from '../support/spegel/spegel.ts';
import { plantTree, readTree, type Tree } from '../support/spegel/tree.ts';

// These hold for a real Spegel too: SPEGEL_BIN=/path/to/spegel npm test.

const bootstrap: Tree = {
  '_default/': '',
  '_default/hosts.toml': "[host.'http://10.0.0.9:30020']\ncapabilities = ['pull', 'resolve']\n",
};

const foreign: Tree = {
  'quay.io/': '',
  'quay.io/ca.crt': 'a certificate',
  'quay.io/hosts.toml': 'server = "https://quay.io"\n\n[host."https://mirror.example"]\n  ca = "ca.crt"\n',
};

async function certsDir(t: TestContext, before: Tree): Promise<string> {
  const directory = directoryFor(t);
  await plantTree(directory, before);
  return directory;
}

const on = (directory: string, options: Partial<SpegelOptions> = {}): ReturnType<typeof createSpegel> =>
  createSpegel({ family: 'v0.4', certsDir: directory, nodeIp: '10.0.0.1', ...options });

const inBackup = (tree: Tree): Tree =>
  Object.fromEntries(Object.entries(tree).map(([name, text]) => [`_backup/${name}`, text]));

test('the first start moves everything into _backup and writes _default', async (t) => {
  const directory = await certsDir(t, { ...bootstrap, ...foreign });
  const spegel = on(directory);
  await spegel.start();
  assert.deepEqual(await readTree(directory), {
    '_backup/': '',
    ...inBackup(bootstrap),
    ...inBackup(foreign),
    '_default/': '',
    '_default/hosts.toml': spegel.expectedFile('_default'),
  });
  assert.equal((await lstat(join(directory, '_default/hosts.toml'))).mode & 0o777, 0o644);
});

test('an empty or absent directory gets an empty _backup', async (t) => {
  const directory = join(await certsDir(t, {}), 'etc/containerd/certs.d');
  const spegel = on(directory);
  await spegel.start();
  assert.deepEqual(await readTree(directory), {
    '_backup/': '',
    '_default/': '',
    '_default/hosts.toml': spegel.expectedFile('_default'),
  });
});

test('a later start clears what was put there since and leaves _backup alone', async (t) => {
  const directory = await certsDir(t, bootstrap);
  const spegel = on(directory);
  await spegel.start();
  await plantTree(directory, foreign, { 'quay.io/ca.crt': 0o400 });
  await spegel.start();
  assert.deepEqual(await readTree(directory), {
    '_backup/': '',
    ...inBackup(bootstrap),
    '_default/': '',
    '_default/hosts.toml': spegel.expectedFile('_default'),
  });
});

test('the uninstall hook brings back what was there before the first start, and may run again', async (t) => {
  const before = { ...bootstrap, ...foreign, link: '-> /somewhere' };
  const directory = await certsDir(t, before);
  const spegel = on(directory);
  const original = await readTree(directory);
  await spegel.start();
  await plantTree(directory, { 'new.example/hosts.toml': '' });
  await spegel.uninstall();
  assert.deepEqual(await readTree(directory), original);
  await spegel.uninstall();
  assert.deepEqual(await readTree(directory), original);
});

test('each listed registry gets its own directory and none is made for the rest', async (t) => {
  const directory = await certsDir(t, bootstrap);
  const mirroredRegistries = ['https://docker.io', 'http://registry.local:5000'];
  const spegel = on(directory, { values: { spegel: { mirroredRegistries, resolveTags: false } } });
  await spegel.start();
  assert.deepEqual(await readTree(directory), {
    '_backup/': '',
    ...inBackup(bootstrap),
    'docker.io/': '',
    'docker.io/hosts.toml': spegel.expectedFile('docker.io'),
    'registry.local:5000/': '',
    'registry.local:5000/hosts.toml': spegel.expectedFile('registry.local:5000'),
  });
  assert.match(spegel.expectedFile('docker.io'), /^server = 'https:\/\/registry-1\.docker\.io'\n\n\[host\./);
  assert.match(spegel.expectedFile('registry.local:5000'), /^server = 'http:\/\/registry\.local:5000'\n/);
});

test('prependExisting keeps the hosts of _backup behind its own, and from v0.5.0 the files beside them', async (t) => {
  const directory = await certsDir(t, foreign);
  const spegel = on(directory, {
    family: 'v0.5',
    values: { spegel: { mirroredRegistries: ['https://quay.io'], prependExisting: true } },
  });
  await spegel.start();
  const existing = "[host.'https://mirror.example']\nca = 'ca.crt'";
  assert.deepEqual(await readTree(directory), {
    '_backup/': '',
    ...inBackup(foreign),
    'quay.io/': '',
    ...(traitsOf(spegel.family).copiesFiles ? { 'quay.io/ca.crt': 'a certificate' } : {}),
    'quay.io/hosts.toml': spegel.expectedFile('quay.io', existing),
  });
});

test('prependExisting repeats a host that the bootstrap file has too', async (t) => {
  const own = "[host.'http://10.0.0.1:30020']\ncapabilities = ['pull', 'resolve']";
  const directory = await certsDir(t, { '_default/hosts.toml': `${own}\n` });
  const spegel = on(directory, { values: { spegel: { prependExisting: true } } });
  await spegel.start();
  const text = (await readTree(directory))?.['_default/hosts.toml'];
  // Up to v0.3.0 the old _default is looked for in the wrong place.
  const found = traitsOf(spegel.family).existingDefault === 'registry directory';
  assert.equal(text, spegel.expectedFile('_default', found ? own : ''));
  assert.equal(text?.split("[host.'http://10.0.0.1:30020']").length, found ? 3 : 2);
});

test('with containerdMirrorAdd off neither the init container nor the hook exists', async (t) => {
  const directory = await certsDir(t, bootstrap);
  await on(directory).start();
  const afterStart = await readTree(directory);
  const off = on(directory, { values: { spegel: { containerdMirrorAdd: false } } });
  await off.start();
  await off.uninstall();
  assert.deepEqual(await readTree(directory), afterStart);
});
