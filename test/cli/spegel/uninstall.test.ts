import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { enter, release } from './world.ts';

describe('spegel uninstall', () => {
  it('uninstalls whatever the configuration says, and does nothing when there is nothing', async (t) => {
    const there = await enter(t, { release: { ...release, description: 'Install complete' } });
    assert.equal((await there.run('uninstall')).code, 0);
    assert.equal(there.helm.changes()[0]?.words[0], 'uninstall');
    const gone = await enter(t, {});
    const { code, out } = await gone.run('uninstall');
    assert.equal(code, 0);
    assert.match(out, /nothing to do/);
    assert.deepEqual(gone.helm.changes(), []);
  });

  it("never uninstalls a release of another chart, nor one of Flux's", async (t) => {
    const labels = { 'app.kubernetes.io/component': 'spegel', 'helm.toolkit.fluxcd.io/name': 'mirror' };
    const annotations = { 'meta.helm.sh/release-name': 'spegel', 'meta.helm.sh/release-namespace': 'spegel' };
    const byFlux = { metadata: { name: 'spegel', namespace: 'spegel', labels, annotations } };
    for (const world of [{ release: { ...release, chart: 'other-1.0.0' } }, { release, daemonSets: [byFlux] }]) {
      const { run, helm } = await enter(t, world);
      assert.equal((await run('uninstall')).code, 1);
      assert.deepEqual(helm.changes(), []);
    }
  });
});
