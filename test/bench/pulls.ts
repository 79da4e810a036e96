import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, setPriority } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { scratch } from '../e2e/support/place.ts';
import { type PullClient, type Pulled, pullOnce, startClients } from '../e2e/support/pull-client.ts';
import { type Compared, type Comparison, createComparison, medianInterval } from '../e2e/support/pull-compare.ts';
import { faults } from '../e2e/support/pull-faults.ts';
import { createPullNode, createPullWorld, type PullNode, type PullWorld } from '../e2e/support/pull-node.ts';
import { median } from './measure.ts';

// Writes the tables of docs/pulls.md: `npm run bench:pulls [-- PAIRS]`. 10 minutes on a quiet machine, up to an hour on a busy one; quote the ratios.

/** A cell is measured until its ratio is known to 3 % either way, or this often. */
const mostPairs = Number(process.argv[2] ?? 50);
const fewestPairs = Math.min(16, mostPairs);
const known = 0.03;
const goal = 1.05;
const cutMs = 20_000;
const image = 'image-1024k';
const document = join(import.meta.dirname, '../../docs/pulls.md');

type Cell = { readonly node: PullNode; readonly client: PullClient };

const say = (text: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const startNodes = async (t: TestContext, world: PullWorld): Promise<readonly PullNode[]> => {
  const nodes: PullNode[] = [];
  for (const fault of faults) {
    for (const writer of ['us', 'Spegel'] as const) {
      nodes.push(await createPullNode(t, world, { fault, writer, address: `10.78.0.${nodes.length + 1}` }));
    }
  }
  return nodes;
};

const nameOf = ({ node, client }: Cell): string => `${node.fault.title}, file by ${node.writer}, ${client.name}`;

const seconds = (ms: number): string => (ms / 1_000).toFixed(ms < 10_000 ? 3 : 1);

const told = (pulled: Pulled | undefined): string => {
  if (pulled === undefined) return '';
  const { outcome, ms } = pulled;
  if (outcome === 'cut') return `cut at ${cutMs / 1_000} s`;
  return outcome === 'pulled' ? `${seconds(ms)} s` : `**${outcome}** (${seconds(ms)} s)`;
};

const ratioOf = ({ ratio, between: [low, high] }: Pick<Compared, 'ratio' | 'between'>): string =>
  `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;

const isKnown = ({ ratios, between: [low, high] }: Compared): boolean =>
  ratios.length >= mostPairs || (ratios.length >= fewestPairs && high - low <= 2 * known);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Replaces what stands between the marks of that name. */
const writeBetween = (name: string, text: string): void => {
  const [begin, end] = [`<!-- ${name}: begin, by npm run bench:pulls -->`, `<!-- ${name}: end -->`];
  const whole = readFileSync(document, 'utf8');
  const [at, until] = [whole.indexOf(begin), whole.indexOf(end)];
  if (at < 0 || until < at) throw new Error(`docs/pulls.md lacks the marks of ${name}`);
  writeFileSync(document, `${whole.slice(0, at + begin.length)}\n${text}\n${whole.slice(until)}`);
};

const dies = ({ node }: Cell): boolean => node.fault.name === 'dies';
/** Pulls that wait without the gate, so that they can wait together. */
const waits = ({ node: { fault } }: Cell): boolean => fault.costly || fault.seenBy === 'nothing';

/** What happens to a pull that is under way when the mirror dies. */
const measureDeaths = async (cells: readonly Cell[]): Promise<void> => {
  const rows: (readonly string[])[] = [];
  for (const { node, client } of cells.filter(dies)) {
    const took: Pulled[] = [];
    for (let time = 0; time < 5; time++) {
      await node.mend();
      await node.break();
      took.push(await pullOnce(client, { image, hostsDir: node.place.certsDir, limitMs: cutMs }));
    }
    const outcomes = [...new Set(took.map(({ outcome }) => outcome))].join(', ');
    const times = took.map(({ ms }) => ms).toSorted((a, b) => a - b);
    rows.push([node.writer, client.name, outcomes, `${times.map((ms) => seconds(ms)).join(', ')} s`]);
  }
  writeBetween('deaths', table(['file by', 'containerd', 'the pull', 'took'], rows));
};

/** Breaks what has not died, and waits for all gates. */
const settle = async (nodes: readonly PullNode[]): Promise<void> => {
  const whole = nodes.filter(({ fault }) => fault.name !== 'dies');
  await Promise.all(whole.map((node) => node.break()));
  await Promise.all(
    whole.map(async (node) => {
      const ms = await node.settled();
      if (node.namesMirrors() === node.fault.costly) throw new Error(`not settled: ${node.fault.title}`);
      say(`settled: ${node.fault.title}, file by ${node.writer}, after ${seconds(ms)} s`);
    }),
  );
};

/** One pull for each cell by the file that nobody looks after. */
const pullUnguarded = async (cells: readonly Cell[]): Promise<ReadonlyMap<Cell, Pulled>> => {
  const pulled = new Map<Cell, Pulled>();
  const pull = async (cell: Cell, one: string, together: boolean): Promise<void> => {
    const options = { image: one, hostsDir: cell.node.unguarded, limitMs: cutMs, together };
    pulled.set(cell, await pullOnce(cell.client, options));
  };
  for (const cell of cells) if (!waits(cell)) await pull(cell, image, false);
  await Promise.all(cells.filter(waits).map((cell, i) => pull(cell, `other-${i}-1024k`, true)));
  const seen = cells
    .filter(({ node }) => node.fault.seenBy === 'nothing')
    .map((cell) => [cell.node.writer, cell.client.name, told(pulled.get(cell))]);
  writeBetween('blobs', table(['file by', 'containerd', 'the pull'], seen));
  return pulled;
};

type Row = Comparison & { readonly client: PullClient; readonly cell: Cell | undefined };

const printRow = ({ client, cell, result }: Row, unguarded: ReadonlyMap<Cell, Pulled>): readonly string[] => {
  const compared = result();
  return [
    cell?.node.fault.title ?? '(no file in either)',
    cell?.node.writer ?? '',
    client.name,
    seconds(compared.without),
    seconds(compared.gated),
    ratioOf(compared),
    String(compared.ratios.length),
    cell === undefined ? '' : told(unguarded.get(cell)),
  ];
};

const head = [
  'a mirror …',
  'file by',
  'containerd',
  'no mirror, s',
  'gate settled, s',
  'ratio',
  'pairs',
  'no handspegel',
];

/** All pairs of one fault together, whoever wrote the file and whichever containerd pulled. */
const faultRows = (rows: readonly Row[]): readonly (readonly string[])[] => {
  const byFault = Map.groupBy(rows, ({ cell }) => cell?.node.fault.title ?? '(no file in either)');
  return [...byFault].map(([title, all]) => {
    const ratios = all.flatMap(({ result }) => result().ratios);
    const ratio = median(ratios);
    const isMet = title.startsWith('(') ? '' : ratio <= goal ? 'met' : '**missed**';
    return [title, ratioOf({ ratio, between: medianInterval(ratios) }), String(ratios.length), isMet];
  });
};

/** Other work on this machine disturbs less; what is started from here inherits it. */
const raisePriority = (t: TestContext): void => {
  const group = '/proc/self/autogroup';
  setPriority(-19);
  if (!existsSync(group)) return;
  writeFileSync(group, '-19');
  t.after(() => writeFileSync(group, '0'));
};

const loads = (): string => `${(loadavg()[2] ?? 0).toFixed(1)} on ${availableParallelism()} processors`;

it('pulls beside bad mirrors', async (t) => {
  raisePriority(t);
  const dir = scratch(t);
  const none = join(dir, 'none');
  const world = await createPullWorld(t, dir);
  const clients = await startClients(t, world);
  const nodes = await startNodes(t, world);
  const cells = nodes.flatMap((node) => clients.map((client) => ({ node, client })));
  say(`${nodes.length} nodes, ${clients.length} ways to pull`);
  // Page caches, and images that the registries make at their first asking.
  for (const client of clients) await pullOnce(client, { image, hostsDir: none, limitMs: cutMs });
  await measureDeaths(cells);
  await settle(nodes);
  const unguarded = await pullUnguarded(cells);
  say('without handspegel: done');

  const rows: readonly Row[] = [
    ...clients.map((client) => ({ client, cell: undefined, certsDir: `${none}-too`, what: 'no mirror' })),
    ...cells
      .filter(({ node }) => node.fault.seenBy !== 'nothing')
      .map((cell) => ({ client: cell.client, cell, certsDir: cell.node.place.certsDir, what: nameOf(cell) })),
  ].map((one) => ({ ...one, ...createComparison({ ...one, image, none }) }));
  // Round after round, so that a busy minute of this machine meets all cells.
  for (let open = rows; open.length > 0; open = open.filter(({ result }) => !isKnown(result()))) {
    for (const { pull } of open) await pull();
    say(`${open.length} cells to go`);
  }
  const ratios = rows.filter(({ cell }) => cell !== undefined).map(({ result }) => result().ratio);
  const met = ratios.filter((ratio) => ratio <= goal).length;
  const sum = `${met} of ${ratios.length} cells have a median of at most ${goal}, the worst ${Math.max(...ratios).toFixed(2)}; load average of this machine ${loads()}.`;
  writeBetween('faults', table(['a mirror …', 'ratio', 'pairs', `goal ${goal}`], faultRows(rows)));
  writeBetween(
    'pulls',
    `${sum}\n\n${table(
      head,
      rows.map((row) => printRow(row, unguarded)),
    )}`,
  );
  say(sum);
});
