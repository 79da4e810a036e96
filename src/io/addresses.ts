import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/** Interface name -> its addresses as they stand now, without loopback and link-local ones. */
export type Interfaces = ReadonlyMap<string, readonly string[]>;

const isUsable = (address: string, internal: boolean): boolean =>
  !internal && !/^(?:fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);

/** The addresses of the host network's interfaces, as the kernel has them this moment. */
export const readInterfaces = (): Interfaces =>
  new Map(
    Object.entries(networkInterfaces()).map(([name, addresses]) => [
      name,
      (addresses ?? []).filter(({ address, internal }) => isUsable(address, internal)).map(({ address }) => address),
    ]),
  );

const isIPv6 = (address: string): boolean => address.includes(':');

/** Addresses for documentation: connecting a datagram socket asks the routing table and sends nothing. */
const somewhere = { udp4: '192.0.2.1', udp6: '2001:db8::1' } as const;

const sourceOf = (family: 'udp4' | 'udp6'): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket(family);
    const done = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => done(undefined));
    socket.connect(53, somewhere[family], () => done(socket.address().address));
  });

/** The source addresses of the default routes, IPv4 first; without a route a family is missing. */
export const defaultSources = async (): Promise<readonly string[]> => {
  const found = await Promise.all([sourceOf('udp4'), sourceOf('udp6')]);
  return found.filter(
    (address) => address !== undefined && isUsable(address, address === '127.0.0.1' || address === '::1'),
  ) as string[];
};

/** Where each known address stood when it was last seen: address -> interface. */
export type Homes = ReadonlyMap<string, string>;

const homeOf = (address: string, interfaces: Interfaces): string | undefined => {
  for (const [name, addresses] of interfaces) if (addresses.includes(address)) return name;
  return undefined;
};

/**
 * Follows this node's addresses: one that went from its interface is replaced by a new one of the same family there; one
 * that never stood on any interface is kept as given.
 */
export const followAddresses = (
  addresses: readonly string[],
  homes: Homes,
  interfaces: Interfaces,
): { readonly addresses: readonly string[]; readonly homes: Homes } => {
  const next = new Map<string, string>();
  const followed = addresses.map((address) => {
    const here = homeOf(address, interfaces);
    const home = here ?? homes.get(address);
    if (home === undefined) return address;
    const heir = interfaces.get(home)?.find((other) => isIPv6(other) === isIPv6(address) && !addresses.includes(other));
    const now = here !== undefined ? address : (heir ?? address);
    next.set(now, home);
    return now;
  });
  return { addresses: [...new Set(followed)], homes: next };
};
