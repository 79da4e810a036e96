import { it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Agent, startReadyAgent } from '../e2e/support/agent.ts';
import { type Behaviour, type Mirror, startMirror } from '../e2e/support/mirror.ts';
import { createPlace, type Place } from '../e2e/support/place.ts';
import { report, spread } from './measure.ts';

// How long the gate takes at default settings, from the fault to the file without the mirror and from the return to the
// file as it was. Some five minutes: nodes side by side, each with its own port 30020 and 30021. Quote the spread.

const path = '_default/hosts.toml';
const nodes = 8;
const deepNodes = 4;
/** No file is given back more often within an hour. */
const incidents = 3;
const faults: readonly Behaviour[] = ['silent', 'stalls', 'page', 'slow', 'breaks-off'];
const longMs = 300_000;

type Node = { readonly place: Place; readonly agent: Agent; readonly own: Mirror };
/** In seconds. */
type Times = { readonly out: number[]; readonly fromSecond: number[]; readonly back: number[] };

const names = ({ place, own }: Node): boolean =>
  place
    .body(path)
    ?.split('\n')
    .some((line) => line.startsWith(`[host.'${own.url}']`)) ?? false;

const start = async (t: TestContext): Promise<Node> => {
  const place = createPlace(t);
  const [own] = await Promise.all([30020, 30021].map((port) => startMirror(t, place.nodeIp, port)));
  if (own === undefined) throw new Error('no mirror');
  const agent = await startReadyAgent(t, place);
  const node = { place, agent, own };
  await agent.until('the mirror is in the file', () => names(node) || undefined, longMs);
  return node;
};

/** When the second of the costly samples in a row came that took it out. */
const secondSample = async ({ agent, own }: Node): Promise<number> => {
  const mirror = (await agent.status()).mirrors.find(({ url }) => url === own.url);
  const recent = mirror?.recent ?? [];
  const lastGood = recent.findLastIndex(({ verdict }) => verdict === 'up');
  return Date.parse(recent[lastGood + 2]?.at ?? '');
};

/** One fault and its end, at a moment that has nothing to do with the probes' own. */
const incident = async (node: Node, become: (fault: boolean) => void, times: Times, deep: boolean): Promise<void> => {
  await setTimeout(3_000 + Math.random() * (deep ? 60_000 : 5_000));
  const broken = Date.now();
  become(true);
  await node.agent.until('withdrawn', () => !names(node) || undefined, longMs);
  const out = Date.now();
  times.out.push((out - broken) / 1_000);
  if (!deep) times.fromSecond.push((out - (await secondSample(node))) / 1_000);
  await setTimeout(Math.random() * 5_000);
  const mended = Date.now();
  become(false);
  await node.agent.until('back', () => names(node) || undefined, longMs);
  times.back.push((Date.now() - mended) / 1_000);
};

const say = (name: string, seconds: readonly number[], goal?: number): void => {
  const told = goal === undefined ? '' : `  (goal under ${goal} s: ${Math.max(...seconds) < goal ? 'met' : 'missed'})`;
  report(name, `${spread(seconds, 's')} of ${seconds.length}${told}`);
};

it('the gate at default settings', async (t) => {
  const all = { out: [], fromSecond: [], back: [] } satisfies Times;
  const deep = { out: [], fromSecond: [], back: [] } satisfies Times;
  const started: Node[] = [];
  for (let i = 0; i < nodes + deepNodes; i++) started.push(await start(t));
  await Promise.all(
    started.map(async (node, i) => {
      const isDeep = i >= nodes;
      for (let turn = 0; turn < (isDeep ? 1 : incidents); turn++) {
        const fault = faults[(i + turn) % faults.length] ?? 'silent';
        const become = (broken: boolean): void => {
          if (isDeep) node.own.becomeDeep(broken ? 'silent' : 'not-found');
          else node.own.become(broken ? fault : 'up');
        };
        await incident(node, become, isDeep ? deep : all, isDeep);
      }
    }),
  );
  say('fault of /v2/ to file without the mirror', all.out, 12);
  say('the same, from the second failed probe', all.fromSecond, 3);
  say('return to the file as it was', all.back, 12);
  say('fault that only the deep probe sees, to the file', deep.out, 130);
  say('its return', deep.back);
});
