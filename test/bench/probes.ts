import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { defaultSettings } from '../../src/core/config/settings.ts';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import { createClock } from '../../src/io/clock.ts';
import { createProber } from '../../src/prober.ts';
import { createProbes } from '../../src/probes.ts';

// Requests that many nodes make at one foreign mirror, at the real intervals: `node test/bench/probes.ts [NODES] [SECONDS]`.

const nodes = Number(process.argv[2] ?? 500);
const seconds = Number(process.argv[3] ?? 180);
let asked = 0;
const server = createServer((_request, response) => {
  asked += 1;
  response.end('{}');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const url = `http://127.0.0.1:${port}`;
const mirror: Mirror = {
  key: url,
  url,
  probeUrls: [`${url}/v2/`],
  role: 'foreign',
  address: '127.0.0.1',
  port,
  registries: ['_default'],
  near: false,
  deep: false,
  onePod: false,
  headers: {},
  ca: [],
  client: undefined,
  skipVerify: false,
};
const stop = new AbortController();
const now = (): number => performance.now();
for (let i = 0; i < nodes; i++) {
  const prober = createProber({
    now,
    later: createClock().later,
    probe: createProbes({ now, timeoutMs: () => 10_000 }),
    changed: () => undefined,
    pace: () => defaultSettings.probe,
    random: Math.random,
    signal: stop.signal,
  });
  // Nodes do not start at one moment.
  setTimeout(Math.random() * 60_000).then(() => prober.watch([mirror]));
}
await setTimeout(65_000);
const before = asked;
const perSecond: number[] = [];
for (let second = 0; second < seconds; second++) {
  const then = asked;
  await setTimeout(1_000);
  perSecond.push(asked - then);
}
const rate = (asked - before) / seconds;
const most = Math.max(...perSecond);
console.log(
  `${nodes} nodes: ${rate.toFixed(2)} requests a second, ${most} in the busiest; 5,000 nodes: ${((rate * 5_000) / nodes).toFixed(1)}`,
);
stop.abort();
server.closeAllConnections();
server.close();
