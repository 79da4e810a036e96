import { readFileSync, realpathSync } from 'node:fs';
import { isGone } from './disk/files.ts';

/** mountinfo writes space, tab, newline and backslash as three octal digits. */
const plain = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Mount points of this process, from the text of `/proc/self/mountinfo` (proc(5): the fifth field). */
export const mountPointsOf = (mountinfo: string): readonly string[] =>
  mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((field) => field !== undefined)
    .map(plain);

const resolved = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

/**
 * What keeps files from being renamed into certs.d, in one sentence that says what to do: a mount at certs.d or below
 * it. The staging directory lies beside certs.d, and a rename never crosses from one mount to another, not even between
 * two mounts of one file system. `undefined`: nothing does, or certs.d is absent.
 */
export const describeMount = (certsDir: string, mountinfo = '/proc/self/mountinfo'): string | undefined => {
  const directory = resolved(certsDir);
  if (directory === undefined) return undefined;
  const points = mountPointsOf(readFileSync(mountinfo, 'utf8'));
  if (points.includes(directory)) {
    return `${directory} is a mount of its own, so no file can be renamed into it: mount its parent directory instead`;
  }
  const below = points.find((point) => point.startsWith(`${directory}/`));
  if (below === undefined) return undefined;
  return `${below} is a mount of its own, so it cannot be replaced: mount the parent directory of ${directory} instead`;
};
