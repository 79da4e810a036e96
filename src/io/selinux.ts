import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { codeOf, isGone } from './disk/files.ts';

const textAt = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').replace(/\0/g, '').trim();
  } catch (error) {
    if (isGone(error) || codeOf(error) === 'EACCES' || codeOf(error) === 'EINVAL') return undefined;
    throw error;
  }
};

const typeOf = (label: string | undefined): string | undefined => label?.split(':')[2];

const longest = 2_000;

/** Types of the labels of files, by `ls -Z`; nothing where there is no `ls` that knows it. */
const labelsOf = (paths: readonly string[]): ReadonlyMap<string, string> => {
  const labels = new Map<string, string>();
  try {
    const out = execFileSync('ls', ['-dZ', '--', ...paths], {
      encoding: 'utf8',
      timeout: longest,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const line of out.split('\n')) {
      const [, label, path] = /^\s*(\S+:\S+:\S+)\s+(.*)$/.exec(line) ?? [];
      const type = typeOf(label);
      if (path !== undefined && type !== undefined) labels.set(path, type);
    }
  } catch {
    // Labels are an extra: without them there is less to say.
  }
  return labels;
};

export type Selinux = {
  readonly enforcing: boolean;
  readonly own: string | undefined;
  readonly labels: ReadonlyMap<string, string>;
};

/** Whether SELinux enforces on this node, and the types of this process and of these files as far as they can be seen. */
export const readSelinux = (root: string, paths: readonly string[]): Selinux => {
  const enforcing = textAt(`${root}/sys/fs/selinux/enforce`) === '1';
  if (!enforcing) return { enforcing, own: undefined, labels: new Map() };
  return {
    enforcing,
    own: typeOf(textAt(`${root}/proc/self/attr/current`)),
    labels: paths.length === 0 ? new Map() : labelsOf(paths),
  };
};
