/** What the host network tells of this node's addresses. */
export type AddressSources = {
  readonly interfaces: () => ReadonlyMap<string, readonly string[]>;
  readonly defaultSources: () => Promise<readonly string[]>;
  readonly follow: (
    addresses: readonly string[],
    homes: ReadonlyMap<string, string>,
    interfaces: ReadonlyMap<string, readonly string[]>,
  ) => { readonly addresses: readonly string[]; readonly homes: ReadonlyMap<string, string> };
};

export type AddressTracker = {
  /** This node's addresses as far as they are known now; empty when nothing was given and there is no default route. */
  readonly current: () => readonly string[];
  /** Looks at the interfaces once more. */
  readonly refresh: () => Promise<void>;
};

const askAgainAfter = 30;

/**
 * Follows the addresses of this node: the given ones (`status.hostIP`) while they stand, then what takes their place on
 * the same interface; without any, the source addresses of the default routes (design.md section 2, Facts).
 */
export const createAddressTracker = (given: readonly string[], sources: AddressSources): AddressTracker => {
  let addresses = given;
  let homes: ReadonlyMap<string, string> = new Map();
  let lastSeen = '';
  let turnsSinceAsked = 0;
  const refresh = async (): Promise<void> => {
    const interfaces = sources.interfaces();
    const seen = JSON.stringify([...interfaces]);
    turnsSinceAsked += 1;
    if (given.length === 0 && (addresses.length === 0 || seen !== lastSeen || turnsSinceAsked >= askAgainAfter)) {
      const found = await sources.defaultSources();
      turnsSinceAsked = 0;
      if (found.length > 0) addresses = found;
    }
    lastSeen = seen;
    ({ addresses, homes } = sources.follow(addresses, homes, interfaces));
  };
  return { current: () => addresses, refresh };
};
