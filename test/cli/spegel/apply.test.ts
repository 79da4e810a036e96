import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { handspegel } from '../../support/command-line.ts';
import { enabled, enter, json, release } from './world.ts';

describe('spegel apply', () => {
  it('installs with the values that "spegel values" prints, waits, and has the rest rolled back', async (t) => {
    for (const [version, word] of [
      ['v4.3.1', '--rollback-on-failure'],
      ['v3.22.0', '--atomic'],
    ] as const) {
      const { helm, run, api } = await enter(t, { version });
      const { code, out, error } = await run('apply', '--timeout', '90s');
      assert.equal(code, 0, error);
      assert.match(out, /installing, for 90 s at most\ndone\n$/);
      const [change] = helm.changes();
      const words = [
        'upgrade --install spegel oci://ghcr.io/spegel-org/helm-charts/spegel --version 0.7.4 --namespace spegel',
        `--kube-apiserver ${api} --create-namespace --values - --reset-values`,
        `--description handspegel 0.1.0 --timeout 90s --wait ${word}`,
      ];
      assert.equal(change?.words.join(' '), words.join(' '));
      assert.equal(change?.input, (await run('values')).out);
      assert.equal(helm.changes().length, 1);
    }
  });

  it('makes no namespace that is there', async (t) => {
    const { helm, run } = await enter(t, { namespaces: ['kube-system'] });
    assert.equal((await run('apply', '--namespace', 'kube-system')).code, 0);
    assert.deepEqual(
      helm.changes()[0]?.words.filter((word) => word === '--create-namespace'),
      [],
    );
  });

  it('takes the chart from where it is told', async (t) => {
    const { helm, run } = await enter(t, {});
    await run('apply', '--chart', 'https://charts.example.com/x/spegel', '--chart-version', '0.7.3');
    await run('apply', '--chart', '/some/directory');
    const [first, second] = helm.changes().map(({ words }) => words.slice(3, 8));
    assert.deepEqual(first, ['spegel', '--repo', 'https://charts.example.com/x', '--version', '0.7.3']);
    assert.equal(second?.[0], '/some/directory');
  });

  it('does nothing when nothing differs', async (t) => {
    const { helm, run } = await enter(t, { release });
    const { code, out } = await run('apply');
    assert.equal(code, 0);
    assert.match(out, /nothing to do/);
    assert.deepEqual(helm.changes(), []);
  });

  it('uninstalls when enabled is false', async (t) => {
    const { helm, run, api } = await enter(t, { release, config: enabled(false) });
    assert.equal((await run('apply')).code, 0);
    assert.deepEqual(
      helm.changes().map(({ words }) => words),
      [['uninstall', 'spegel', '--namespace', 'spegel', '--kube-apiserver', api, '--timeout', '300s', '--wait']],
    );
  });

  it('uninstalls whatever chart is named, and needs none for it', async (t) => {
    const config = `${enabled(false)}handspegel: {spegel: {layout: single-port}}\n`;
    const { helm, run } = await enter(t, { release, config });
    assert.equal((await run('apply')).code, 0);
    assert.equal((await run('apply', '--chart', '/no/such/chart')).code, 0);
    assert.deepEqual(
      helm.changes().map(({ words: [verb] }) => verb),
      ['uninstall', 'uninstall'],
    );
  });

  it('tries it with --dry-run and says that it would work', async (t) => {
    const { helm, run } = await enter(t, {});
    const { code, out } = await run('apply', '--dry-run');
    assert.equal(code, 0);
    assert.match(out, /nothing is changed\nit would work\n$/);
    assert.ok(helm.changes()[0]?.words.includes('--dry-run=server'));
    assert.doesNotMatch(helm.changes()[0]?.words.join(' ') ?? '', /--wait|--rollback/);
  });

  it('does not wait for a Spegel that is alone: it never becomes ready', async (t) => {
    const { helm, run } = await enter(t, { nodes: { n1: 'containerd' } });
    const { out } = await run('apply');
    assert.match(out, /not waited for: a Spegel without another node never becomes ready/);
    assert.doesNotMatch(helm.changes()[0]?.words.join(' ') ?? '', /--wait|--rollback/);
  });

  it("fails with Helm's own words and without credentials", async (t) => {
    const config = 'cluster: {addon: {spegel: {helm_values: {x: {password: geheim}}}}}\n';
    const { run } = await enter(t, { config, refusal: 'Error: cannot use geheim at https://u:p4ss@h/ here\n' });
    const { code, error } = await run('apply');
    assert.equal(code, 1);
    assert.match(error, /^handspegel: helm upgrade failed \(exit code 1\): Error: cannot use \(redacted\)/);
    assert.match(error, /put back what was there/);
    assert.doesNotMatch(error, /geheim|p4ss/);
  });

  it('prints one JSON object for programs', async (t) => {
    const { run } = await enter(t, {});
    const told = json((await run('apply', '--json')).out);
    assert.deepEqual(
      [told['action'], told['done'], told['dryRun'], told['chartVersion']],
      ['install', true, false, '0.7.4'],
    );
  });

  it('finds Helm on PATH', async (t) => {
    const { file, helm, api } = await enter(t, { release });
    const PATH = join(helm.program, '..');
    const { code, out } = await handspegel(['spegel', 'apply', '--config', file, '--api-server', api], { PATH });
    assert.equal(code, 0, out);
    assert.ok(helm.calls().length > 0);
  });

  it("reaches another API server from inside a pod by the pod's own variables", async (t) => {
    const { file, helm, api } = await enter(t, { release });
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    await handspegel(['spegel', 'apply', '--config', file, '--api-server', api, '--helm', helm.program], env);
    assert.doesNotMatch(helm.calls().join(' '), /kube-apiserver/);
  });
});
