import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { scratch } from '../e2e/support/agent-image.ts';
import { type ApiServer, startApiServer } from '../e2e/support/api-server.ts';
import { atEnd, type Scope } from '../e2e/support/cleanup.ts';
import { kubeconfigOf } from '../e2e/support/kubeconfig.ts';
import { until } from '../e2e/support/until.ts';
import { between, type Counted, type Requests, readCounted } from './api-metrics.ts';
import { report } from './measure.ts';
import type { Heard } from './rate-clients.ts';

// Requests that many nodes make at the API server: a real one counts what real watches, facts and Events ask of it.
// `npm run bench:rate [NODES] [SECONDS AT REST]`; needs the real parts that test/e2e/prepare.sh builds. The figures for
// 5,000 nodes are those of NODES times 5,000 / NODES.

const nodes = Number(process.argv[2] ?? 200);
const seconds = Number(process.argv[3] ?? 240);
const processes = 4;
const scale = 5_000 / nodes;
/** Ten minutes and one hour, and what they are shortened to at rest, so that minutes are enough. */
const usual = { facts: 600_000, watch: 3_600_000 };
const quick = { facts: 20_000, watch: 30_000 };
const longMs = 300_000;
/** Its start, the longest pause of a watch, and the spread of the facts, in seconds. */
const afterRestart = 150;

const ends: (() => unknown)[] = [];
const scope: Scope = { after: (act: unknown) => void ends.push(act as () => unknown) };

type Clients = { readonly heard: Heard[]; readonly stop: () => Promise<void> };

const startClients = (kubeconfig: string, times: { readonly facts: number; readonly watch: number }): Clients => {
  const heard: Heard[] = [];
  const each = Math.ceil(nodes / processes);
  const children = Array.from({ length: processes }, (_, i): ChildProcess => {
    const count = Math.min(each, nodes - i * each);
    const words = [i * each, count, times.facts, times.watch].map(String);
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    const child = fork(join(import.meta.dirname, 'rate-clients.ts'), words, { env });
    child.on('message', (message) => heard.push(message as Heard));
    return child;
  });
  const stop = async (): Promise<void> => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  };
  atEnd(scope, stop);
  return { heard, stop };
};

const putConfig = async (api: ApiServer, text: string): Promise<void> => {
  const maps = '/api/v1/namespaces/default/configmaps';
  const data = { 'config.yaml': text };
  const merge = { type: 'application/merge-patch+json' };
  const { status } = await api.ask('PATCH', `${maps}/hs`, { data }, merge);
  if (status === 200) return;
  const made = await api.ask('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'hs' }, data });
  if (made.status !== 201) throw new Error(`no ConfigMap: ${made.status}`);
};

const goodConfig = (turn: number): string => `handspegel: {controlPlane: {addresses: [10.0.0.${turn}]}}\n`;

const makeNodes = async (api: ApiServer): Promise<void> => {
  for (let i = 0; i < nodes; i++) {
    const status = { nodeInfo: { containerRuntimeVersion: 'containerd://2.1.4' } };
    await api.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${i}` }, status });
  }
};

/** While an API server starts, it does not answer yet. */
const readIfUp = (api: ApiServer): Promise<Counted | undefined> => readCounted(api).catch(() => undefined);

/** A look each second. */
const looks = async (api: ApiServer, forSeconds: number, first?: Counted): Promise<readonly Requests[]> => {
  const found: Requests[] = [];
  let last = first ?? (await readCounted(api));
  const end = performance.now() + forSeconds * 1_000;
  while (performance.now() < end) {
    await setTimeout(Math.max(0, 1_000 - (performance.now() - last.at)));
    const now = await readIfUp(api);
    if (now === undefined) {
      // Nothing has been counted yet.
      last = { ...last, at: performance.now() };
      continue;
    }
    found.push(between(last, now));
    last = now;
  }
  return found;
};

const sum = (all: readonly Requests[], kind: keyof Requests): number => all.reduce((to, one) => to + one[kind], 0);
const busiest = (all: readonly Requests[]): number => Math.max(...all.map((one) => one.all / one.seconds));
const perSecond = (all: readonly Requests[], kind: keyof Requests): number => sum(all, kind) / sum(all, 'seconds');
const kinds = (all: readonly Requests[]): string =>
  `nodes ${sum(all, 'nodes')}, EndpointSlices ${sum(all, 'slices')}, watches ${sum(all, 'watches')}, Events ${sum(all, 'events')}`;

/** How long until so many of the nodes were told, after `since`, in milliseconds of the wall clock. */
const delays = (heard: readonly Heard[], since: number, what: Heard['what']): readonly number[] => {
  const first = new Map<string, number>();
  for (const one of heard) {
    if (one.what === what && one.at >= since && !first.has(one.node)) first.set(one.node, one.at - since);
  }
  return [...first.values()].toSorted((a, b) => a - b);
};

const part = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
const wall = (): number => performance.timeOrigin + performance.now();

const allHear = (clients: Clients, since: number, what: Heard['what']) =>
  until(`all nodes hear: ${what}`, () => delays(clients.heard, since, what).length === nodes, { limitMs: longMs });

const atRest = async (api: ApiServer, kubeconfig: string): Promise<void> => {
  const clients = startClients(kubeconfig, quick);
  await allHear(clients, 0, 'connected');
  // Until they no longer ask in step.
  await setTimeout(2 * quick.watch);
  const seen = await looks(api, seconds);
  await clients.stop();
  const facts = ((perSecond(seen, 'nodes') + perSecond(seen, 'slices')) * quick.facts) / usual.facts;
  const watches = (perSecond(seen, 'watches') * quick.watch) / usual.watch;
  const shortened = `facts ${usual.facts / quick.facts}, watch ${usual.watch / quick.watch} times shortened`;
  report(
    `${nodes} nodes at rest for ${seconds} s, ${shortened}`,
    `${kinds(seen)}; busiest second ${busiest(seen).toFixed(0)}`,
  );
  const all = (facts + watches) * scale;
  report('  5,000 nodes: facts + watches a second', `${(facts * scale).toFixed(2)} + ${(watches * scale).toFixed(2)}`);
  report('  5,000 nodes at rest, a second', all.toFixed(2), all, 20);
  const own = (perSecond(seen, 'nodes') * quick.facts) / usual.facts;
  report('  the same where the chart knows the control plane', ((own + watches) * scale).toFixed(2));
};

const atChange = async (api: ApiServer, clients: Clients): Promise<void> => {
  const before = await readCounted(api);
  const lasts: number[] = [];
  const halves: number[] = [];
  for (let turn = 1; turn <= 20; turn++) {
    const since = wall();
    await putConfig(api, goodConfig(turn + 1));
    await allHear(clients, since, 'told');
    const all = delays(clients.heard, since, 'told');
    halves.push(part(all, 0.5));
    lasts.push(part(all, 1));
  }
  const made = between(before, await readCounted(api));
  const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);
  const told = `told after ${part(sorted(halves), 0.5).toFixed(0)} ms (half), ${part(sorted(lasts), 0.5).toFixed(0)} ms (all)`;
  report('20 changes of the ConfigMap', `${kinds([made])}; from the PATCH on ${told}`);
};

const atRefusal = async (api: ApiServer): Promise<void> => {
  const before = await readCounted(api);
  await putConfig(api, 'extensions: [');
  const seen = await looks(api, 75, before);
  report('a broken ConfigMap', `${kinds(seen)}; busiest second ${busiest(seen).toFixed(0)}`);
  report('  5,000 nodes, the busiest second', (busiest(seen) * scale).toFixed(0));
  await putConfig(api, goodConfig(1));
};

const atRestart = async (api: ApiServer, clients: Clients, awaySeconds: number): Promise<void> => {
  await api.stop();
  const away = wall();
  await setTimeout(awaySeconds * 1_000);
  const zero: Counted = { at: performance.now(), nodes: 0, slices: 0, events: 0, watchesEnded: 0, watchesOpen: 0 };
  const starting = api.start();
  const seen = await looks(api, afterRestart, zero);
  await starting;
  const again = delays(clients.heard, away, 'connected').map((ms) => ms / 1_000);
  report(
    `API server killed, started after ${awaySeconds} s`,
    `${kinds(seen)}; busiest second ${busiest(seen).toFixed(0)}`,
  );
  const shares = [0, 0.5, 0.9, 1].map((share) => part(again, share).toFixed(1)).join('/');
  report('  watched again, from the kill on, first/half/90 %/last', `${shares} s (${again.length} nodes)`);
  report('  each second from its first answer on', seen.map((one) => Math.round(one.all / one.seconds)).join(' '));
  report('  5,000 nodes, the busiest second', (busiest(seen) * scale).toFixed(0));
};

try {
  const api = await startApiServer(scope);
  const kubeconfig = kubeconfigOf(scratch(scope, 'rate'), api.url);
  await putConfig(api, goodConfig(1));
  await makeNodes(api);
  const alone = await looks(api, 30);
  report('the API server alone for 30 s', kinds(alone));
  if (seconds > 0) await atRest(api, kubeconfig);
  const began = wall();
  const clients = startClients(kubeconfig, usual);
  await allHear(clients, began, 'connected');
  // Their first facts come with the start.
  await setTimeout(15_000);
  report('60 s at rest with the usual times', kinds(await looks(api, 60)));
  await atChange(api, clients);
  await atRefusal(api);
  await atRestart(api, clients, 0);
  await atRestart(api, clients, 60);
} finally {
  for (const end of ends.toReversed()) await end();
}
