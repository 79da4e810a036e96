/** What the host network tells of this node's addresses. */
export type AddressSources = {
  /** Whether addresses may have changed since the last call; cheap. */
  readonly mayHaveChanged: () => boolean;
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
  /** Whether they may be other ones than at the last call; cheap, to be asked all the time. */
  readonly mayHaveChanged: () => boolean;
  /** Looks at the interfaces once more. */
  readonly refresh: () => Promise<void>;
};

/** What the kernel's tables of addresses do not show (a link that is down, routes) is not missed for longer. */
const lookAnywayAfter = 36;

/**
 * Follows the addresses of this node: the given ones (`status.hostIP`) while they stand, then what takes their place on
 * the same interface; without any, the source addresses of the default routes (design.md section 2, Facts).
 */
export const createAddressTracker = (given: readonly string[], sources: AddressSources): AddressTracker => {
  let addresses = given;
  let homes: ReadonlyMap<string, string> = new Map();
  /** `undefined`: the interfaces could not be asked. */
  let lastSeen: string | undefined;
  let callsSinceLook = 0;
  const mayHaveChanged = (): boolean => {
    callsSinceLook += 1;
    return sources.mayHaveChanged() || lastSeen === undefined || callsSinceLook > lookAnywayAfter;
  };
  const refresh = async (): Promise<void> => {
    const isDue = callsSinceLook > lookAnywayAfter;
    callsSinceLook = 0;
    const interfaces = sources.interfaces();
    const seen = JSON.stringify([...interfaces]);
    if (given.length === 0 && (addresses.length === 0 || seen !== lastSeen || isDue)) {
      const found = await sources.defaultSources();
      if (found.length > 0) addresses = found;
    }
    lastSeen = interfaces.size === 0 ? undefined : seen;
    ({ addresses, homes } = sources.follow(addresses, homes, interfaces));
  };
  return { current: () => addresses, mayHaveChanged, refresh };
};
