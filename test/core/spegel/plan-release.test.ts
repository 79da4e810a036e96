import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonMap } from '../../../src/core/config/config-json.ts';
import { awayFrom } from '../../../src/core/spegel/affinity.ts';
import { compareVersions, readChartReference, versionInLabel } from '../../../src/core/spegel/chart.ts';
import type { SpegelChoice } from '../../../src/core/spegel/choice.ts';
import { type PlanInput, planRelease, planUninstall } from '../../../src/core/spegel/plan-release.ts';
import { type Release, readSpegel, type SpegelThere } from '../../../src/core/spegel/release.ts';
import { differencesOf, secretsIn } from '../../../src/core/spegel/value-differences.ts';

const wanted: SpegelChoice = { wanted: true, by: 'nodes', reason: 'because', nodes: ['a'], keptOut: [], problems: [] };
const unwanted: SpegelChoice = { ...wanted, wanted: false };
const values = (keptOut: readonly string[]): JsonMap => ({
  x: 1,
  ...(keptOut.length === 0 ? {} : { affinity: awayFrom(keptOut.toSorted(), undefined) }),
});
const release: Release = {
  name: 'spegel',
  namespace: 'ns',
  revision: '3',
  status: 'deployed',
  chart: 'spegel-0.7.4',
  version: '0.7.4',
  description: 'handspegel 0.1.0',
  values: { x: 1 },
};
const input: PlanInput = {
  choice: wanted,
  where: { release: 'spegel', namespace: 'ns' },
  version: '0.7.4',
  versionAsked: false,
  values,
  nodes: ['a'],
  found: release,
  spegels: [],
  takeOver: false,
};
const plan = (change: Partial<PlanInput>) => planRelease({ ...input, ...change });
const daemonSet = (labels: object, annotations: object): SpegelThere => {
  const made = readSpegel({
    metadata: {
      name: 'spegel',
      namespace: 'ns',
      labels: { 'app.kubernetes.io/component': 'spegel', ...labels },
      annotations,
    },
  });
  assert.ok(made !== undefined);
  return made;
};
const ofRelease = { 'meta.helm.sh/release-name': 'spegel', 'meta.helm.sh/release-namespace': 'ns' };
const byFlux = daemonSet({ 'helm.toolkit.fluxcd.io/name': 'mirror' }, ofRelease);
const byArgo = daemonSet({}, { 'argocd.argoproj.io/tracking-id': 'spegel-app:apps/DaemonSet:ns/spegel' });
const byHelm = daemonSet({}, { ...ofRelease, 'meta.helm.sh/release-name': 'other' });

describe("what is done with Spegel's release", () => {
  it('is nothing when version and values are as wanted', () => {
    assert.equal(plan({}).action, 'nothing');
    assert.equal(plan({ choice: unwanted, found: undefined }).action, 'nothing');
  });

  it('is an installation where there is none, or one that was uninstalled with its history kept', () => {
    assert.equal(plan({ found: undefined }).action, 'install');
    assert.equal(plan({ found: { ...release, status: 'uninstalled' } }).action, 'install');
  });

  it('is an upgrade for another value, another version, or a release that failed', () => {
    const other = plan({ found: { ...release, values: { x: 2, y: { z: [1] } } } });
    assert.ok(other.action === 'upgrade');
    assert.deepEqual(other.differences, [
      { path: 'x', from: '2', to: '1' },
      { path: 'y', from: '{"z":[1]}', to: undefined },
    ]);
    const newer = plan({ found: { ...release, version: '0.7.3' } });
    assert.ok(newer.action === 'upgrade');
    assert.deepEqual(newer.versions, { from: '0.7.3', to: '0.7.4' });
    assert.equal(plan({ found: { ...release, status: 'failed' } }).action, 'upgrade');
    assert.equal(
      plan({ found: { ...release, version: 'v0.7.4' } }).action,
      'nothing',
      'a v before it is no difference',
    );
  });

  it('is never a step back to the pinned version, unless asked', () => {
    const found = { ...release, version: '0.8.0' };
    assert.match(JSON.stringify(plan({ found })), /"refuse".*0\.8\.0, which is newer/);
    assert.equal(plan({ found, versionAsked: true }).action, 'upgrade');
  });

  it('is an uninstallation when it is not wanted', () => {
    assert.equal(plan({ choice: unwanted }).action, 'uninstall');
    assert.equal(
      plan({ choice: { ...unwanted, by: 'configuration' }, found: { ...release, description: 'Upgrade complete' } })
        .action,
      'uninstall',
    );
    assert.equal(plan({ choice: unwanted, found: { ...release, status: 'uninstalling' } }).action, 'uninstall');
  });

  it("removes nobody else's release because of the nodes alone", () => {
    const found = { ...release, description: 'Install complete' };
    assert.equal(plan({ choice: unwanted, found }).action, 'refuse');
    assert.equal(plan({ choice: unwanted, found, takeOver: true }).action, 'uninstall');
  });

  it('never touches a release of another chart, however it is asked', () => {
    const found = { ...release, chart: 'spegel-exporter-1.0.0', version: versionInLabel('spegel-exporter-1.0.0') };
    for (const takeOver of [false, true]) {
      assert.match(JSON.stringify(plan({ found, takeOver })), /"refuse".*spegel-exporter-1\.0\.0, not of Spegel's/);
      assert.equal(planUninstall({ ...input, found, takeOver }).action, 'refuse');
    }
  });

  it('leaves a release that Flux manages to Flux, unless asked', () => {
    const managed = { spegels: [byFlux], found: release };
    for (const choice of [wanted, unwanted]) {
      assert.match(JSON.stringify(plan({ ...managed, choice })), /"refuse".*Flux \(mirror\)/);
    }
    assert.equal(planUninstall({ ...input, ...managed }).action, 'refuse');
    assert.equal(planUninstall({ ...input, ...managed, takeOver: true }).action, 'uninstall');
  });

  it('installs no second Spegel beside one of another release, of Argo CD or of nobody; and removes none of these', () => {
    for (const [there, name] of [
      [byArgo, 'Argo CD (spegel-app)'],
      [byHelm, 'Helm release other'],
      [daemonSet({}, {}), 'nobody that left a name'],
    ] as const) {
      for (const takeOver of [false, true]) {
        const refused = plan({ found: undefined, spegels: [there], takeOver });
        assert.ok(refused.action === 'refuse' && refused.reason.includes(name), name);
      }
      const kept = plan({ found: undefined, spegels: [there], choice: unwanted });
      assert.ok(kept.action === 'nothing' && kept.remark?.includes(name), name);
    }
  });

  it('installs nothing blindly: without the right to see other Spegels it refuses, unless asked', () => {
    assert.equal(plan({ found: undefined, spegels: undefined }).action, 'refuse');
    assert.equal(plan({ found: undefined, spegels: undefined, takeOver: true }).action, 'install');
    assert.equal(plan({ spegels: undefined }).action, 'nothing');
  });

  it('waits for a person where Helm was stopped in the middle', () => {
    for (const status of ['pending-install', 'pending-upgrade', 'pending-rollback']) {
      const refused = plan({ found: { ...release, status } });
      assert.ok(refused.action === 'refuse' && refused.hint.includes('helm rollback spegel --namespace ns'), status);
    }
  });

  it('restarts no Spegel because a node that was kept out has left the cluster', () => {
    const found = { ...release, values: values(['b', 'gone']) };
    const choice = { ...wanted, keptOut: ['b'] };
    assert.equal(plan({ found, choice, nodes: ['a', 'b'] }).action, 'nothing');
    assert.equal(plan({ found, choice, nodes: ['a', 'b', 'gone'] }).action, 'upgrade', 'it runs containerd now');
    assert.equal(plan({ found, choice: { ...choice, keptOut: ['b', 'c'] }, nodes: ['a', 'b', 'c'] }).action, 'upgrade');
  });
});

describe('differences of values', () => {
  it('show no credential, neither by its key nor in a URL, and names of Secrets', () => {
    const from = { basicAuthSecretName: 'a', service: { token: 'geheim' }, x: [{ password: 'geheim' }] };
    const to = {
      basicAuthSecretName: 'b',
      service: { token: 'neu' },
      x: [{ password: 'neu' }],
      url: 'https://u:geheim@h',
    };
    const text = JSON.stringify(differencesOf(from, to));
    assert.doesNotMatch(text, /geheim|neu/);
    assert.match(text, /basicAuthSecretName/);
    assert.match(text, /"to":"\\"b\\""/);
    assert.deepEqual(secretsIn(to), ['neu', 'neu']);
  });

  it('see no difference between a number and the same beyond 2^53', () => {
    assert.deepEqual(differencesOf({ a: 9007199254740993n }, { a: Number(9007199254740993n) }), []);
  });
});

describe("Spegel's chart", () => {
  it('is named as Helm names charts', () => {
    assert.deepEqual(readChartReference('oci://h/p/spegel'), { kind: 'oci', reference: 'oci://h/p/spegel' });
    assert.deepEqual(readChartReference('https://h/p/spegel'), {
      kind: 'repository',
      url: 'https://h/p',
      name: 'spegel',
    });
    assert.deepEqual(readChartReference('./charts/spegel'), { kind: 'path', path: './charts/spegel' });
    assert.deepEqual(['spegel-0.7.4', 'spegel-v0.0.1', 'spegel', 'x-1.0.0'].map(versionInLabel), [
      '0.7.4',
      'v0.0.1',
      undefined,
      undefined,
    ]);
    assert.ok(compareVersions('v0.10.0', '0.9.9') > 0);
  });
});
