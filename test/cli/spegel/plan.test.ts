import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { enter, json, release, type World } from './world.ts';

describe('spegel plan', () => {
  it('says what would be done and why with exit code 3, and changes nothing', async (t) => {
    const { helm, run } = await enter(t, { nodes: { n1: 'containerd', n2: 'containerd', n3: 'cri-o' } });
    const { code, out, error } = await run('plan');
    assert.equal(code, 3, error);
    assert.equal(
      out,
      `spegel in namespace spegel: install
  2 nodes run containerd: n1, n2; kept out by node affinity: n3 (cri-o)
  chart  0.7.4
`,
    );
    assert.deepEqual(helm.changes(), []);
  });

  it('has nothing to do when the release is as wanted', async (t) => {
    const { run } = await enter(t, { release });
    const { code, out } = await run('plan');
    assert.equal(code, 0);
    assert.match(out, /^spegel in namespace spegel: nothing to do\n/);
  });

  it('shows each value that differs, without credentials, for people and programs', async (t) => {
    const config =
      'cluster: {addon: {spegel: {helm_values: {service: {registry: {nodePort: 30031}}, x: {password: geheim}}}}}\n';
    const { run } = await enter(t, { release: { ...release, chart: 'spegel-0.7.3' }, config });
    const { code, out } = await run('plan');
    assert.equal(code, 3);
    assert.match(out, /upgrade\n {2}another chart version, 2 values differ\n/);
    assert.match(out, /chart +0\.7\.3 -> 0\.7\.4\n/);
    assert.match(out, /service\.registry\.nodePort +30021 -> 30031\n/);
    const told = json((await run('plan', '--json')).out);
    assert.equal(told['action'], 'upgrade');
    assert.deepEqual((told['enabled'] as { nodes: unknown }).nodes, ['n1', 'n2']);
    for (const text of [out, JSON.stringify(told)]) assert.doesNotMatch(text, /geheim/);
  });

  it('asks no cluster for its nodes when they are given', async (t) => {
    const { run } = await enter(t, {});
    const { out } = await run('plan', '--runtime', 'a=containerd,b=cri-o');
    assert.match(out, /1 node runs containerd: a; kept out by node affinity: b \(cri-o\)/);
    const none = await run('plan', '--runtime', 'cri-o');
    assert.equal(none.code, 0);
    assert.match(none.out, /no node runs containerd: node-1 \(cri-o\)/);
  });

  it('fails, with what to do, where it may not act: exit code 1', async (t) => {
    const foreign = { metadata: { name: 's', namespace: 'x', labels: { 'app.kubernetes.io/component': 'spegel' } } };
    const cases: readonly [World, RegExp][] = [
      [{ release: { ...release, chart: 'other-1.0.0' } }, /of chart other-1\.0\.0, not of Spegel's/],
      [{ release: { ...release, status: 'pending-upgrade' } }, /helm rollback spegel/],
      [{ daemonSets: [foreign] }, /Spegel runs already: DaemonSet x\/s of nobody/],
      [{ daemonSets: 'forbidden' }, /--take-over/],
    ];
    for (const [world, expected] of cases) {
      const { run, helm } = await enter(t, world);
      for (const command of ['plan', 'apply']) {
        const { code, out } = await run(command);
        assert.equal(code, 1, out);
        assert.match(out, /refuse\n/);
        assert.match(out, expected);
      }
      assert.deepEqual(helm.changes(), []);
    }
  });

  it('fails where the chart has other ports than the agents count on', async (t) => {
    const { run } = await enter(t, { config: 'handspegel: {spegel: {layout: single-port}}\n' });
    const { code, error } = await run('plan');
    assert.equal(code, 1);
    assert.match(error, /error spegel-chart-layout chart 0\.7\.4 has a host port and a node port/);
    assert.equal((await run('plan', '--chart-version', '0.8.0')).code, 3);
    assert.equal((await run('plan', '--chart', 'some/directory')).code, 1, 'its own values have a host port');
  });

  it('fails with what is wrong when there is no Helm, or one that is too old', async (t) => {
    const { run } = await enter(t, { version: 'v3.12.3' });
    const old = await run('plan');
    assert.deepEqual(
      [old.code, old.error],
      [1, 'handspegel: this is Helm 3.12: 3.13 or later, or 4 is needed (--helm)\n'],
    );
    const none = await run('plan', '--helm', '/no/such/helm');
    assert.equal(none.code, 1);
    assert.match(none.error, /there is no \/no\/such\/helm: install Helm 3 or 4/);
  });

  it('refuses a configuration that the agents would refuse', async (t) => {
    const { run, helm } = await enter(t, { config: 'handspegel: {gate: maybe}\n' });
    const { code, error } = await run('apply');
    assert.equal(code, 1);
    assert.match(error, /config\.yaml:1:20: error config-value/);
    assert.deepEqual(helm.calls(), []);
  });
});
