import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { type Running, startProcess, startReadyAgent } from './support/agent.ts';
import { createPlace, scratch } from './support/place.ts';

const root = join(import.meta.dirname, '../..');

/** Standard input of promtool is a file here. */
const check = (t: TestContext, text: string): Running => {
  const file = join(scratch(t), 'metrics.txt');
  writeFileSync(file, text);
  return startProcess(t, ['sh', '-c', 'promtool check metrics <"$0"', file]);
};

it('fires each alert when it should, and not before', async (t) => {
  const told = await startProcess(t, ['promtool', 'test', 'rules', join(root, 'test/e2e/alerts/alerts.test.yaml')])
    .ended;
  assert.equal(told.code, 0, told.output);
});

it("pleases Prometheus' own linter: the golden text", async (t) => {
  const told = await check(t, readFileSync(join(root, 'test/http/golden/metrics.txt'), 'utf8')).ended;
  assert.deepEqual([told.code, told.output.trim()], [0, '']);
});

it("pleases Prometheus' own linter: what a running agent says of itself", async (t) => {
  const agent = await startReadyAgent(t, createPlace(t, { controlPlane: ['127.0.0.1'] }));
  await agent.until('its mirrors were asked', async () =>
    (await agent.status()).mirrors.some(({ recent }) => recent.length > 0),
  );
  const { code, body } = await agent.get('/metrics');
  assert.equal(code, 200);
  for (const sample of [
    /^handspegel_phase\{phase="bootstrap"\} 1$/m,
    /^handspegel_mirror_up\{port="30020",role="local",address="[^"]+"\} 0$/m,
    /^handspegel_writes_total\{registry="_default",reason="bootstrap",result="done"\} 1$/m,
    /^handspegel_phase_transitions_total\{from="start",to="bootstrap",reason="no-spegel-file"\} 1$/m,
    /^handspegel_mirror_probe_duration_seconds_count\{role="local",depth="shallow"\} [1-9]/m,
    /^handspegel_reconcile_duration_seconds_count [1-9]/m,
    /^process_resident_memory_bytes [1-9]/m,
  ])
    assert.match(body, sample);
  const told = await check(t, body).ended;
  assert.deepEqual([told.code, told.output.trim()], [0, '']);
});

it("pleases Prometheus' own linter: registries with hostile names", async (t) => {
  const place = createPlace(t);
  const names = ['evil"},x{a="', 'new\nline.io', 'back\\slash.io', '\u202egpj.io', 'x'.repeat(200), '\u001b[31mred'];
  for (const name of names) {
    mkdirSync(join(place.certsDir, name), { recursive: true });
    writeFileSync(join(place.certsDir, name, 'hosts.toml'), "[host.'http://127.0.0.1:1']\n");
  }
  const agent = await startReadyAgent(t, place);
  const { body } = await agent.get('/metrics');
  assert.equal(body.match(/^handspegel_file_writer\{.*writer="foreign"\} 1$/gm)?.length, names.length);
  const told = await check(t, body).ended;
  assert.deepEqual([told.code, told.output.trim()], [0, '']);
});
