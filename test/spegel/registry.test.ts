import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { createSpegelRegistry, type RegistryOptions, type SpegelRegistry } from '../support/spegel/registry.ts';

async function registry(t: TestContext, options: Partial<RegistryOptions> = {}): Promise<SpegelRegistry> {
  const local = { host: '127.0.0.1', port: 0 };
  const served = await createSpegelRegistry({ family: 'v0.7', addresses: [local, local], ...options });
  t.after(() => served.close());
  return served;
}

const get = (
  port: number | undefined,
  path: string,
  headers: Record<string, string> = {},
  patienceMs = 10_000,
): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, { headers, signal: AbortSignal.timeout(patienceMs) });

test('it answers as each version does', async (t) => {
  const now = await registry(t);
  const [port] = now.ports;
  assert.equal((await get(port, '/v2/')).status, 200);
  assert.equal((await get(port, '/livez')).status, 200);
  assert.equal((await get(port, '/readyz')).status, 200);
  assert.equal((await get(port, '/healthz')).status, 404);
  now.setReady(false);
  assert.equal((await get(port, '/readyz')).status, 500);
  assert.equal((await get(port, '/v2/library/busybox/manifests/latest?ns=docker.io')).status, 404);
  assert.deepEqual(now.requests.at(-1), {
    port,
    method: 'GET',
    path: '/v2/library/busybox/manifests/latest',
    namespace: 'docker.io',
    status: 404,
  });

  assert.equal((await get(port, '/v2/library/busybox/manifests/latest')).status, 404, 'a tag without its registry');

  const old = await registry(t, { family: 'v0.2' });
  assert.equal((await get(old.ports[0], '/healthz')).status, 200);
  assert.equal((await get(old.ports[0], '/livez')).status, 404);
});

test('it demands credentials for /v2/ alone', async (t) => {
  const { ports } = await registry(t, { basicAuth: { username: 'user', password: 'pass' } });
  assert.equal((await get(ports[0], '/v2/')).status, 401);
  assert.equal((await get(ports[0], '/v2/', { authorization: 'Basic dXNlcjpwYXNz' })).status, 200);
  assert.equal((await get(ports[0], '/readyz')).status, 200);
});

test('it serves the content it was given', async (t) => {
  const content = new Map([['/v2/a/manifests/b', new TextEncoder().encode('{}')]]);
  const { ports } = await registry(t, { content });
  assert.equal(await (await get(ports[0], '/v2/a/manifests/b?ns=docker.io')).text(), '{}');
});

test('one port goes wrong in each way and comes back, the other stays well', async (t) => {
  const served = await registry(t);
  const [bad, good] = served.ports;
  await served.behave('hang', bad);
  await assert.rejects(get(bad, '/v2/', {}, 200), { name: 'TimeoutError' });
  await served.behave('stall', bad);
  const stalled = await get(bad, '/v2/', {}, 1_000);
  assert.equal(stalled.status, 200);
  await assert.rejects(stalled.text(), { name: 'TimeoutError' });
  await served.behave('html', bad);
  assert.match((await get(bad, '/v2/')).headers.get('content-type') ?? '', /html/);
  await served.behave('error', bad);
  assert.equal((await get(bad, '/v2/')).status, 500);
  await served.behave('refuse', bad);
  await assert.rejects(once(connect(bad ?? 0, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  await served.behave('well', bad);
  assert.equal((await get(bad, '/v2/')).status, 200);
  assert.equal((await get(good, '/v2/')).status, 200);
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

test('both families may share a port; one that this machine lacks is refused', async (t) => {
  const { ports } = await registry(t, { addresses: [{ host: '127.0.0.1', port: 0 }] });
  const port = ports[0] ?? 0;
  if (!hasIpv6) {
    await assert.rejects(registry(t, { addresses: [{ host: '::1', port }] }), /EADDRNOTAVAIL|EAFNOSUPPORT/);
    return;
  }
  const other = await registry(t, { addresses: [{ host: '::1', port }] });
  await other.behave('error');
  assert.equal((await fetch(`http://[::1]:${port}/v2/`)).status, 500);
  assert.equal((await get(port, '/v2/')).status, 200);
});

test('it ends at once with a hanging request, and may be closed twice', async (t) => {
  const served = await registry(t);
  await served.behave('hang');
  const hanging = assert.rejects(fetch(`http://127.0.0.1:${served.ports[0]}/v2/`));
  while (served.requests.length === 0) await new Promise(setImmediate);
  await Promise.all([served.close(), served.close()]);
  await hanging;
});
