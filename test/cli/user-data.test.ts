import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { composeFile } from '../../src/core/marker.ts';
import { sha256 } from '../../src/io/disk/hash.ts';
import { createScratch, handspegel, type Scratch } from '../support/command-line.ts';
import { readDirectory, writeDirectory } from '../support/directory.ts';

const template = `extensions:
  quay:
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      server = 'https://quay.io'

      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull', 'resolve']
      dial_timeout = '200ms'
  odd:
    path: templates/root_dir/etc/containerd/certs.d/odd.io/hosts.toml
    content: "# $HOME \`id\` \\"\\\\n\\" 'x' %s !! ü\\n\\n"
  empty:
    path: templates/root_dir/etc/containerd/certs.d/empty.io/hosts.toml
    content: '# no mirrors'
`;

const nodeIp = '10.0.0.5';

type Node = Scratch & {
  /** The script of this node's configuration, under the system's own sh. */
  readonly boot: (environment?: Readonly<Record<string, string>>) => { readonly code: number; readonly said: string };
  readonly script: () => Promise<string>;
};

const createNode = (t: TestContext, config: string): Node => {
  const node = createScratch(config);
  t.after(node.remove);
  const file = join(node.dir, 'user data.sh');
  const script = async (): Promise<string> => {
    const flags = [
      '--config',
      join(node.dir, 'config.yaml'),
      '--certs-dir',
      node.certsDir,
      '--state-dir',
      node.stateDir,
    ];
    const ran = await handspegel(['user-data', '--format', 'shell', ...flags, '--control-plane', '10.0.0.1']);
    assert.equal(ran.code, 0, ran.error);
    writeFileSync(file, ran.out);
    return ran.out;
  };
  const boot: Node['boot'] = (environment = {}) => {
    const said = join(node.dir, 'said');
    const env = { ...process.env, HANDSPEGEL_NODE_IP: nodeIp, ...environment };
    try {
      execFileSync('sh', ['-c', 'sh "$0" 2>"$1"', file, said], { env });
      return { code: 0, said: readFileSync(said, 'utf8') };
    } catch (error) {
      const code = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : -1;
      return { code, said: readFileSync(said, 'utf8') };
    }
  };
  return { ...node, boot, script };
};

const stampOf = (path: string): string => {
  const { ino, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${mtimeNs}`;
};

describe('the script of user-data on a node', () => {
  it('writes what the agent would: it then has nothing to do', async (t) => {
    const node = createNode(t, template);
    await node.script();
    assert.deepEqual(node.boot(), {
      code: 0,
      said: ['_default', 'empty.io', 'odd.io', 'quay.io']
        .map((name) => `handspegel user-data: ${name}: written\n`)
        .join(''),
    });
    const seen = readDirectory(node.certsDir);
    assert.deepEqual(Object.keys(seen), [
      '_default/hosts.toml',
      'empty.io/hosts.toml',
      'odd.io/hosts.toml',
      'quay.io/hosts.toml',
    ]);
    assert.match(
      seen['_default/hosts.toml'] ?? '',
      /^# handspegel \S+ source=user-data sha256=[0-9a-f]{64}\n\[host\.'http:\/\/10\.0\.0\.5:30020'\]/,
    );
    assert.match(seen['odd.io/hosts.toml'] ?? '', /\n# \$HOME `id` "\\n" 'x' %s !! ü\n\n$/);
    assert.match(seen['empty.io/hosts.toml'] ?? '', /\n# no mirrors$/);
    for (const path of Object.keys(seen)) assert.equal(statSync(join(node.certsDir, path)).mode & 0o7777, 0o644, path);
    assert.deepEqual(readdirSync(join(node.certsDir, '..')), ['certs.d'], 'nothing is left beside it');
    const planned = await handspegel(['plan', ...node.flags]);
    assert.deepEqual([planned.code, /nothing to do/.test(planned.out)], [0, true], planned.out);
    assert.match(planned.out, /_default\/hosts\.toml +ours +keep/);
  });

  it('changes nothing when it runs again', async (t) => {
    const node = createNode(t, template);
    await node.script();
    node.boot();
    const paths = Object.keys(readDirectory(node.certsDir)).map((path) => join(node.certsDir, path));
    const before = paths.map(stampOf);
    assert.match(node.boot().said, /^(?:handspegel user-data: \S+: up to date\n){4}$/);
    assert.deepEqual(paths.map(stampOf), before);
  });

  it('follows the node to another address, as long as nobody else has written', async (t) => {
    const node = createNode(t, template);
    await node.script();
    node.boot();
    assert.equal(node.boot({ HANDSPEGEL_NODE_IP: '10.0.0.6,fd00::6' }).code, 0);
    const file = join(node.certsDir, '_default/hosts.toml');
    assert.match(readFileSync(file, 'utf8'), /http:\/\/10\.0\.0\.6:30020/);
    const body = new TextEncoder().encode("[host.'http://10.0.0.7:30020']\n");
    for (const [whose, bytes] of [
      ['of the agent', composeFile({ source: 'built-in', body }, '0.1.0', sha256)],
      ['of a later version', composeFile({ source: 'user-data', body }, '99.0.0', sha256)],
      ['edited', new TextEncoder().encode(`${readFileSync(file, 'utf8')}# mine\n`)],
      ["somebody's", body],
      ['empty', new Uint8Array()],
    ] as const) {
      writeFileSync(file, bytes);
      const { code, said } = node.boot();
      assert.deepEqual([code, readFileSync(file)], [0, Buffer.from(bytes)], whose);
      assert.match(said, /_default: left alone: \S.*hosts\.toml is not of user-data/, whose);
    }
    writeFileSync(file, composeFile({ source: 'user-data', body }, '0.0.9', sha256));
    node.boot();
    assert.match(readFileSync(file, 'utf8'), /10\.0\.0\.5:30020/, 'an older one of its own is replaced');
  });

  it("leaves links, files in the way and somebody's directories alone", async (t) => {
    const node = createNode(t, template);
    await node.script();
    writeDirectory(node.certsDir, { 'odd.io': 'a file', 'quay.io/ca.crt': 'PEM' });
    mkdirSync(join(node.certsDir, '_default'));
    symlinkSync('/nowhere', join(node.certsDir, '_default/hosts.toml'));
    symlinkSync('/nowhere', join(node.certsDir, 'empty.io'));
    const { code, said } = node.boot();
    assert.equal(code, 0, said);
    assert.match(
      said,
      /_default: left alone[\s\S]*empty\.io: left alone: .* is no directory[\s\S]*odd\.io: left alone/,
    );
    assert.match(said, /quay\.io: written/);
    const seen = readDirectory(node.certsDir);
    assert.deepEqual([seen['odd.io'], seen['quay.io/ca.crt']], ['a file', 'PEM']);
    assert.match(seen['quay.io/hosts.toml'] ?? '', /10\.0\.0\.5/);
  });

  it('writes nothing where Spegel has been, or where handspegel was released', async (t) => {
    const node = createNode(t, template);
    await node.script();
    mkdirSync(join(node.certsDir, '_backup'), { recursive: true });
    assert.match(node.boot().said, /Spegel has been here/);
    assert.deepEqual(readdirSync(node.certsDir), ['_backup']);
    rmSync(join(node.certsDir, '_backup'), { recursive: true });
    mkdirSync(node.stateDir);
    writeFileSync(join(node.stateDir, 'released'), '');
    assert.match(node.boot().said, /released here/);
    assert.deepEqual(readdirSync(node.certsDir), []);
  });

  it('writes certificates before the hosts.toml that names them, and knows them again', async (t) => {
    const pem = readFileSync(join(import.meta.dirname, '../agent/merged-files.test.ts'), 'utf8').match(
      /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n/,
    )?.[0];
    const withCa = (certificate: string): string =>
      `extensions:\n${(['ca.crt', 'hosts.toml'] as const)
        .map((name) => {
          const content =
            name === 'ca.crt' ? certificate : "[host.'https://m.internal']\ncapabilities = ['pull']\nca = 'ca.crt'\n";
          return `  ${name}:\n    path: templates/root_dir/etc/containerd/certs.d/m.io/${name}\n    content: ${JSON.stringify(content)}\n`;
        })
        .join('')}`;
    const node = createNode(t, withCa(pem ?? ''));
    await node.script();
    assert.match(node.boot().said, /m\.io: written/);
    assert.equal(readDirectory(node.certsDir)['m.io/ca.crt'], pem);
    assert.match(readDirectory(node.certsDir)['m.io/hosts.toml'] ?? '', / with=ca\.crt:[0-9a-f]{64} sha256=/);
    assert.equal((await handspegel(['plan', ...node.flags])).code, 0);
    node.config(withCa(`${pem}${pem}`));
    await node.script();
    assert.match(node.boot().said, /m\.io: written/);
    assert.equal(readDirectory(node.certsDir)['m.io/ca.crt'], `${pem}${pem}`);
    writeFileSync(join(node.certsDir, 'm.io/ca.crt'), 'mine');
    assert.match(node.boot().said, /m\.io: left alone: .*ca\.crt is not of user-data/);
    assert.equal(readDirectory(node.certsDir)['m.io/ca.crt'], 'mine');
  });

  it('makes the empty file of `enabled: false`, and none where no file is generated', async (t) => {
    const node = createNode(t, 'cluster: {addon: {spegel: {enabled: false}}}\n');
    await node.script();
    node.boot();
    assert.deepEqual(readDirectory(node.certsDir), { '_default/hosts.toml': '' });
    assert.equal((await handspegel(['plan', ...node.flags])).code, 0);
    assert.match(node.boot().said, /up to date/);
    node.config(readFileSync(join(import.meta.dirname, '../document/04-no-default-file.yaml'), 'utf8'));
    await node.script();
    rmSync(node.certsDir, { recursive: true });
    assert.deepEqual(node.boot(), { code: 0, said: 'handspegel user-data: there is no file to write\n' });
    assert.equal(existsSync(join(node.certsDir, '_default')), false);
  });

  it('says what it cannot write, and ends with 1', async (t) => {
    const node = createNode(t, template);
    await node.script();
    rmSync(join(node.dir, 'etc'), { recursive: true });
    writeFileSync(join(node.dir, 'etc'), 'no directory');
    const { code, said } = node.boot();
    assert.deepEqual([code, /certs\.d: cannot be made/.test(said)], [1, true], said);
  });
});

describe('user-data', () => {
  const print = (...flags: readonly string[]) =>
    handspegel(['user-data', '--control-plane', '10.0.0.1', '--certs-dir', '/etc/containerd/certs.d', ...flags]);

  it('prints the same script in each form', async () => {
    const { out: script } = await print('--format', 'shell');
    const cloud = parse((await print('--format', 'cloud-init')).out) as { bootcmd: readonly (readonly string[])[] };
    assert.deepEqual(cloud, { bootcmd: [['sh', '-c', script]] });
    assert.match((await print('--format', 'cloud-init')).out, /^#cloud-config\n/);

    type Ignition = {
      readonly storage: {
        readonly files: readonly { readonly mode: number; readonly contents: { readonly source: string } }[];
      };
      readonly systemd: { readonly units: readonly { readonly contents: string; readonly enabled: boolean }[] };
    };
    const ignition = JSON.parse((await print('--format', 'ignition')).out) as Ignition;
    const [file] = ignition.storage.files;
    const encoded = file?.contents.source.split(';base64,')[1] ?? '';
    assert.equal(Buffer.from(encoded, 'base64').toString(), script);
    const [unit] = ignition.systemd.units;
    assert.match(unit?.contents ?? '', /^Before=kubelet\.service /m);
    assert.match(unit?.contents ?? '', /^ExecStart=\/bin\/sh \/etc\/handspegel\/user-data\.sh$/m);

    const { out: mime } = await print('--format', 'nodeadm');
    assert.match(
      mime,
      /^MIME-Version: 1\.0\nContent-Type: multipart\/mixed; boundary="(.*)"\n\n--\1\nContent-Type: text\/x-shellscript; charset="utf-8"\n\n#!/,
    );
    assert.ok(mime.includes(script));
  });

  it('puts a NodeConfig of EKS into the same document', async (t) => {
    const node = createScratch();
    t.after(node.remove);
    const file = join(node.dir, 'node.yaml');
    writeFileSync(file, 'apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n');
    const { out } = await print('--format', 'nodeadm', '--node-config', file);
    assert.match(
      out,
      /\nContent-Type: application\/node\.eks\.aws; charset="utf-8"\n\napiVersion: node\.eks\.aws\/v1alpha1\nkind: NodeConfig\n\n--==/,
    );
    assert.equal((await print('--format', 'shell', '--node-config', file)).code, 2);
  });

  it('refuses what is no path of a node, no version and no file', async () => {
    for (const [flag, value, code] of [
      ['--certs-dir', 'certs.d', 2],
      ['--state-dir', 'state', 2],
      ['--containerd-version', 'new', 2],
      ['--node-config', '/nowhere/node.yaml', 1],
    ] as const) {
      const ran = await handspegel(['user-data', '--format', 'nodeadm', '--control-plane', '10.0.0.1', flag, value]);
      assert.deepEqual([ran.code, ran.out], [code, ''], ran.error);
      assert.ok(ran.error.includes(value), ran.error);
    }
  });

  it('names on stderr what is left to the agent, and fails with a configuration that does not count', async (t) => {
    const node = createScratch(
      "extensions: {a: {path: templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml, content: '{{ .node.labels.zone }}'}}\n",
    );
    t.after(node.remove);
    const flags = ['--format', 'shell', '--config', join(node.dir, 'config.yaml')];
    const { code, error, out } = await print(...flags);
    assert.equal(code, 0);
    assert.match(error, /^configuration: warning user-data-left-out a\.io\/ is left to the agent: .*label/m);
    assert.match(out, /left 'a\.io'/);
    node.config('handspegel: {gate: maybe}\n');
    assert.deepEqual(await print(...flags).then((ran) => [ran.code, ran.out]), [1, '']);
    for (const wrong of [[], ['--format', 'ansible'], ['--format', 'shell', 'word']])
      assert.equal((await print(...wrong)).code, 2, wrong.join(' '));
  });
});
