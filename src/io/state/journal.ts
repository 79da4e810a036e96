import { constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalRecord } from '../../core/status.ts';
import { bytesIfThere, closing, statsAt } from '../disk/files.ts';

/** Two files of JSON lines; the directory must stand. */
export type Journal = {
  readonly append: (records: readonly JournalRecord[]) => void;
  /** The last `count` records, oldest first. */
  readonly read: (count: number) => readonly JournalRecord[];
};

const currentName = 'journal.jsonl';
const olderName = 'journal.1.jsonl';
/** A journal of this many bytes becomes the older one. */
export const journalBytes = 1024 * 1024;
const newline = 10;

const isRecord = (value: unknown): value is JournalRecord =>
  typeof value === 'object' &&
  value !== null &&
  ['at', 'event', 'detail'].every((key) => typeof (value as Record<string, unknown>)[key] === 'string');

/** A line that a crash tore, or that a person wrote, is passed over. */
const parseLine = (line: string): readonly JournalRecord[] => {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? [value] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
};

/** `moveAside` is called with the name of what is no file. */
export const createJournal = (directory: string, moveAside: (name: string) => void): Journal => {
  const append = (records: readonly JournalRecord[]): void => {
    const path = join(directory, currentName);
    const stats = statsAt(path);
    if (stats !== undefined && !stats.isFile()) moveAside(currentName);
    else if (stats !== undefined && Number(stats.size) >= journalBytes) renameSync(path, join(directory, olderName));
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    closing(openSync(path, flags, 0o600), (fd) => {
      const { size } = fstatSync(fd);
      const last = Buffer.alloc(1, newline);
      if (size > 0) readSync(fd, last, 0, 1, size - 1);
      // A line that a crash tore must not take the next one with it.
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      const bytes = Buffer.from(`${last[0] === newline ? '' : '\n'}${lines}`);
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
        fsyncSync(fd);
      } catch (error) {
        ftruncateSync(fd, size);
        throw error;
      }
    });
  };

  const read = (count: number): readonly JournalRecord[] => {
    const linesOf = (name: string): readonly JournalRecord[] => {
      const path = join(directory, name);
      const bytes = statsAt(path)?.isFile() === true ? bytesIfThere(path) : undefined;
      return bytes === undefined
        ? []
        : new TextDecoder()
            .decode(bytes)
            .split('\n')
            .slice(-count - 2)
            .flatMap(parseLine);
    };
    const latest = linesOf(currentName);
    const older = latest.length < count ? linesOf(olderName) : [];
    return count > 0 ? [...older, ...latest].slice(-count) : [];
  };

  return { append, read };
};
