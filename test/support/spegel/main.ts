import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { waitForCleanup } from './cleanup-wait.ts';
import { families, isFamily } from './families.ts';
import { type Address, type Behaviour, behaviours, createSpegelRegistry } from './registry.ts';
import { createSpegel } from './spegel.ts';
import type { Pause } from './steps.ts';
import type { Values } from './values.ts';

const usage = `Spegel's stand-in, by hand:

  node test/support/spegel/main.ts configuration --certs-dir DIR --node-ip IP   the init container
  node test/support/spegel/main.ts cleanup --certs-dir DIR                      the uninstall hook
  node test/support/spegel/main.ts cleanup-wait --probe-endpoint HOST:PORT      waits for the hooks of all nodes
  node test/support/spegel/main.ts serve --node-ip IP                           the registry, until it is interrupted

  --family NAME     ${families.join(', ')} (default v0.4)
  --values FILE     the chart's values, YAML or JSON
  --pause-ms N      wait 0 to N ms before each step (default 0)
  --seed N          makes the pauses the same each time (default 1)
  --fail-at N       crash before the Nth step, once
  --verbose         print each step
  --listen A:P      serve: instead of the ports of the chart; several are allowed
  --behave HOW      serve: ${behaviours.join(', ')}; a line on standard input changes it while it runs
  --addr A:P        cleanup: stay and answer the readiness probe there, as in a pod
  --bin FILE        run this Spegel instead (default: SPEGEL_BIN)
`;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    'certs-dir': { type: 'string' },
    'node-ip': { type: 'string', default: '127.0.0.1' },
    family: { type: 'string', default: 'v0.4' },
    values: { type: 'string' },
    'pause-ms': { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    'fail-at': { type: 'string' },
    verbose: { type: 'boolean', default: false },
    listen: { type: 'string', multiple: true },
    behave: { type: 'string', default: 'well' },
    addr: { type: 'string' },
    'probe-endpoint': { type: 'string' },
    bin: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pauses(): Pause {
  const random = randomFrom(Number(flags.seed));
  const longest = Number(flags['pause-ms']);
  const failAt = Number(flags['fail-at'] ?? Number.NaN);
  let count = 0;
  return async ({ op, path, to }) => {
    count += 1;
    if (flags.verbose) console.log(`${count} ${op} ${path}${to === undefined ? '' : ` -> ${to}`}`);
    if (longest > 0) await setTimeout(random() * longest);
    if (count === failAt) throw new Error(`crashed before step ${count}, ${op} ${path}`);
  };
}

const isBehaviour = (text: string): text is Behaviour => (behaviours as readonly string[]).includes(text);

function address(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

const interrupted = (): Promise<unknown> =>
  new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));

async function answerProbes(where: Address): Promise<void> {
  const server = createServer((_, response) => response.writeHead(200).end()).listen(
    where.port,
    where.host || undefined,
  );
  await once(server, 'listening');
  await interrupted();
  server.close();
  server.closeAllConnections();
}

async function serve(spegel: ReturnType<typeof createSpegel>): Promise<void> {
  const { hostPort, nodePort } = spegel.chart;
  const ports = [hostPort, nodePort].filter((port) => port !== '');
  const addresses = flags.listen?.map(address) ?? ports.map((port) => ({ host: flags['node-ip'], port: Number(port) }));
  const registry = await createSpegelRegistry({ family: spegel.family, addresses, basicAuth: spegel.basicAuth });
  const behave = async (how: string): Promise<void> => {
    if (isBehaviour(how)) await registry.behave(how);
    console.log(
      isBehaviour(how) ? `serving on ${registry.ports.join(', ')}: ${how}` : `one of ${behaviours.join(', ')}`,
    );
  };
  await behave(flags.behave);
  const lines = createInterface({ input: process.stdin }).on('line', (line) => void behave(line.trim()));
  await interrupted();
  lines.close();
  process.stdin.destroy();
  await registry.close();
}

async function main(): Promise<number> {
  const [command = ''] = positionals;
  const endpoint = flags['probe-endpoint'];
  if (command === 'cleanup-wait' && endpoint !== undefined) {
    await waitForCleanup({ endpoint, report: (message) => console.log(`cleanup-wait: ${message}`) });
    return 0;
  }
  const needsDirectory = command === 'configuration' || command === 'cleanup';
  if (flags.help || !isFamily(flags.family) || (!needsDirectory && command !== 'serve')) {
    console.log(usage);
    return flags.help ? 0 : 2;
  }
  const certsDir = flags['certs-dir'];
  if (needsDirectory && certsDir === undefined) {
    console.log(`${command} needs --certs-dir\n\n${usage}`);
    return 2;
  }
  const values: unknown = flags.values === undefined ? {} : parse(await readFile(flags.values, 'utf8'));
  const spegel = createSpegel({
    family: flags.family,
    certsDir: certsDir ?? '',
    nodeIp: flags['node-ip'],
    values: (values ?? {}) as Values,
    pause: pauses(),
    ...(flags.bin === undefined ? {} : { bin: flags.bin }),
  });
  if (command === 'serve') {
    await serve(spegel);
    return 0;
  }
  const { failures } = command === 'cleanup' ? await spegel.uninstall() : await spegel.start();
  for (const failure of failures) console.log(`failed and tried again: ${failure.message}`);
  console.log(spegel.chart.mirrorAdd ? `${command}: done` : `${command}: containerdMirrorAdd is off, nothing to do`);
  if (command === 'cleanup' && flags.addr !== undefined) await answerProbes(address(flags.addr));
  return 0;
}

process.exitCode = await main();
