import type { TestContext } from 'node:test';
import { type Running, run, startProcess, type Wrap } from './agent.ts';
import { until } from './until.ts';

/** A namespace that lives as long as a process of ours which does nothing. */
export type Namespace = {
  readonly pid: number;
  /** Put before a command to run it inside, with a pid of its own. */
  readonly wrap: Wrap;
  /** The file system as seen inside. */
  readonly root: string;
  /** Runs a shell script inside; throws when it fails. */
  readonly sh: (script: string) => Promise<string>;
};

const ready = async (holder: Running): Promise<void> => {
  await until('the namespace stands', () => holder.output().includes('ready') || undefined, {
    otherwise: holder.output,
  });
};

const createNamespace = async (t: TestContext, flags: { unshare: readonly string[]; enter: readonly string[] }) => {
  const holder = startProcess(t, ['unshare', ...flags.unshare, 'sh', '-c', 'echo ready; exec sleep infinity']);
  await ready(holder);
  const wrap = ['nsenter', '-t', String(holder.pid), ...flags.enter, '--'];
  const sh = (script: string): Promise<string> => run(t, [...wrap, 'sh', '-euc', script]);
  return { pid: holder.pid, wrap, root: `/proc/${holder.pid}/root`, sh };
};

/** Mounts made inside are seen by nobody else, and go with the test. */
export const createMounts = (t: TestContext): Promise<Namespace> =>
  createNamespace(t, { unshare: ['--mount'], enter: ['--mount'] });

/** A network of its own with an interface `eth0` and these addresses, without any way out; with its own mounts. */
export const createNetwork = async (t: TestContext, addresses: readonly string[]): Promise<Namespace> => {
  const network = await createNamespace(t, { unshare: ['--mount', '--net'], enter: ['--mount', '--net'] });
  await network.sh(
    'ip link set lo up; ip link add eth0 type veth peer name far; ip link set far up; ip link set eth0 up',
  );
  // As systemd sets it: deleting one address of a subnet leaves the others.
  await network.sh('echo 1 > /proc/sys/net/ipv4/conf/all/promote_secondaries');
  for (const address of addresses) await network.sh(`ip addr add ${address} dev eth0 ${flagsOf(address)}`);
  return network;
};

/** IPv6 would first ask around whether somebody else has the address. */
export const flagsOf = (address: string): string => (address.includes(':') ? 'nodad' : '');

/** A user namespace where root is root still, but limits per user are its own. */
export const createLimits = async (t: TestContext, limits: Readonly<Record<string, number>>): Promise<Namespace> => {
  const inside = await createNamespace(t, {
    unshare: ['--user', '--map-root-user', '--mount'],
    enter: ['--user', '--mount', '--preserve-credentials'],
  });
  for (const [name, value] of Object.entries(limits)) await inside.sh(`echo ${value} > /proc/sys/user/${name}`);
  return inside;
};
