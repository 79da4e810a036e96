import { execFile } from 'node:child_process';

const longest = 3_000;

/** What `containerd --version` prints; `undefined` when it cannot be run here or gives nothing within 3 s. */
export const binaryVersion = (path: string, signal: AbortSignal): Promise<string | undefined> =>
  new Promise((resolve) => {
    // Another C library, another architecture, a signal: that it says nothing is all that counts.
    execFile(path, ['--version'], { timeout: longest, signal, env: {} }, (error, out) => {
      const line = out.split('\n', 1)[0]?.trim();
      resolve(error !== null || line === undefined || line === '' ? undefined : line);
    });
  });
