import { closeSync, openSync, readSync } from 'node:fs';
import { isIPv6 } from '../core/config/context-address.ts';
import { codeOf } from './disk/files.ts';

export type Family = 'v4' | 'v6';

/** What takes the place of a given address is one of its family; without any, the default routes of both are followed. */
export const familiesOf = (given: readonly string[]): readonly Family[] =>
  (['v4', 'v6'] as const).filter(
    (family) => given.length === 0 || given.some((address) => isIPv6(address) === (family === 'v6')),
  );

/** In the first, each address has a route of its own; the second is missing where the kernel knows no IPv6. */
const kernelTables: Readonly<Record<Family, string>> = { v4: '/proc/net/fib_trie', v6: '/proc/net/if_inet6' };

/** Longer ones, of thousands of routes, cost more to read than asking for the interfaces. */
const longest = 128 * 1024;

const openAll = (families: readonly Family[], tables: Readonly<Record<Family, string>>): readonly number[] => {
  const opened: number[] = [];
  try {
    for (const family of families) opened.push(openSync(tables[family], 'r'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && opened.length > 0) return opened;
    opened.forEach(closeSync);
    throw error;
  }
  return opened;
};

/**
 * Of such a table the kernel gives at once what fits in a page, at least 4 KiB, in whole lines: where it gives less than
 * half of one, there is no more.
 */
const halfPage = 2_048;

/** Reads to the end from the beginning; where in the buffer it ends, its end when there was no room for all of it. */
const readAll = (fd: number, buffer: Uint8Array, from: number): number => {
  let end = from;
  for (let length = halfPage; length >= halfPage && end < buffer.length; end += length) {
    length = readSync(fd, buffer, end, buffer.length - end, end - from);
  }
  return end;
};

/**
 * Tells whether this node's addresses may have changed since the last call: the kernel's own tables have other bytes.
 * Costs a fraction of asking for the interfaces, since nothing is opened, parsed or kept. `true` too the first time, and
 * when it cannot be told: without these tables, with very long ones, while no file descriptor is left.
 */
export const createAddressTables = (
  families: readonly Family[],
  paths: Readonly<Record<Family, string>> = kernelTables,
): (() => boolean) => {
  let tables: readonly number[] | undefined;
  let [next, last] = [Buffer.allocUnsafeSlow(longest), Buffer.allocUnsafeSlow(longest)];
  let lastEnd = 0;
  return () => {
    // Read in full once, it is read in full each time: not worth it.
    if (lastEnd === longest) return true;
    try {
      tables ??= openAll(families, paths);
      let end = 0;
      for (const fd of tables) end = readAll(fd, next, end);
      const isSame = end === lastEnd && next.compare(last, 0, end, 0, end) === 0;
      [next, last, lastEnd] = [last, next, end];
      return !isSame;
    } catch {
      // Whatever the reason, nothing is known.
      lastEnd = 0;
      return true;
    }
  };
};
