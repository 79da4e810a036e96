import { closeSync, openSync, readSync } from 'node:fs';
import { codeOf } from './disk/files.ts';

/** In the first, each address of IPv4 has a route of its own; the second has those of IPv6, if the kernel knows it. */
const kernelTables: readonly [string, string] = ['/proc/net/fib_trie', '/proc/net/if_inet6'];

/** Longer ones, of thousands of routes, cost more to read than asking for the interfaces. */
const longest = 128 * 1024;

const openAll = ([first, second]: readonly [string, string]): readonly number[] => {
  const fd = openSync(first, 'r');
  try {
    return [fd, openSync(second, 'r')];
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [fd];
    closeSync(fd);
    throw error;
  }
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
export const createAddressTables = (paths: readonly [string, string] = kernelTables): (() => boolean) => {
  let tables: readonly number[] | undefined;
  let [next, last] = [Buffer.allocUnsafeSlow(longest), Buffer.allocUnsafeSlow(longest)];
  let lastEnd = 0;
  return () => {
    // Read in full once, it is read in full each time: not worth it.
    if (lastEnd === longest) return true;
    try {
      tables ??= openAll(paths);
      const end = tables.reduce((from, fd) => readAll(fd, next, from), 0);
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
