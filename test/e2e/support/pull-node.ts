import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { writeDirectory } from '../../support/directory.ts';
import { createSpegel } from '../../support/spegel/spegel.ts';
import { type Agent, startProcess, startReadyAgent, type Wrap } from './agent.ts';
import { createPlace, type Place } from './place.ts';
import type { Fault } from './pull-faults.ts';
import type { AskedMirror } from './pull-mirrors.ts';
import { createRegistryWorld, type RegistryWorld } from './registry-world.ts';
import { until } from './until.ts';

export type Writer = 'us' | 'Spegel';

/** A network with an upstream registry, and any number of nodes with mirrors of their own. */
export type PullWorld = Omit<RegistryWorld, 'asked'> & {
  readonly dir: string;
  /** Requests to the mirrors of an address so far. */
  readonly asked: (address: string) => Promise<readonly AskedMirror[]>;
  /** Makes the mirrors at 30020 and 30021 of an address behave so. */
  readonly become: (address: string, behaviour: string) => Promise<void>;
};

export type PullNode = {
  readonly fault: Fault;
  readonly writer: Writer;
  readonly address: string;
  readonly place: Place;
  readonly agent: Agent;
  /** A certs.d as it stood before the fault, that nobody looks after. */
  readonly unguarded: string;
  /** Its mirrors get their fault. */
  readonly break: () => Promise<void>;
  /** Its mirrors are well again. */
  readonly mend: () => Promise<void>;
  /** Waits until the gate has done what it does about the fault; resolves with how long that took from the fault. */
  readonly settled: () => Promise<number>;
  /** Whether its file names a mirror. */
  readonly namesMirrors: () => boolean;
  /** Whether its file has the bytes that it had before the fault. */
  readonly isAsBefore: () => boolean;
};

const path = '_default/hosts.toml';
/** Twice what a fault that only the deep probe shows may take. */
const settleMs = 260_000;

export type Mirrors = Pick<PullWorld, 'become' | 'asked'>;

/** Starts the process of `pull-mirrors.ts` in a network; `drops` is not among what it can do. */
export const startMirrors = async (t: TestContext, wrap: Wrap, socketPath: string): Promise<Mirrors> => {
  const script = new URL('pull-mirrors.ts', import.meta.url).pathname;
  const mirrors = startProcess(t, [...wrap, process.execPath, script, socketPath]);
  await until('the mirrors can be told what to do', () => mirrors.output().includes('listening') || undefined, {
    otherwise: mirrors.output,
  });
  const ask = (method: string, path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const asking = request({ socketPath, path, method }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
      });
      asking.on('error', reject);
      asking.end();
    });
  return {
    become: async (address, behaviour) => void (await ask('PUT', `/${encodeURIComponent(address)}/${behaviour}`)),
    asked: async (address) => JSON.parse(await ask('GET', `/${encodeURIComponent(address)}`)) as AskedMirror[],
  };
};

export const createPullWorld = async (t: TestContext, dir: string): Promise<PullWorld> => {
  const world = await createRegistryWorld(t, dir);
  const mirrors = await startMirrors(t, world.wrap, join(dir, 'mirrors.sock'));
  const dropping = new Set<string>();
  return {
    wrap: world.wrap,
    sh: world.sh,
    dir,
    asked: mirrors.asked,
    become: async (address, behaviour) => {
      const drops = behaviour === 'drops';
      if (drops !== dropping.has(address)) {
        const rule = `INPUT -d ${address} -p tcp -m multiport --dports 30020,30021 -j DROP`;
        await world.sh(`${address.includes(':') ? 'ip6tables' : 'iptables'} ${drops ? '-A' : '-D'} ${rule}`);
        if (drops) dropping.add(address);
        else dropping.delete(address);
      }
      await mirrors.become(address, drops ? 'up' : behaviour);
    },
  };
};

export type PullNodeOptions = {
  readonly fault: Fault;
  readonly writer: Writer;
  readonly address: string;
  readonly config?: string;
};

/** A node whose mirrors are well, with a real agent and a file that names them. */
export const createPullNode = async (t: TestContext, world: PullWorld, options: PullNodeOptions): Promise<PullNode> => {
  const { fault, writer, address } = options;
  await world.sh(`ip addr add ${address}/${address.includes(':') ? '128' : '32'} dev lo`);
  await world.become(address, 'up');
  const place = createPlace(t, {
    nodeIp: [address],
    ...(options.config === undefined ? {} : { config: options.config }),
  });
  const agent = await startReadyAgent(t, place, { wrap: world.wrap });
  const namesMirrors = (): boolean => /^\[host\.'/m.test(place.body(path) ?? '');
  if (writer === 'Spegel') {
    await createSpegel({ family: 'v0.7', certsDir: place.certsDir, nodeIp: address, bin: false }).start();
    await agent.whenStatus('Spegel is there', ({ phase }) => phase.phase === 'spegel');
  }
  await agent.until('the file names its mirrors', () => namesMirrors() || undefined);
  const unguarded = join(place.dir, 'unguarded');
  const before = readFileSync(join(place.certsDir, path), 'utf8');
  writeDirectory(unguarded, { [path]: before });
  let broken = 0;
  const isSettled = async (): Promise<boolean> => {
    if (fault.costly) return !namesMirrors();
    if (!['refuses', 'error-500', 'not-found'].includes(fault.name)) return true;
    const { mirrors } = await agent.status();
    return mirrors.every(({ verdict }) => verdict === 'refused' || verdict === 'erroring');
  };
  return {
    fault,
    writer,
    address,
    place,
    agent,
    unguarded,
    break: async () => {
      broken = performance.now();
      await world.become(address, fault.name);
    },
    mend: () => world.become(address, 'up'),
    settled: async () => {
      await agent.until(
        `the gate has settled (${fault.title})`,
        async () => (await isSettled()) || undefined,
        settleMs,
      );
      return performance.now() - broken;
    },
    namesMirrors,
    isAsBefore: () => readFileSync(join(place.certsDir, path), 'utf8') === before,
  };
};
