import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { handspegel } from '../support/command-line.ts';
import { scratchDirectory, writeDirectory } from '../support/directory.ts';

const good = "[host.'http://10.0.0.5:30020']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n";

const inScratch = async (
  files: Readonly<Record<string, string>>,
  use: (dir: string) => Promise<void>,
): Promise<void> => {
  const dir = scratchDirectory();
  try {
    writeDirectory(dir, files);
    await use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

type Told = {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly severity: string;
  readonly code: string;
};

/** `line:column code` of each problem, in the order printed. */
const places = async (paths: readonly string[], more: readonly string[] = []): Promise<readonly string[]> => {
  const { out } = await handspegel(['lint', ...paths, '--json', ...more]);
  const { problems } = JSON.parse(out) as { problems: readonly Told[] };
  return problems.map(({ line, column, code }) => `${line ?? ''}:${column ?? ''} ${code}`);
};

const extension = (content: string): string =>
  `extensions:\n  mine:\n    path: templates/root_dir/etc/containerd/certs.d/r.example.com/hosts.toml\n    content: |\n${content.replaceAll(/^/gm, '      ')}\n`;

describe('lint', () => {
  it('passes good files with exit code 0', async () => {
    await inScratch(
      { 'config.yaml': extension(good), 'certs.d/_default/hosts.toml': good, 'empty.yaml': '' },
      async (dir) => {
        const ran = await handspegel(['lint', join(dir, 'config.yaml'), join(dir, 'certs.d'), join(dir, 'empty.yaml')]);
        assert.deepEqual([ran.code, ran.out, ran.error], [0, '', '3 checked: 0 errors, 0 warnings\n']);
      },
    );
  });

  it('prints file:line:column: severity code message, then the hint', async () => {
    await inScratch({ 'hosts.toml': `${good}capabilitys = ['pull']\n` }, async (dir) => {
      const { code, out } = await handspegel(['lint', join(dir, 'hosts.toml')]);
      assert.equal(code, 0);
      assert.match(
        out,
        /hosts\.toml:4:1: warning hosts-unknown-key containerd has no key capabilitys; did you mean "capabilities"\?\n {4}\S/,
      );
      assert.equal((await handspegel(['lint', '--strict', join(dir, 'hosts.toml')])).code, 1);
    });
  });

  it('judges for all versions, or for the one given', async () => {
    await inScratch({ 'hosts.toml': good.replace('10.0.0.5', '[fd00::5]') }, async (dir) => {
      const path = join(dir, 'hosts.toml');
      const { code, out } = await handspegel(['lint', path]);
      assert.equal(code, 1);
      assert.match(out, /hosts-ignored .* \(containerd 1\.6\.36, 1\.7\.35\)/);
      assert.equal((await handspegel(['lint', path, '--containerd-version', '2.2.9'])).code, 0);
    });
  });

  it('checks a tree as a whole: what hides what, and certificates', async () => {
    const files = {
      'certs.d/_default/hosts.toml': good,
      'certs.d/_default_/hosts.toml': good,
      'certs.d/a.io/hosts.toml': `${good}ca = 'ca.crt'\n`,
      'certs.d/b.io/host.toml': good,
      'certs.d/c.io_5000_/hosts.toml': good,
      'certs.d/c.io:5000/hosts.toml': good,
    };
    await inScratch(files, async (dir) => {
      mkdirSync(join(dir, 'certs.d/docker.io'));
      const { code, out } = await handspegel(['lint', dir]);
      assert.equal(code, 1);
      for (const word of [
        '_default_: error certs-default-misspelt',
        'docker.io: error certs-empty-directory',
        'host.toml: warning certs-file-name',
        'a.io/hosts.toml: error hosts-certificate-missing',
        'c.io:5000: warning certs-directory-hidden',
      ]) {
        assert.ok(out.includes(word), `${word}\n${out}`);
      }
      assert.doesNotMatch(out, /certs-owner|certs-mode/, 'modes of a checkout say nothing');
    });
  });

  it('points into the template at the line that made the wrong line', async () => {
    const content =
      "{{- range .config.master_address_ips }}\n[host.'http://{{ . }}:30020']\ncapabilities = ['pull', 'resolv']\n{{- end }}";
    await inScratch({ 'config.yaml': extension(content) }, async (dir) => {
      assert.deepEqual(await places([join(dir, 'config.yaml')], ['--containerd-version', '2.2.9']), [
        '6:7 hosts-ignored',
      ]);
    });
  });

  it('points at the column of a template that fails, and at the key of a wrong value', async () => {
    await inScratch(
      { 'a.yaml': extension('{{ .config.nope }}'), 'b.yaml': 'handspegel:\n  gate: sometimes\n' },
      async (dir) => {
        assert.deepEqual(await places([join(dir, 'a.yaml')]), ['5:17 template-error']);
        assert.deepEqual(await places([join(dir, 'b.yaml')]), ['2:9 config-value']);
      },
    );
  });

  it('gives templates example facts and stand-ins for Secrets', async () => {
    const content = `${good}# {{ .config.node_name }} {{ .config.node_address_ip }} {{ .secrets.pull.password }} {{ index .secrets "a-b" "c" }}`;
    await inScratch({ 'config.yaml': extension(content) }, async (dir) => {
      assert.deepEqual(await places([join(dir, 'config.yaml')]), []);
    });
  });

  it('finds the configuration in a ConfigMap among other documents, and in a cluster specification', async () => {
    const wrong = extension(`${good}capabilitys = []`);
    const map = `apiVersion: v1\nkind: Service\n---\nkind: ConfigMap\ndata:\n  config.yaml: |\n${wrong.replaceAll(/^/gm, '    ')}`;
    const cluster = `kind: Cluster\nspec:\n  master: {}\n  kublrAgentConfig:\n${wrong.replaceAll(/^/gm, '    ')}`;
    await inScratch({ 'map.yaml': map, 'cluster.yaml': cluster }, async (dir) => {
      assert.deepEqual(await places([join(dir, 'map.yaml')]), [
        '1: lint-not-a-configuration',
        '14:11 hosts-unknown-key',
      ]);
      assert.deepEqual(await places([join(dir, 'cluster.yaml')]), ['1:1 config-not-ours', '12:11 hosts-unknown-key']);
    });
  });

  it('warns of a certificate that may stand beside the file on each node', async () => {
    await inScratch({ 'config.yaml': extension(`${good}ca = 'theirs.crt'\n`) }, async (dir) => {
      const { code, out } = await handspegel(['lint', join(dir, 'config.yaml')]);
      assert.equal(code, 0, out);
      assert.match(out, /warning hosts-certificate-missing .*theirs\.crt is missing/);
    });
  });

  it('looks in a directory only at files of our subject', async () => {
    const files = {
      'chart/templates/ds.yaml': '{{ if .Values.x }}\na: b\n{{ end }}\n',
      'deploy/config.yaml': 'handspegel:\n  gat: off\n',
      'x/hosts.toml': good,
    };
    await inScratch(files, async (dir) => {
      const { code, out, error } = await handspegel(['lint', dir]);
      assert.equal(code, 1);
      assert.match(out, /deploy\/config\.yaml:2:3: error config-unknown-key/);
      assert.match(error, /^2 checked/);
    });
    await inScratch({ 'readme.md': 'text' }, async (dir) => {
      assert.deepEqual(await places([dir]), [': lint-nothing-found']);
    });
  });

  it('hides credentials and control characters', async () => {
    await inScratch(
      { 'hosts.toml': good.replace('http://', 'http://user:geheim@').replace('30020', '30020\\u0007') },
      async (dir) => {
        const { out } = await handspegel(['lint', join(dir, 'hosts.toml')]);
        assert.notEqual(out, '');
        assert.ok(!out.includes('geheim') && !out.includes('\u0007'), out);
      },
    );
  });

  it('speaks SARIF 2.1.0', async () => {
    await inScratch({ 'b ad/hosts.toml': 'dial_timeout = 00:00:05\n', 'x.yaml': 'cluster: 1\n' }, async (dir) => {
      const { code, out } = await handspegel([
        'lint',
        '--format',
        'sarif',
        join(dir, 'b ad/hosts.toml'),
        join(dir, 'x.yaml'),
      ]);
      assert.equal(code, 1);
      const log = JSON.parse(out) as Sarif;
      assert.equal(log.version, '2.1.0');
      assert.match(log.$schema, /sarif-2\.1\.0\.json$/);
      const [run] = log.runs;
      assert.ok(run !== undefined && run.results.length > 1);
      assert.equal(run.tool.driver.name, 'handspegel');
      for (const result of run.results) {
        assert.equal(run.tool.driver.rules[result.ruleIndex]?.id, result.ruleId);
        assert.ok(['error', 'warning', 'note', 'none'].includes(result.level));
        assert.ok(result.message.text.length > 0);
        for (const { physicalLocation } of result.locations) {
          assert.match(physicalLocation.artifactLocation.uri, /^(?:file:\/\/\/)?[^\s]+$/);
          for (const number of Object.values(physicalLocation.region ?? {}))
            assert.ok(Number.isInteger(number) && number > 0);
        }
      }
      for (const rule of run.tool.driver.rules) assert.ok(rule.shortDescription.text.length > 0);
      assert.ok(
        run.results.some(
          ({ ruleId, locations }) =>
            ruleId === 'hosts-deadly' && locations[0]?.physicalLocation.region?.startLine === 1,
        ),
      );
    });
  });

  it('gives exit code 2 for no path, a path that is not there, and a format that is none', async () => {
    for (const args of [[], ['/no/such/path'], ['.', '--format', 'xml'], ['.', '--containerd-version', 'new']]) {
      const { code, out, error } = await handspegel(['lint', ...args]);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      assert.notEqual(error, '');
    }
  });

  it('finds what policy.mirrors does not allow, at the line of the template, and takes its example node from there', async () => {
    const policy = (lists: string): string => `handspegel: { policy: { mirrors: { ${lists} } } }\n`;
    const mirror = "[host.'http://{{ .config.node_address_ip }}:30020']\n\n[host.'https://evil.example']\n";
    const full = mirror.replaceAll("']\n", "']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n");
    const files = {
      'evil.yaml': policy('cidrs: [10.0.0.0/8]') + extension(full),
      'fine.yaml': policy('cidrs: [10.0.0.0/8], hosts: [evil.example], schemes: [http, https]') + extension(good),
      'six.yaml': policy("cidrs: ['fd00::/8']"),
      'own.yaml': policy('hosts: [evil.example]'),
    };
    await inScratch(files, async (dir) => {
      assert.deepEqual(await places([join(dir, 'evil.yaml')]), ['10:13 mirror-not-allowed']);
      for (const name of ['fine.yaml', 'six.yaml'])
        assert.deepEqual(await places([join(dir, name)], ['--containerd-version', '2.4.2']), [], name);
      assert.equal((await handspegel(['lint', join(dir, 'own.yaml')])).code, 1, 'the built-in mirrors are addresses');
      const given = await handspegel(['lint', join(dir, 'fine.yaml'), '--node-ip', '192.168.0.1']);
      assert.match(
        given.out,
        /_default\/hosts\.toml from built-in breaks policy\.mirrors: host http:\/\/192\.168\.0\.1:30020/,
      );
    });
  });
});

type Sarif = {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly name: string;
        readonly rules: readonly { readonly id: string; readonly shortDescription: { readonly text: string } }[];
      };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region?: { readonly startLine: number; readonly startColumn?: number };
        };
      }[];
    }[];
  }[];
};
