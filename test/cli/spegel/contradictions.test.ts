import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { handspegel } from '../../support/command-line.ts';
import { enabled, enter, json } from './world.ts';

describe('contradictions between the chart values and the files', () => {
  const prefix = 'templates/root_dir/etc/containerd/certs.d';
  const text = `cluster:
  addon:
    spegel:
      helm_values:
        basicAuthSecretName: auth
        service:
          registry:
            nodePort: 30031
        spegel:
          containerdMirrorAdd: true
          containerdRegistryConfigPath: /etc/other/certs.d
extensions:
  great:
    path: ${prefix}/great.io/hosts.toml
    content: |
      [host.'http://{{ .config.node_address_ip }}:30020']
      capabilities = ['pull', 'resolve']
      [host.'http://{{ .config.node_address_ip }}:30021']
      capabilities = ['pull', 'resolve']
handspegel:
  certsDir:
    preset: k0s
`;
  const expected = [
    '11:11 certs-dir-differs 22:5',
    '13: spegel-moves-registries 10:11',
    '16:7 spegel-auth-missing 5:9',
    '18:7 spegel-ports-differ 8:13',
  ];
  type Told = { code: string; line: number; column?: number; related?: { line: number; column: number }[] };
  const places = (problems: readonly Told[]) =>
    problems
      .filter(({ related }) => related !== undefined)
      .map(
        ({ code, line, column, related = [] }) =>
          `${line}:${column ?? ''} ${code} ${related.map((one) => `${one.line}:${one.column}`).join()}`,
      )
      .toSorted();

  it('are told with both places by lint, also inside a ConfigMap, and by the spegel commands', async (t) => {
    const { run, file } = await enter(t, { config: text });
    const linted = json((await handspegel(['lint', file, '--json'])).out)['problems'] as Told[];
    assert.deepEqual(places(linted), expected);
    const planned = json((await run('plan', '--json')).out)['problems'] as Told[];
    assert.deepEqual(places(planned), expected);
    const { error } = await run('values');
    assert.match(
      error,
      /config\.yaml:18:7: warning spegel-ports-differ .*30021.*30020 and 30031\n {4}\S*config\.yaml:8:13: the value nodePort of Spegel's chart\n {4}\S/,
    );

    const map = `kind: ConfigMap\ndata:\n  config.yaml: |\n${text.replaceAll(/^(?=.)/gm, '    ')}`;
    writeFileSync(file, map);
    const inMap = json((await handspegel(['lint', file, '--json'])).out)['problems'] as Told[];
    assert.ok(places(inMap).includes('21:11 spegel-ports-differ 11:17'), places(inMap).join());
  });

  it('are none in the examples of the document, nor for another service of the node', async (t) => {
    const other = `extensions:\n  a:\n    path: ${prefix}/a.io/hosts.toml\n    content: |\n      [host.'http://{{ .config.node_address_ip }}:30020']\n      [host.'http://{{ .config.node_address_ip }}:5000']\n`;
    const { run, file } = await enter(t, { config: other });
    assert.doesNotMatch((await run('values')).error, /(?:warning|error) spegel-/);
    for (const name of ['06-specific-mirror', '07-go-template', '08-specific-registries']) {
      const path = new URL(`../../document/${name}.yaml`, import.meta.url).pathname;
      const { code, error } = await handspegel(['spegel', 'values', '--config', path]);
      assert.equal(code, 0);
      assert.doesNotMatch(error, /(?:warning|error) spegel-/, name);
    }
    writeFileSync(file, enabled(false) + text.slice(text.indexOf('extensions:')));
    assert.doesNotMatch(
      (await run('values')).error,
      /(?:warning|error) spegel-(?!not-wanted)/,
      'without Spegel there is none to contradict',
    );
  });

  it("tell a value of the document's example that stands where no chart reads it", async () => {
    const path = new URL('../../document/02-helm-values-map.yaml', import.meta.url).pathname;
    const { code, out } = await handspegel(['lint', path]);
    assert.equal(code, 0);
    assert.match(out, /02-helm-values-map\.yaml:7:13: info spegel-value-moved /);
  });

  it("tell a filter of the document's example that matches no image, wherever it stands", async (t) => {
    const path = new URL('../../document/02-helm-values-map.yaml', import.meta.url).pathname;
    const { out } = await handspegel(['lint', path]);
    assert.match(
      out,
      /02-helm-values-map\.yaml:7:13: warning spegel-filter-matches-nothing the filter \^docker\\\\\.io\/ asks/,
    );
    assert.match(out, /spegel-filter-matches-nothing the filter \^ghcr\\\\\.io\/ asks/);
    assert.doesNotMatch(out, /filter \.\*:latest\$ asks/);
    const filters = String.raw`['^docker\.io/', "^quay\\.io/", '^a\.io/', '[\]', 'x\\?', 'a|\\b', '\\.io']`;
    const { file } = await enter(t, {
      config: `cluster: {addon: {spegel: {helm_values: {spegel: {registryFilters: ${filters}}}}}}\n`,
    });
    const problems = json((await handspegel(['lint', '--json', file])).out)['problems'] as {
      code: string;
      message: string;
    }[];
    assert.deepEqual(
      problems
        .filter(({ code }) => code === 'spegel-filter-matches-nothing')
        .map(({ message }) => message.split(' ')[2]),
      [String.raw`\\.io`],
    );
  });

  it('are related locations in SARIF', async (t) => {
    const { file } = await enter(t, { config: text });
    const { out } = await handspegel(['lint', '--format', 'sarif', file]);
    assert.match(out, /"relatedLocations": \[\s+\{\s+"physicalLocation"/);
  });
});
