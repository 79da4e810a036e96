import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { pinnedChart, readChartReference } from '../../../src/core/spegel/chart.ts';
import { type ManifestInput, manifestKinds, spegelManifest } from '../../../src/core/spegel/manifest.ts';
import { compareGolden } from '../../support/golden.ts';

const golden = join(import.meta.dirname, 'golden');

const input: ManifestInput = {
  chart: readChartReference(pinnedChart.reference),
  version: pinnedChart.version,
  release: 'spegel',
  namespace: 'mirrors',
  toolNamespace: undefined,
  values: { service: { registry: { nodePort: 30031 } } },
  wanted: true,
  comment: 'Spegel: because.',
};
const nulls: ManifestInput = { ...input, values: { resources: { limits: { memory: null } } } };
const classic: ManifestInput = { ...input, chart: readChartReference('https://charts.example.com/stable/spegel') };

describe("Spegel's installation by another tool", () => {
  for (const kind of manifestKinds) {
    for (const [name, given] of Object.entries({ plain: input, nulls, classic })) {
      it(`is what ${kind} takes: ${name}`, () => {
        const text = spegelManifest(kind, given);
        compareGolden(join(golden, `${kind}-${name}.golden.yaml`), text);
        for (const document of parseAllDocuments(text)) assert.deepEqual('errors' in document && document.errors, []);
      });
    }
  }

  it('is nothing but a comment when Spegel is not wanted; a helmfile says so itself', () => {
    for (const kind of ['argocd', 'flux'] as const) {
      assert.equal(spegelManifest(kind, { ...input, wanted: false }), '# Spegel: because.\n');
    }
    const { releases } = parse(spegelManifest('helmfile', { ...input, wanted: false })) as {
      releases: [{ installed: boolean }];
    };
    assert.equal(releases[0].installed, false);
  });

  it('names no chart on this machine to a tool elsewhere', () => {
    const here = { ...input, chart: readChartReference('./spegel') };
    assert.throws(() => spegelManifest('argocd', here), /Argo CD could fetch/);
    assert.throws(() => spegelManifest('flux', here), /Flux could fetch/);
    assert.match(spegelManifest('helmfile', here), /chart: \.\/spegel/);
  });
});
