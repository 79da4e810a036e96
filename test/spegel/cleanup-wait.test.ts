import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { waitForCleanup } from '../support/spegel/cleanup-wait.ts';

test('the last hook waits until every pod has answered three times in a row', async (t) => {
  const statuses = [200, 503, 200, 200, 200];
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    response.writeHead(statuses[paths.length - 1] ?? 500).end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const reports: string[] = [];
  const report = (message: string): unknown => reports.push(message);
  await waitForCleanup({ endpoint: `127.0.0.1:${port}`, periodMs: 1, report });
  assert.deepEqual(paths, ['/readyz', '/readyz', '/readyz', '/readyz', '/readyz']);
  assert.deepEqual(reports, [`http://127.0.0.1:${port}/readyz: 503`]);
});
