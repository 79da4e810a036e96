import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startAgent, startReadyAgent } from './support/agent.ts';
import { createPlace } from './support/place.ts';

const limitMs = 10_000;

describe('stopping the agent', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with exit code 0 on ${signal} and leaves the files as they are`, async (t) => {
      const place = createPlace(t);
      const agent = await startReadyAgent(t, place);
      const before = place.files();
      const stamp = place.stamp('_default/hosts.toml');
      const ended = await agent.stop(signal);
      t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
      assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
      assert.ok(ended.ms < limitMs, `it took ${ended.ms} ms`);
      assert.deepEqual(place.files(), before);
      assert.equal(place.stamp('_default/hosts.toml'), stamp);
    });
  }

  it('ends at once while it is still starting', async (t) => {
    const place = createPlace(t);
    const agent = startAgent(t, place);
    await agent.until('the first file', () => '_default/hosts.toml' in place.files() || undefined);
    const ended = await agent.stop();
    t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.output);
    assert.equal(place.body('_default/hosts.toml')?.includes(`http://${place.nodeIp}:30020`), true);
  });

  it('ends while somebody asks it and hangs on to the connection', async (t) => {
    const place = createPlace(t);
    const agent = await startReadyAgent(t, place);
    // fetch keeps its connection for the next request.
    assert.equal((await agent.get('/livez')).code, 200);
    const ended = await agent.stop();
    t.diagnostic(`stopped within ${Math.round(ended.ms)} ms`);
    assert.equal(ended.code, 0, ended.output);
    assert.ok(ended.ms < limitMs, `it took ${ended.ms} ms`);
  });
});
