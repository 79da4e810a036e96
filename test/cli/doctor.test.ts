import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { handspegel, type Ran } from '../support/command-line.ts';
import { scratchDirectory, writeDirectory } from '../support/directory.ts';

const config = 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/etc/containerd/certs.d"\n';

const hostsFile = (port: number): string =>
  `[host.'http://127.0.0.1:${port}']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n`;

type Told = {
  readonly well: boolean;
  readonly containerd?: string;
  readonly versionFrom?: string;
  readonly configuration: readonly string[];
  readonly mirrors: readonly { readonly verdict: string }[];
  readonly findings: readonly {
    readonly code: string;
    readonly file?: string;
    readonly why: string;
    readonly hint: string;
  }[];
};

const told = ({ out }: Ran): Told => JSON.parse(out) as Told;
const codesOf = (ran: Ran): readonly string[] => told(ran).findings.map(({ code }) => code);

/** Where the owner of the files is not root, that is a finding of its own and not what these tests are about. */
const ownerless = (codes: readonly string[]): readonly string[] => codes.filter((code) => code !== 'certs-owner');

type Scratch = { readonly root: string; readonly doctor: (...more: readonly string[]) => Promise<Ran> };

/** A node's file system of its own, with a containerd socket that nobody may open. */
const onNode = async (
  files: Readonly<Record<string, string>>,
  use: (node: Scratch) => Promise<void>,
): Promise<void> => {
  const root = scratchDirectory();
  let opened = 0;
  const socket = createServer(() => {
    opened += 1;
  });
  try {
    writeDirectory(root, files);
    for (const path of Object.keys(files)) if (path.startsWith('usr/bin/')) chmodSync(join(root, path), 0o755);
    mkdirSync(join(root, 'run/containerd'), { recursive: true });
    socket.listen(join(root, 'run/containerd/containerd.sock'));
    await once(socket, 'listening');
    await use({ root, doctor: (...more) => handspegel(['doctor', '--root', root, '--json', ...more]) });
    assert.equal(opened, 0, 'the socket was opened');
  } finally {
    socket.close();
    rmSync(root, { recursive: true, force: true });
  }
};

const answering = async (use: (port: number) => Promise<void>): Promise<void> => {
  const server = createHttpServer((request, response) =>
    response.writeHead(request.url === '/v2/' ? 200 : 404).end('{}'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
};

const binary = '#!/bin/sh\necho containerd github.com/containerd/containerd v1.7.35 abcdef\n';

describe('doctor', () => {
  it('is content with a healthy node: exit code 0, the version from the binary, the mirror asked once', async () => {
    await answering((port) =>
      onNode(
        {
          'etc/containerd/config.toml': config,
          'usr/bin/containerd': binary,
          'etc/containerd/certs.d/_default/hosts.toml': hostsFile(port),
        },
        async ({ doctor }) => {
          const ran = await doctor();
          assert.deepEqual(ownerless(codesOf(ran)), ['hosts-dial-timeout-unknown']);
          assert.deepEqual([told(ran).containerd, told(ran).versionFrom], ['1.7.35', 'binary']);
          assert.deepEqual(
            told(ran).mirrors.map(({ verdict }) => verdict),
            ['up'],
          );
          // Who is not root owns the files here, and that is a finding.
          const isRoot = process.getuid?.() === 0;
          assert.equal(codesOf(ran).includes('certs-owner'), !isRoot);
          assert.equal(ran.code, isRoot ? 0 : 1);
        },
      ),
    );
  });

  it('finds a mirror that refuses, and does not ask with --offline', async () => {
    let free = 0;
    await answering((port) => {
      free = port;
      return Promise.resolve();
    });
    await onNode(
      { 'etc/containerd/config.toml': config, 'etc/containerd/certs.d/_default/hosts.toml': hostsFile(free) },
      async ({ doctor }) => {
        const ran = await doctor('--containerd-version', '2.1.9');
        assert.equal(ran.code, 1);
        assert.deepEqual(ownerless(codesOf(ran)), ['mirror-none-answers', 'mirror-refused']);
        assert.deepEqual(ownerless(codesOf(await doctor('--containerd-version', '2.1.9', '--offline'))), []);
      },
    );
  });

  it('reads imports with globs, and sees that the configuration is newer than the socket', async () => {
    await onNode(
      {
        'etc/containerd/config.toml': 'version = 2\nimports = ["conf.d/*.toml"]\n',
        'etc/containerd/conf.d/10-path.toml': config,
        'etc/containerd/conf.d/note.txt': 'not a configuration',
        'etc/containerd/certs.d/_default/hosts.toml': hostsFile(1),
      },
      async ({ root, doctor }) => {
        const flags = ['--containerd-version', '1.7.35', '--offline'];
        const before = await doctor(...flags);
        assert.deepEqual(told(before).configuration, [
          '/etc/containerd/config.toml',
          '/etc/containerd/conf.d/10-path.toml',
        ]);
        assert.ok(!codesOf(before).includes('containerd-restart-needed'));
        const later = new Date(Date.now() + 60_000);
        utimesSync(join(root, 'etc/containerd/conf.d/10-path.toml'), later, later);
        assert.ok(codesOf(await doctor(...flags)).includes('containerd-restart-needed'));
      },
    );
  });

  it('follows links as the node does, never out of --root', async () => {
    await onNode(
      { 'opt/real.toml': config, 'etc/containerd/certs.d/_default/hosts.toml': hostsFile(1) },
      async ({ root, doctor }) => {
        symlinkSync('/opt/real.toml', join(root, 'etc/containerd/config.toml'));
        const ran = await doctor('--containerd-version', '2.1.9', '--offline');
        assert.deepEqual(ownerless(codesOf(ran)), []);
      },
    );
  });

  it('knows where distributions keep things', async () => {
    const places: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
      ['k3s', 'var/lib/rancher/k3s/agent/etc/containerd/config.toml', {}],
      ['rke2', 'var/lib/rancher/rke2/agent/etc/containerd/config.toml', {}],
      ['k0s', 'etc/k0s/containerd.toml', {}],
      ['microk8s', 'var/snap/microk8s/current/args/containerd.toml', {}],
      ['talos', 'etc/cri/containerd.toml', { 'etc/os-release': 'ID=talos\n' }],
      ['bottlerocket', 'etc/containerd/config.toml', { 'etc/os-release': 'ID=bottlerocket\n' }],
      ['gke', 'etc/containerd/config.toml', { 'etc/os-release': 'ID=cos\n' }],
      ['eks', 'etc/containerd/config.toml', { 'etc/eks/x': '' }],
      ['aks', 'etc/containerd/config.toml', { 'etc/kubernetes/azure.json': '{}' }],
    ];
    for (const [name, file, more] of places) {
      await onNode({ ...more, [file]: config }, async ({ doctor }) => {
        const ran = await doctor('--containerd-version', '2.1.9', '--certs-dir', '/elsewhere', '--offline');
        assert.match(ran.out, new RegExp(`"distribution": "${name}"`));
        assert.deepEqual(told(ran).configuration, [`/${file}`], name);
        assert.ok(codesOf(ran).includes('containerd-config-path-differs'), name);
      });
    }
  });

  it('reads the configuration that the agent has in force, and what it remembers of the node', async () => {
    const stored = {
      text: 'handspegel: {certsDir: {preset: k3s}}\n',
      file: 'config.yaml',
      sha256: 'x',
      supersedes: 'x',
    };
    await onNode(
      {
        'etc/containerd/config.toml': config,
        'var/lib/handspegel/config.json': JSON.stringify(stored),
        'var/lib/handspegel/facts.json': JSON.stringify({ nodeAddresses: [], containerdVersion: 'containerd://2.1.9' }),
      },
      async ({ doctor }) => {
        const ran = await doctor('--offline');
        assert.deepEqual([told(ran).containerd, told(ran).versionFrom], ['2.1.9', 'Node object']);
        assert.ok(codesOf(ran).includes('containerd-config-path-differs'));
      },
    );
  });

  it('opens the socket only when it is asked to', async () => {
    await onNode({ 'etc/containerd/config.toml': config }, async ({ root, doctor }) => {
      const server = createHttp2Server();
      server.on('stream', (stream) => {
        const text = Buffer.from('v2.2.9');
        const body = Buffer.concat([Buffer.from([0, 0, 0, 0, text.length + 2, 0x0a, text.length]), text]);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(body);
      });
      const path = '/run/other.sock';
      mkdirSync(dirname(join(root, path)), { recursive: true });
      server.listen(join(root, path));
      await once(server, 'listening');
      const ran = await doctor('--offline', '--socket', path);
      assert.deepEqual([told(ran).containerd, told(ran).versionFrom], ['2.2.9', 'socket']);
      server.close();
      assert.ok(codesOf(await doctor('--offline', '--socket', '/run/none.sock')).includes('containerd-socket-silent'));
    });
  });

  it('prints for people what, why and what to do, and hides credentials', async () => {
    const secret = `${hostsFile(1)}[host.'http://127.0.0.1:1'.header]\nAuthorization = 'Basic c2VjcmV0'\n`;
    await onNode({ 'etc/containerd/certs.d/_default/hosts.toml': secret }, async ({ root }) => {
      const { code, out } = await handspegel(['doctor', '--root', root, '--containerd-version', '2.1.9']);
      assert.equal(code, 1);
      assert.match(
        out,
        /error containerd-config-absent {2}\/etc\/containerd\/config\.toml\n {2}what .*\n {2}why .*\n {2}do .*/,
      );
      assert.match(out, /\d+ errors?, \d+ warnings?\n$/);
      assert.doesNotMatch(out, /c2VjcmV0/);
    });
  });

  it('refuses a version that is none', async () => {
    assert.equal((await handspegel(['doctor', '--containerd-version', 'new', '--offline'])).code, 2);
  });
});
