import type { Clock } from './io/clock.ts';
import type { Store } from './io/store.ts';
import type { Releases } from './requests.ts';

/** What the node and its mounts tell when they are asked. */
export type Surroundings = {
  readonly addresses: () => readonly string[];
  /** Cheap. */
  readonly addressesMayHaveChanged: () => boolean;
  readonly refreshAddresses: () => Promise<void>;
  /** Changes when what is mounted may have changed; cheap. */
  readonly mountStamp: () => string;
};

export type LookAroundDeps = {
  readonly clock: Clock;
  readonly releases: Pick<Releases, 'look' | 'isReleased'>;
  readonly store: Pick<Store, 'place'>;
  readonly wake: (reason: string) => void;
};

/** With a look, so that it is no wake-up of its own: 28 s. */
const passEveryLooks = 17;
/** 15 s. */
const closelyEveryLooks = 9;

/**
 * Wakes the agent for what changes without an event: addresses (within 2 s), the file `released`, a replaced mount, a lost
 * state directory (within 17 s). Until the signal is aborted.
 */
export const lookAround = (around: Surroundings, deps: LookAroundDeps, signal: AbortSignal): Promise<void> => {
  const { clock, releases, store, wake } = deps;
  // What changed since the first pass, before anybody watched, is seen at the first look.
  let seen = '';
  let looks = 0;
  const lookClosely = async (addresses: boolean): Promise<void> => {
    releases.look();
    if (addresses) await around.refreshAddresses();
    // The mount is watched; this is for what a watch can miss.
    const now = [around.addresses(), releases.isReleased(), around.mountStamp(), store.place()].join();
    if (now !== seen) wake('the node or its configuration changed');
    seen = now;
  };
  const look = (): Promise<void> | undefined => {
    if (looks > 0 && looks % passEveryLooks === 0) wake('half a minute is over');
    const isDue = looks % closelyEveryLooks === 0;
    looks += 1;
    // Who is released has nobody to tell it that it is not any more.
    const addresses = around.addressesMayHaveChanged();
    return addresses || isDue || releases.isReleased() ? lookClosely(addresses) : undefined;
  };
  return clock.everyBeat(look, signal);
};
