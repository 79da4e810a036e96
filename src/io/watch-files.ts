import { existsSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { FSWatcher } from 'chokidar';

export type WatchOptions = {
  readonly certsDir: string;
  /** A file, or a ConfigMap mount. */
  readonly configPath?: string;
  readonly wake: (reason: string) => void;
  /** Said once per change: why there is no watch, or that there is one again. */
  readonly report: (message: string) => void;
  readonly signal: AbortSignal;
  /** How often the directory is looked at without a watch, and a watch is tried again. */
  readonly pollMs?: number;
  readonly retryMs?: number;
};

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
};

const explain = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC') return 'no inotify watch is left: raise fs.inotify.max_user_watches';
  if (code === 'EMFILE')
    return 'no inotify instance or file descriptor is left: raise fs.inotify.max_user_instances or ulimit -n';
  return message;
};

/**
 * Watches the parent of certs.d, but only certs.d and what is below: a watch on `_default` itself would follow the
 * directory into `_backup/` (spegel.md). One failure ends it; the caller falls back to looking every second.
 */
const watchOnce = async (options: WatchOptions, failed: (error: unknown) => void): Promise<FSWatcher> => {
  const { watch } = await import('chokidar');
  const parent = dirname(options.certsDir);
  const within = options.certsDir + sep;
  const depthOf = (path: string): number => path.slice(within.length).split(sep).length;
  const ignored = (path: string): boolean => {
    if (path === parent || path === options.certsDir) return false;
    if (!path.startsWith(within)) return true;
    return path.startsWith(join(options.certsDir, '_backup') + sep) ? depthOf(path) > 3 : depthOf(path) > 4;
  };
  const watcher = watch(parent, {
    ignored,
    ignoreInitial: true,
    atomic: false,
    followSymlinks: false,
    ignorePermissionErrors: true,
  });
  watcher.on('all', (_event, path) => options.wake(`${basename(path)} changed`));
  watcher.on('error', failed);
  return watcher;
};

const watchConfig = async (options: WatchOptions, failed: (error: unknown) => void): Promise<FSWatcher | undefined> => {
  if (options.configPath === undefined || !existsSync(options.configPath)) return undefined;
  const { watch } = await import('chokidar');
  const watcher = watch(options.configPath, { ignoreInitial: true, atomic: false, followSymlinks: true, depth: 1 });
  watcher.on('all', () => options.wake('the configuration changed'));
  watcher.on('error', failed);
  return watcher;
};

/** Waits for the first of: a failure of the watch, certs.d's parent replaced or gone, the end. */
const untilBroken = async (options: WatchOptions, broken: Promise<unknown>): Promise<unknown> => {
  const ended = new Promise<undefined>((resolve) => {
    options.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    if (options.signal.aborted) resolve(undefined);
  });
  return Promise.race([broken, ended]);
};

/** Watches until the signal is aborted; without inotify it looks every second, and tries again every 30 s. */
export const watchFiles = async (options: WatchOptions): Promise<void> => {
  const { signal, report, wake } = options;
  let said = '';
  const say = (message: string): void => {
    if (message !== said) report(message);
    said = message;
  };
  while (!signal.aborted) {
    const broken = Promise.withResolvers<unknown>();
    const watchers: FSWatcher[] = [];
    try {
      watchers.push(await watchOnce(options, broken.resolve));
      const config = await watchConfig(options, broken.resolve);
      if (config !== undefined) watchers.push(config);
      wake('the watch begins');
      if (said !== '') say('files are watched again');
      const problem = await untilBroken(options, broken.promise);
      if (problem !== undefined) say(`files are looked at every second, not watched: ${explain(problem)}`);
    } catch (error) {
      say(`files are looked at every second, not watched: ${explain(error)}`);
    }
    await Promise.all(watchers.map((watcher) => watcher.close()));
    const until = Date.now() + (options.retryMs ?? 30_000);
    while (!signal.aborted && Date.now() < until) {
      await sleep(options.pollMs ?? 1_000, signal);
      wake('looking without a watch');
    }
  }
};
