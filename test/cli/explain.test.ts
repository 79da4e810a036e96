import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScratch, handspegel } from '../support/command-line.ts';
import { writeDirectory } from '../support/directory.ts';

const spegels = `[host.'http://10.0.0.5:30020']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'

[host.'http://10.0.0.5:30021']
capabilities = ['pull', 'resolve']
dial_timeout = '200ms'
`;

describe('explain', () => {
  it('names the directory that wins and the hosts in order, with who they are', async () => {
    const node = createScratch();
    writeDirectory(node.certsDir, { '_default/hosts.toml': spegels });
    const { code, out } = await handspegel(['explain', 'nginx', ...node.flags]);
    assert.equal(code, 0);
    assert.match(out, /docker\.io\/library\/nginx:latest/);
    assert.match(out, /docker\.io +absent\n_default +wins/);
    assert.match(
      out,
      /1 +http:\/\/10\.0\.0\.5:30020 +this node[\s\S]*2 +http:\/\/10\.0\.0\.5:30021 +Spegel's Service[\s\S]*3 +https:\/\/registry-1\.docker\.io +upstream/,
    );
    node.remove();
  });

  it('says what an empty directory hides, and what every version does', async () => {
    const node = createScratch();
    writeDirectory(node.certsDir, { '_default/hosts.toml': spegels, 'quay.io/host.toml': '' });
    const one = await handspegel(['explain', 'quay.io/a/b', ...node.flags]);
    assert.match(one.out, /quay\.io +wins, and hides what follows\n_default +hidden/);
    const all = await handspegel(['explain', 'quay.io/a/b', ...node.flags, '--containerd-version', 'all']);
    for (const version of ['1.6.36', '1.7.35', '2.0.14', '2.1.9', '2.2.9', '2.3.7', '2.4.2'])
      assert.match(all.out, new RegExp(`^${version} `, 'm'));
    node.remove();
  });

  it('exits 1 when the pull would fail or containerd would die, and says why', async () => {
    const node = createScratch();
    writeDirectory(node.certsDir, {
      'fails.io/hosts.toml': "[host.'https://m']\nca = 'nope.crt'\n",
      'dies.io/hosts.toml': "[host.'https://m']\ndial_timeout = 00:00:05\n",
    });
    const fails = await handspegel(['explain', 'fails.io/a', ...node.flags]);
    assert.equal(fails.code, 1);
    assert.match(fails.out, /the pull fails: .*nope\.crt/);
    const dies = await handspegel(['explain', 'dies.io/a', ...node.flags]);
    assert.equal(dies.code, 1);
    assert.match(dies.out, /containerd itself dies/);
    const wrong = await handspegel(['explain', 'UPPER', ...node.flags]);
    assert.equal(wrong.code, 1);
    assert.equal((await handspegel(['explain', ...node.flags])).code, 2);
    node.remove();
  });

  it('gives programs the same as JSON', async () => {
    const node = createScratch();
    writeDirectory(node.certsDir, { '_default/hosts.toml': spegels });
    const { out } = await handspegel(['explain', `r.io:5000/x@sha256:${'a'.repeat(64)}`, '--json', ...node.flags]);
    const said = JSON.parse(out) as { image: { namespace: string }; hosts: readonly { url: string; role: string }[] };
    assert.equal(said.image.namespace, 'r.io:5000');
    assert.deepEqual(
      said.hosts.map((host) => host.role),
      ['this node', "Spegel's Service", 'upstream'],
    );
    node.remove();
  });
});
