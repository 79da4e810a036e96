import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { createScratch, handspegel } from '../support/command-line.ts';

const loaded = await Promise.all(commands.map(async ({ name, load }) => ({ name, flags: (await load()).flags })));
const having = (flag: string) => loaded.filter(({ flags }) => flags.some(({ name }) => name === flag));

describe('a value that a flag does not take', () => {
  const cases: readonly (readonly [flag: string, expected: RegExp, wrong: readonly string[]])[] = [
    ['containerd-version', /takes a version of containerd such as 2\.2\.9/, ['foo', '2', '2.x', 'containerd']],
    [
      'node-ip',
      /takes addresses of a node/,
      ['node-1', '10.0.0.5:30020', 'http://10.0.0.5', '0.0.0.0', 'fe80::1%eth0'],
    ],
    ['control-plane', /takes addresses or names without scheme and port/, ['https://10.0.0.1', '10.0.0.1:6443', '::']],
    ['listen', /takes ADDRESS:PORT, \[IPv6\]:PORT or :PORT/, ['x:y', '9847', ':65536', '::1:80', 'a b:80']],
    ['admin-listen', /takes ADDRESS:PORT/, ['localhost']],
    ['log-level', /takes one of debug, info, warn, error/, ['loud', 'INFO']],
    ['api-server', /takes a URL such as https/, ['10.0.0.1:6443', 'https://', 'unix:///run/x']],
    ['startup-taint', /takes the key of a taint/, ['a/b/c', 'a=b:NoSchedule']],
    ['configmap', /takes a name of small letters/, ['My_Map', 'a/b']],
    ['format', /takes one of (?:text, json|cloud-init)/, ['xml']],
  ];
  for (const [flag, expected, wrong] of cases) {
    it(`--${flag}: every command that has it ends with exit code 2, says what is expected, and does nothing`, async () => {
      assert.ok(having(flag).length > 0);
      for (const { name } of having(flag)) {
        for (const value of wrong) {
          const { code, out, error } = await handspegel([...name.split(' '), `--${flag}`, value]);
          assert.deepEqual([code, out], [2, ''], `${name} --${flag} ${value}: ${error}`);
          assert.match(error, expected);
          assert.ok(error.includes(`--${flag} takes`) && error.includes(`, not '${value}'\n`), error);
          assert.match(error, new RegExp(`Try "handspegel ${name} --help"\\.\\n$`));
        }
      }
    });
  }

  it('--runtime: no sentence, and nothing that is one letter from containerd, which would switch Spegel off', async () => {
    for (const { name } of having('runtime')) {
      for (const value of ['contanerd', 'containred', 'cri o']) {
        const { code, error } = await handspegel([...name.split(' '), '--runtime', value]);
        assert.equal(code, 2, `${name}: ${error}`);
        assert.match(error, /--runtime takes .*containerd/);
      }
    }
    const node = createScratch('{}\n');
    for (const value of ['containerd', 'cri-o', 'docker', 'containerd://2.2.9']) {
      const { code, error } = await handspegel(['render', ...node.flags, '--runtime', value]);
      assert.equal(code, 0, error);
    }
    node.remove();
  });

  it('--certs-dir and --state-dir of another machine begin at its root', async () => {
    for (const [command, flag] of [
      ['user-data', 'certs-dir'],
      ['user-data', 'state-dir'],
      ['doctor', 'certs-dir'],
      ['spegel values', 'certs-dir'],
    ] as const) {
      const { code, error } = await handspegel([...command.split(' '), `--${flag}`, 'certs.d']);
      assert.equal(code, 2);
      assert.match(error, new RegExp(`--${flag} takes a path on the node, which begins with '/', not 'certs\\.d'`));
    }
  });

  it('is told with all others, and those of variables by their names, without credentials', async () => {
    const { code, error } = await handspegel(
      ['run', '--node-ip', '10.0.0.5,x', '--node-ip', 'y', '--listen', 'z', '--api-server', 'ftp://u:geheim@h'],
      { HANDSPEGEL_CONTAINERD_VERSION: 'two', HANDSPEGEL_LISTEN: 'not asked for' },
    );
    assert.equal(code, 2);
    assert.deepEqual(
      error.split('\n').map((line) => line.replace(/ takes .*, not/, '')),
      [
        "handspegel: --node-ip 'x'",
        "handspegel: --node-ip 'y'",
        "handspegel: HANDSPEGEL_CONTAINERD_VERSION 'two'",
        "handspegel: --listen 'z'",
        "handspegel: --api-server 'ftp://(redacted)@h'",
        'Try "handspegel run --help".',
        '',
      ],
    );
  });

  it('--secrets-dir: says so when there is no such directory', async () => {
    const { code, error } = await handspegel(['render', '--secrets-dir', '/no/such/directory']);
    assert.equal(code, 2);
    assert.match(error, /--secrets-dir takes a directory, and \/no\/such\/directory is none/);
  });
});

describe('a containerd that is newer than the known ones', () => {
  it('is taken for the newest of them, and every command says so once', async () => {
    const node = createScratch('{}\n');
    const config = `${node.dir}/config.yaml`;
    const argumentsOf: Readonly<Record<string, readonly string[]>> = {
      explain: ['docker.io/library/nginx', ...node.flags],
      lint: [config, config],
      doctor: ['--offline', '--root', node.dir],
      'user-data': ['--format', 'shell', '--config', config],
    };
    for (const name of ['render', 'plan', 'diff', 'explain', 'lint', 'doctor', 'user-data']) {
      const args = [name, ...(argumentsOf[name] ?? node.flags), '--containerd-version'];
      const said = async (version: string): Promise<number> => {
        const { out, error } = await handspegel([...args, version]);
        return `${out}${error}`.split(`containerd ${version}.0 is newer than those that are known here`).length - 1;
      };
      assert.equal(await said('3.0'), 1, name);
      assert.equal(await said('2.5'), 1, name);
      assert.equal(await said('2.4'), 0, name);
    }
    node.remove();
  });
});

describe('a directory of this machine', () => {
  it('may be named from the working directory, and is shown from the root on', async () => {
    const { code, out, error } = await handspegel([
      'render',
      '--certs-dir',
      'no/such',
      '--state-dir',
      'no/state',
      '--json',
    ]);
    assert.equal(code, 0, error);
    assert.equal((JSON.parse(out) as { certsDir: string }).certsDir, `${process.cwd()}/no/such`);
  });
});
