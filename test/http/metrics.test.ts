import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { problemCodes } from '../../src/core/problem-codes.ts';
import type { FileStatus, MirrorStatus, Status } from '../../src/core/status.ts';
import { createTelemetryBuffer } from '../../src/core/telemetry.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { compareGolden } from '../support/golden.ts';
import { file, mirror, withdrawn as withdrawnStatus } from './support/statuses.ts';

const golden = join(import.meta.dirname, 'golden/metrics.txt');
const documentation = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

const withdrawn: Status = { ...withdrawnStatus, agentVersion: '1.2.3' };

const scrapeOf = async (status: Status, options: { readonly process?: boolean } = {}) => {
  const telemetry = createTelemetryBuffer();
  const { tell } = telemetry;
  tell({ kind: 'pass', durationMs: 3 });
  const metrics = createMetrics({ status: () => status, listen: telemetry.listen, now: () => 1_000_000, ...options });
  return { metrics, tell, text: () => metrics.scrape() };
};

const seriesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const namesOf = (text: string): readonly string[] =>
  [...text.matchAll(/^# TYPE (handspegel_\S+) /gm)].map(([, name = '']) => name);

describe('/metrics', () => {
  it('is as the golden file says, with what happened before anybody counted', async () => {
    const { tell, text } = await scrapeOf(withdrawn, { process: false });
    tell({ kind: 'pass', durationMs: 12 });
    tell({ kind: 'write', registry: '_default', reason: 'withdrawn', result: 'done' });
    tell({ kind: 'foreign-write', registry: '_default', writer: 'spegel' });
    tell({ kind: 'phase', from: 'spegel', to: 'withdrawn', reason: 'mirrors-cost-pulls' });
    tell({ kind: 'probe', role: 'local', depth: 'shallow', verdict: 'hung', durationMs: 1_000 });
    tell({ kind: 'probe', role: 'local', depth: 'deep', verdict: 'up', durationMs: 4 });
    tell({ kind: 'render-error', template: 'great.io' });
    const shown = (await text()).replaceAll(process.version, 'NODE');
    compareGolden(golden, shown);
  });

  it('has each metric in docs/metrics.md, and no other is there', async () => {
    const { text } = await scrapeOf(withdrawn, { process: false });
    const documented = [...documentation.matchAll(/^## `(handspegel_[a-z_]+)`/gm)].map(([, name = '']) => name);
    assert.deepEqual(documented.toSorted(), namesOf(await text()).toSorted());
    for (const section of documentation.split(/^## /m).slice(1)) {
      assert.match(section, /\n\n(?:Gauge|Counter|Histogram)/, section.slice(0, 40));
      assert.match(section, /```promql\n/, section.slice(0, 40));
    }
  });

  it('counts the problems that the status tells, by code', async () => {
    const refused = { code: 'config-syntax', severity: 'error', message: 'a tab', hint: 'Use spaces.' } as const;
    const problems = [
      refused,
      { ...refused, line: 2 },
      { ...refused, code: 'config-unknown-key', severity: 'warning' },
    ] as const;
    for (const { code } of problems) assert.ok(problemCodes.includes(code), code);
    const { text } = await scrapeOf({ ...withdrawn, problems }, { process: false });
    const shown = seriesOf(await text()).filter((line) => line.startsWith('handspegel_problems'));
    assert.deepEqual(shown, [
      'handspegel_problems{severity="error",code="config-syntax"} 2',
      'handspegel_problems{severity="warning",code="config-unknown-key"} 1',
    ]);
  });

  it('always has the two ports of the document', async () => {
    const { text } = await scrapeOf({ ...withdrawn, mirrors: [] }, { process: false });
    const shown = await text();
    assert.match(shown, /^handspegel_mirror_up\{port="30020",role="local",address="[^"]*"\} 0$/m);
    assert.match(shown, /^handspegel_mirror_up\{port="30021",role="service",address="[^"]*"\} 0$/m);
  });

  it('shows the worst of mirrors that share address and port', async () => {
    const url = 'http://10.0.0.9:443';
    const two: readonly MirrorStatus[] = [mirror({ url }), mirror({ url: `${url}/x`, verdict: 'hung' })];
    const { text } = await scrapeOf({ ...withdrawn, mirrors: two }, { process: false });
    assert.match(await text(), /handspegel_mirror_up\{port="443",role="local",address="10\.0\.0\.9"\} 0/);
  });

  it('stays under 2,000 series however hostile the input', async () => {
    const hostile = Array.from({ length: 3_000 }, (_, i) => `registry-${i}-${'x'.repeat(300)}"\n\\{}`);
    const files: readonly FileStatus[] = hostile.map((name) => file({ path: `${name}/hosts.toml`, deadly: 'boom' }));
    const mirrors = hostile.map((_, i) =>
      mirror({ url: `http://10.${i >> 8}.${i & 255}.1:${1_000 + i}`, role: i % 2 === 0 ? 'foreign' : 'control-plane' }),
    );
    const own = mirror({ url: 'http://10.0.0.5:30020' });
    const defaultFile = file({ path: '_default/hosts.toml', writer: 'spegel' });
    const status = { ...withdrawn, files: [...files, defaultFile], mirrors: [...mirrors, own] };
    const { tell, text } = await scrapeOf(status);
    for (const name of hostile) {
      tell({ kind: 'write', registry: name, reason: 'repair', result: 'done' });
      tell({ kind: 'foreign-write', registry: name, writer: 'foreign' });
      tell({ kind: 'phase', from: 'spegel', to: 'conflict', reason: name });
      tell({ kind: 'render-error', template: name });
    }
    const shown = await text();
    const series = seriesOf(shown);
    assert.ok(series.length < 2_000, `${series.length} series`);
    assert.ok(series.some((line) => line.startsWith('handspegel_writes_total{registry="other"')));
    assert.match(shown, /^handspegel_mirror_up\{port="30020",role="local",address="10\.0\.0\.5"\} 1$/m);
    assert.match(shown, /^handspegel_file_writer\{registry="_default",writer="spegel"\} 1$/m);
    for (const line of series) assert.match(line, /^[a-z0-9_]+(?:\{.*\})? (?:-?[0-9.e+-]+|nan)$/i);
  });

  it('counts every probe, however many come between two scrapes', async () => {
    const { tell, text } = await scrapeOf(withdrawn, { process: false });
    const probe = { kind: 'probe', role: 'service', depth: 'shallow', verdict: 'up', durationMs: 2 } as const;
    const counted = async (): Promise<string | undefined> =>
      /^handspegel_mirror_probe_duration_seconds_count\{.*\} (\d+)$/m.exec(await text())?.[1];
    assert.equal(await counted(), undefined);
    for (const count of [1, 500, 1_234]) {
      const before = Number((await counted()) ?? 0);
      for (let probes = 0; probes < count; probes += 1) tell(probe);
      assert.equal(Number(await counted()), before + count);
    }
  });

  it('forgets what a status no longer says', async () => {
    let status: Status = { ...withdrawn, files: [file({ path: 'gone.io/hosts.toml' })] };
    const telemetry = createTelemetryBuffer();
    const metrics = createMetrics({ status: () => status, listen: telemetry.listen, now: () => 0, process: false });
    assert.match(await metrics.scrape(), /gone\.io/);
    status = { ...status, files: [] };
    assert.doesNotMatch(await metrics.scrape(), /gone\.io/);
  });
});
