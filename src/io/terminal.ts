import { fstatSync, statSync, writeSync } from 'node:fs';
import { codeOf } from './disk/files.ts';

const pauseMs = 1;

// Node.js and others give their children sockets for pipes: one closed before all was read from it answers ECONNRESET, once.
const nobodyReads: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET']);

/**
 * Writes a text to standard output or error, whole, before it returns; false: nobody reads there any more.
 * `process.stdout` would do the same, and load all of Node.js's streams and sockets for it: a tenth of a short command.
 */
export const writeText = (fd: 1 | 2, text: string): boolean => {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (nobodyReads.has(codeOf(error))) return false;
      // Somebody who shares the pipe has made it non-blocking, and its reader is slow.
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
  return true;
};

/** A person may sit there. What is no terminal for sure, a file, a pipe or /dev/null, is told without loading node:tty. */
export const isTerminal = (fd: 0 | 1 | 2): boolean => {
  const stats = fstatSync(fd);
  if (!stats.isCharacterDevice() || stats.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev) return false;
  return process.getBuiltinModule('node:tty').isatty(fd);
};
