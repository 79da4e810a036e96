import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { ChokidarOptions, FSWatcher } from 'chokidar';
import { textOf } from '../core/error-text.ts';
import { pauseToBeat } from '../pause.ts';
import { codeOf, isGone } from './disk/files.ts';

type Watch = (path: string, options: ChokidarOptions) => FSWatcher;

export type WatchOptions = {
  readonly certsDir: string;
  /** A file, or a directory as a ConfigMap mount has it. */
  readonly configPath?: string;
  /** A hint to look again; may come often, and for changes of our own. */
  readonly wake: (reason: string) => void;
  /** Said once each time it changes: that there is no watch, why and what to do, or that there is one again. */
  readonly report: (message: string) => void;
  readonly signal: AbortSignal;
  /** Without a watch: how often to wake, and how often to try to watch again, in milliseconds. */
  readonly pollMs?: number;
  readonly retryMs?: number;
  /** For tests: where the watcher comes from. */
  readonly load?: () => Promise<{ readonly watch: Watch }>;
};

/** Directories below the parent of certs.d that are followed: as deep as a look reads, and one more. */
const deepest = 8;
const common = { ignoreInitial: true, atomic: false, followSymlinks: false, ignorePermissionErrors: true } as const;

const explain = (error: unknown): string => {
  if (codeOf(error) === 'ENOSPC') return 'no inotify watch is left: raise fs.inotify.max_user_watches';
  if (codeOf(error) === 'EMFILE') {
    return 'no inotify instance or file descriptor is left: raise fs.inotify.max_user_instances or ulimit -n';
  }
  return textOf(error);
};

/** What is really watched when certs.d is reached through symbolic links. */
const resolved = (path: string): string => {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isGone(error) || codeOf(error) === 'ELOOP') return path;
    throw error;
  }
};

const inodeOf = (path: string): string => {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
};

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** The raw event's directory: not typed by chokidar, and only ever used as a hint. */
const directoryOf = (details: unknown): string =>
  typeof details === 'object' && details !== null && 'watchedPath' in details ? String(details.watchedPath) : '';

type Events = {
  readonly wake: (reason: string) => void;
  /** An error, or `undefined` when what is watched was replaced and the watch must begin anew. */
  readonly broken: (error: unknown) => void;
};

/**
 * The parent of certs.d, but only certs.d and what is below it: a watch on `_default` itself would follow the directory
 * into `_backup/`. Raw events come at once, and for what chokidar keeps to itself: modes of directories, two writes
 * within 50 ms.
 */
const watchCertsDir = (watch: Watch, path: string, { wake, broken }: Events): FSWatcher => {
  const certsDir = resolved(path);
  const parent = dirname(certsDir);
  const inode = inodeOf(parent);
  const isOurs = (one: string): boolean => one === certsDir || one.startsWith(certsDir + sep);
  const watcher = watch(parent, { ...common, depth: deepest, ignored: (one) => one !== parent && !isOurs(one) });
  const changed = (one: string): void => {
    if (one === certsDir && resolved(path) !== certsDir) broken(undefined);
    else if (isOurs(one)) wake(`${relative(parent, one)} changed`);
  };
  watcher.on('all', (_event, one) => changed(one));
  watcher.on('raw', (_event, name, details) => {
    const directory = directoryOf(details);
    // The name of the watched directory itself: it was moved, removed, or its attributes changed.
    if (directory === parent && name === basename(parent) && inodeOf(parent) !== inode) broken(undefined);
    else changed(basename(directory) === name ? directory : join(directory, String(name)));
  });
  watcher.on('error', (error) => {
    if (!isGone(error)) broken(error);
  });
  return watcher;
};

/** Where certs.d is a link itself: it may come to lead elsewhere. */
const watchLink = (watch: Watch, path: string, { broken }: Events): FSWatcher => {
  const leadsTo = resolved(path);
  const directory = dirname(path);
  const watcher = watch(directory, { ...common, depth: 0, ignored: (one) => one !== directory && one !== path });
  const look = (): void => {
    if (resolved(path) !== leadsTo) broken(undefined);
  };
  watcher.on('all', look);
  watcher.on('raw', (_event, name) => {
    if (name === basename(path)) look();
  });
  watcher.on('error', (error) => {
    if (!isGone(error)) broken(error);
  });
  return watcher;
};

/** A ConfigMap mount is one directory whose link `..data` is replaced; a file is watched by name in its directory. */
const watchConfig = (watch: Watch, path: string, { wake, broken }: Events): FSWatcher => {
  const directory = isDirectory(path) ? path : dirname(path);
  const ignored = (one: string): boolean => directory !== path && one !== directory && one !== path;
  const watcher = watch(directory, { ...common, depth: 0, ignored });
  const changed = (): void => wake('the configuration changed');
  watcher.on('all', changed);
  watcher.on('raw', (_event, name) => {
    if (directory === path || name === basename(path)) changed();
  });
  watcher.on('error', (error) => {
    if (!isGone(error)) broken(error);
  });
  return watcher;
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });

type Ending = { readonly kind: 'failed'; readonly error: unknown } | { readonly kind: 'replaced' | 'aborted' };

/** One life of the watch. */
const watchOnce = async (options: WatchOptions, onReady: () => void): Promise<Ending> => {
  const { certsDir, configPath, wake, signal } = options;
  const watchers: FSWatcher[] = [];
  const ending = Promise.withResolvers<Ending>();
  let over = false;
  const end = (how: Ending): void => {
    over = true;
    ending.resolve(how);
  };
  const broken = (error: unknown): void => end(error === undefined ? { kind: 'replaced' } : { kind: 'failed', error });
  void aborted(signal).then(() => end({ kind: 'aborted' }));
  try {
    const { watch } = await (options.load ?? (() => import('chokidar')))();
    if (signal.aborted) return { kind: 'aborted' };
    const begin = (watcher: FSWatcher): Promise<void> => {
      watchers.push(watcher);
      return new Promise((resolve) => watcher.once('ready', resolve));
    };
    const ready = [begin(watchCertsDir(watch, certsDir, { wake, broken }))];
    if (isLink(certsDir)) ready.push(begin(watchLink(watch, certsDir, { wake, broken })));
    if (configPath !== undefined) ready.push(begin(watchConfig(watch, configPath, { wake, broken })));
    // Errors of the first look come before `ready`, so what has become ready without one works.
    void Promise.all(ready).then(() => {
      if (!over) onReady();
    });
    return await ending.promise;
  } catch (error) {
    return { kind: 'failed', error };
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.close()));
  }
};

/**
 * Wakes on every change of certs.d, of what is below it, and of the configuration, until the signal is aborted. Without
 * inotify it wakes every second instead and tries to watch again every 30 s; it never fails.
 */
export const watchFiles = async (options: WatchOptions): Promise<void> => {
  const { wake, report, signal, pollMs = 1_000, retryMs = 30_000 } = options;
  let said: string | undefined;
  const onReady = (): void => {
    wake('the watch begins');
    if (said !== undefined) report('files are watched again');
    said = undefined;
  };
  while (!signal.aborted) {
    const ending = await watchOnce(options, onReady);
    if (ending.kind === 'replaced') {
      wake('the parent of certs.d was replaced, or a link to certs.d');
      await pauseToBeat(100, signal);
    }
    if (ending.kind !== 'failed') continue;
    const message = `files are looked at every ${pollMs / 1_000} s, not watched: ${explain(ending.error)}`;
    if (message !== said) report(message);
    said = message;
    for (let waited = 0; waited < retryMs && !signal.aborted; waited += pollMs) {
      wake('looking without a watch');
      await pauseToBeat(pollMs, signal);
    }
  }
};
