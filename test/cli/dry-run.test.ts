import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createScratch, handspegel } from '../support/command-line.ts';
import { readDirectory } from '../support/directory.ts';

const broken = `extensions:
  broken:
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      [host.'http://{{ .config.node_adress_ip }}:30020']
`;

describe('render, plan and diff', () => {
  it('show the same file three ways and leave no trace', async () => {
    const node = createScratch();
    const rendered = await handspegel(['render', ...node.flags]);
    assert.equal(rendered.code, 0);
    assert.match(rendered.out, /\[host\.'http:\/\/10\.0\.0\.5:30020'\]\n/);
    const planned = await handspegel(['plan', ...node.flags]);
    assert.equal(planned.code, 3);
    assert.match(planned.out, /_default\/hosts\.toml +absent +write +bootstrap/);
    const differs = await handspegel(['diff', ...node.flags]);
    assert.equal(differs.code, 3);
    assert.match(differs.out, /^\+\[host\.'http:\/\/10\.0\.0\.1:30020'\]$/m);
    assert.equal(existsSync(node.certsDir), false);
    assert.equal(existsSync(node.stateDir), false);
    node.remove();
  });

  it('leave a damaged state directory as it is, and say so', async () => {
    const node = createScratch();
    mkdirSync(node.stateDir, { mode: 0o700 });
    writeFileSync(join(node.stateDir, 'ledger.json'), '{"format": 1, "wri');
    const before = readDirectory(node.stateDir);
    for (const command of ['plan', 'diff']) {
      assert.match((await handspegel([command, ...node.flags])).error, /state: warning state-damaged ledger\.json/);
    }
    for (const command of ['render', 'status', 'history', 'doctor']) await handspegel([command, ...node.flags]);
    assert.deepEqual(readDirectory(node.stateDir), before);
    node.remove();
  });

  it('say that a state directory may not be read; history then has nothing to show, and fails', async () => {
    const node = createScratch();
    mkdirSync(node.stateDir);
    chmodSync(node.stateDir, 0o777);
    for (const [command, code] of [
      ['plan', 3],
      ['diff', 3],
      ['history', 1],
    ] as const) {
      const ran = await handspegel([command, ...node.flags]);
      assert.equal(ran.code, code);
      assert.equal(ran.error.split('state-unreadable').length, 2, ran.error);
    }
    node.remove();
  });

  it('take every flag from its variable', async () => {
    const node = createScratch();
    const env = {
      HANDSPEGEL_NODE_IP: '10.9.9.9,fd00::9',
      HANDSPEGEL_CONTROL_PLANE: '10.9.9.1',
      HANDSPEGEL_JSON: 'true',
    };
    const { out } = await handspegel(['render', '--certs-dir', node.certsDir, '--state-dir', node.stateDir], env);
    const { files } = JSON.parse(out) as { files: readonly { content: string }[] };
    assert.match(files[0]?.content ?? '', /http:\/\/10\.9\.9\.9:30020[\s\S]*http:\/\/10\.9\.9\.1:30020/);
    node.remove();
  });

  it('have nothing to do and exit 0 where everything is as it should be', async () => {
    const node = createScratch();
    const { out } = await handspegel(['diff', ...node.flags]);
    const added = out.split('\n').filter((line) => line.startsWith('+') && !line.startsWith('+++'));
    mkdirSync(join(node.certsDir, '_default'), { recursive: true });
    writeFileSync(join(node.certsDir, '_default/hosts.toml'), `${added.map((line) => line.slice(1)).join('\n')}\n`);
    const planned = await handspegel(['plan', ...node.flags]);
    assert.equal(planned.code, 0, planned.out);
    assert.match(planned.out, /nothing to do/);
    assert.equal((await handspegel(['diff', ...node.flags])).code, 0);
    node.remove();
  });

  it('show neither credentials nor control characters of what they find wrong', async () => {
    const url = 'ftp://me:planted-@-secret@mirror.internal';
    const node = createScratch(
      `cluster: {addon: {spegel: {helm_values: {spegel: {additionalMirrorTargets: ['${url}']}}}}}\n`,
    );
    const secrets = join(node.dir, 'secrets');
    mkdirSync(join(secrets, 'mirror'), { recursive: true });
    writeFileSync(join(secrets, 'mirror/password'), 'planted-too');
    const both = `extensions:
  "a\\eb":
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      [host.'${url}/{{ .secrets.mirror.password }}']
      capabilities = ['{{ .secrets.mirror.password }}']
`;
    for (const config of [undefined, both]) {
      if (config !== undefined) node.config(config);
      for (const words of [
        ['render'],
        ['plan'],
        ['diff'],
        ['plan', '--json'],
        ['lint', join(node.dir, 'config.yaml')],
      ]) {
        const flags = words[0] === 'lint' ? [] : node.flags;
        const { out, error } = await handspegel([...words, ...flags, '--secrets-dir', secrets]);
        assert.match(out + error, /\(redacted\)/, words.join(' '));
        assert.doesNotMatch(out + error, /planted|-secret|\x1b/, `${words.join(' ')}: ${out}${error}`);
      }
    }
    node.remove();
  });

  it('name a file that would kill containerd, and what would be done about it', async () => {
    for (const [mode, decision] of [
      ['alarm', 'leave'],
      ['quarantine', 'remove'],
    ] as const) {
      const node = createScratch(`handspegel: { deadlyFiles: ${mode} }\n`);
      mkdirSync(join(node.certsDir, 'quay.io'), { recursive: true });
      writeFileSync(join(node.certsDir, 'quay.io/hosts.toml'), "[host.'http://a']\ndial_timeout = 00:00:05\n");
      const { out, error } = await handspegel(['plan', ...node.flags, '--containerd-version', '2.2.9']);
      assert.match(out, new RegExp(`quay\\.io/hosts\\.toml +foreign +${decision} +would-kill-containerd`));
      assert.match(error, /^certs\.d\/quay\.io\/hosts\.toml: error deadly-file .*line 2: containerd dies/m);
      node.remove();
    }
  });

  it('name extension, line and reason of a broken template, and show the others', async () => {
    const node = createScratch(broken);
    const { code, error, out } = await handspegel(['plan', ...node.flags]);
    assert.equal(code, 3);
    assert.match(out, /_default\/hosts\.toml/);
    assert.match(error, /config\.yaml:5:\d+: error \S+ .*node_adress_ip/);
    assert.match(error, /broken/);
    assert.equal((await handspegel(['render', ...node.flags])).code, 1);
    node.remove();
  });

  it('report all problems of a configuration together', async () => {
    const node = createScratch(
      'cluster:\n  addon:\n    spegel:\n      enabled: maybe\nhandspegel:\n  gate: sometimes\n',
    );
    const { code, error } = await handspegel(['plan', ...node.flags]);
    assert.equal(code, 1);
    assert.match(error, /config\.yaml:4:/);
    assert.match(error, /config\.yaml:6:/);
    assert.deepEqual(readDirectory(node.certsDir), {});
    node.remove();
  });

  it('never show a credential', async () => {
    const node = createScratch(`extensions:
  secret:
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      [host.'https://mirror.internal']
      capabilities = ['pull', 'resolve']
      [host.'https://mirror.internal'.header]
      Authorization = 'Basic {{ .secrets.mirror.token }}'
      X-Token = '{{ .secrets.mirror.token }}'
`);
    mkdirSync(join(node.dir, 'secrets/mirror'), { recursive: true });
    writeFileSync(join(node.dir, 'secrets/mirror/token'), 'c2VjcmV0LXZhbHVl');
    for (const command of ['render', 'plan', 'diff']) {
      for (const extra of [[], ['--json']]) {
        const { out, error } = await handspegel([
          command,
          ...extra,
          ...node.flags,
          '--secrets-dir',
          join(node.dir, 'secrets'),
        ]);
        assert.equal(`${out}${error}`.includes('c2VjcmV0LXZhbHVl'), false, command);
        assert.match(out, /quay\.io/);
      }
    }
    node.remove();
  });
});

describe('the commands that change something', () => {
  it('release without an agent gives everything back once, and resume ends it', async () => {
    const node = createScratch();
    mkdirSync(node.certsDir, { recursive: true });
    const first = await handspegel(['release', ...node.flags]);
    assert.equal(first.code, 0, first.error);
    assert.deepEqual(Object.keys(readDirectory(node.stateDir)), ['released']);
    const again = await handspegel(['release', ...node.flags]);
    assert.equal(again.code, 0);
    assert.match(again.out, /nothing to do/);
    const resumed = await handspegel(['resume', ...node.flags]);
    assert.equal(resumed.code, 0);
    assert.deepEqual(readDirectory(node.stateDir), {});
    assert.match((await handspegel(['resume', ...node.flags])).out, /nothing to do/);
    node.remove();
  });

  it('status without an agent says so and exits 1', async () => {
    const node = createScratch();
    const { code, error, out } = await handspegel(['status', ...node.flags]);
    assert.equal(code, 1);
    assert.match(error, /no agent runs/);
    assert.match(out, /_default\/hosts\.toml/);
    node.remove();
  });

  it('history and restore of an unknown file say what is there instead', async () => {
    const node = createScratch();
    assert.match((await handspegel(['history', ...node.flags])).out, /nothing is remembered/);
    assert.equal((await handspegel(['history', 'quay.io/hosts.toml', ...node.flags])).code, 1);
    const { code, error } = await handspegel(['restore', 'quay.io/hosts.toml', ...node.flags]);
    assert.equal(code, 1);
    assert.match(error, /nothing is remembered of quay\.io\/hosts\.toml/);
    node.remove();
  });
});
