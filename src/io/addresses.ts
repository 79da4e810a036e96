import { isIPv6 } from '../core/config/context-address.ts';

/** Interface name -> its addresses as they stand now, without loopback and link-local ones. */
export type Interfaces = ReadonlyMap<string, readonly string[]>;

/** 127/8, 0/8, 169.254/16, ::, ::1, fe80::/10: no other node reaches this one by them. */
const isUsable = (address: string): boolean => !/^(?:0\.|127\.|169\.254\.|::1?$|fe[89ab][0-9a-f]:)/i.test(address);

/**
 * The addresses of the host network's interfaces that are up, as the kernel has them at this moment. Empty when it cannot
 * be asked (no file descriptor left): then nothing is known to have changed.
 */
export const readInterfaces = (): Interfaces => {
  try {
    const found = Object.entries(process.getBuiltinModule('node:os').networkInterfaces()).map(
      ([name, addresses = []]) => {
        const usable = addresses.filter(({ address, internal }) => !internal && isUsable(address));
        return [name, usable.map(({ address }) => address)] as const;
      },
    );
    return new Map(found.filter(([, addresses]) => addresses.length > 0));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR') return new Map();
    throw error;
  }
};

/** Addresses kept for documentation: connecting a datagram socket asks the routing table and sends nothing. */
const somewhere = { udp4: '192.0.2.1', udp6: '2001:db8::1' } as const;

/** The source address of the default route of one family; `undefined` without such a route. */
export const defaultSource = (family: 'udp4' | 'udp6'): Promise<string | undefined> =>
  new Promise((resolve) => {
    // Loaded when no address was given: a command that is told one starts sooner.
    const socket = process.getBuiltinModule('node:dgram').createSocket(family);
    const done = (address: string | undefined): void => {
      socket.close();
      resolve(address !== undefined && isUsable(address) ? address : undefined);
    };
    // Whatever keeps it from being connected (no route, no IPv6, no file descriptor), there is no source to be known.
    socket.once('error', () => done(undefined));
    socket.connect(53, somewhere[family], (error?: Error) => done(error ? undefined : socket.address().address));
  });

/** The source addresses of the default routes, IPv4 first; a family without a route is missing. */
export const defaultSources = async (): Promise<readonly string[]> => {
  const found = await Promise.all([defaultSource('udp4'), defaultSource('udp6')]);
  return found.filter((address) => address !== undefined);
};

/**
 * Where each followed address stood: address -> the interface, then, separated by spaces, what stood beside it when it
 * was first seen there. Those are no replacements: a virtual address that outlives it is not this node's.
 */
export type Homes = ReadonlyMap<string, string>;

const sameFamily = (a: string, b: string): boolean => isIPv6(a) === isIPv6(b);

const interfaceOf = (address: string, interfaces: Interfaces): string | undefined => {
  for (const [name, addresses] of interfaces) if (addresses.includes(address)) return name;
  return undefined;
};

const describeHome = (name: string, address: string, interfaces: Interfaces): string =>
  [name, ...(interfaces.get(name) ?? []).filter((other) => other !== address)].join(' ');

/**
 * Follows this node's addresses from one look to the next: one that went from its interface is replaced by a new one of
 * the same family there, and kept until there is one; one that never stood on any interface is kept as given. Pure.
 */
export const followAddresses = (
  addresses: readonly string[],
  homes: Homes,
  interfaces: Interfaces,
): { readonly addresses: readonly string[]; readonly homes: Homes } => {
  const next = new Map<string, string>();
  const taken = new Set(addresses);
  const follow = (address: string): string => {
    const here = interfaceOf(address, interfaces);
    const known = homes.get(address);
    const [home, ...beside] = known?.split(' ') ?? [];
    if (here !== undefined) {
      next.set(address, known !== undefined && home === here ? known : describeHome(here, address, interfaces));
      return address;
    }
    if (known === undefined || home === undefined) return address;
    const isHeir = (other: string): boolean =>
      sameFamily(other, address) && !taken.has(other) && !beside.includes(other);
    const heir = interfaces.get(home)?.find(isHeir);
    if (heir === undefined) {
      next.set(address, known);
      return address;
    }
    taken.add(heir);
    next.set(heir, describeHome(home, heir, interfaces));
    return heir;
  };
  return { addresses: [...new Set(addresses)].map(follow), homes: next };
};
