import { pause } from '../pause.ts';
import { afterWatch, type Course } from './after-watch.ts';
import type { OpenWatch } from './client.ts';
import { createPauses, type PauseTimes } from './watch-pauses.ts';

export type WatchHooks = {
  /** The object as it is now; `undefined`: there is none. */
  readonly tell: (object: unknown) => void;
  /** Whether a change would be told now; if not, why, once that has lasted a minute. */
  readonly fares: (connected: boolean, why: string | undefined) => void;
  /** The API server answers again after it did not. */
  readonly cameBack: () => void;
  /** Said once for each change. */
  readonly report: (message: string, problem: boolean) => void;
};

/** In milliseconds. */
export type WatchTimes = PauseTimes & {
  /** How long the answer to a request may take. */
  readonly answer: number;
  /** Bookmarks come about once a minute: so long without one means that the connection is dead. */
  readonly silence: number;
  /** The API server is asked to end a watch after this, and up to as much again. */
  readonly lasts: number;
  /** What lasts no longer is no news. */
  readonly worthSaying: number;
};

const usual: WatchTimes = {
  answer: 10_000,
  silence: 150_000,
  lasts: 3_600_000,
  pause: 1_000,
  spread: 10_000,
  longestPause: 80_000,
  longestRefusedPause: 600_000,
  worthSaying: 60_000,
};

export type WatchOptions = {
  readonly namespace: string;
  readonly name: string;
  readonly random?: () => number;
  readonly times?: Partial<WatchTimes>;
};

type Metadata = { readonly name?: string; readonly uid?: string; readonly resourceVersion?: string };

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const isOlder = (version: string | undefined, than: string | undefined): boolean =>
  version !== undefined && than !== undefined && /^\d+$/.test(version + than) && BigInt(version) < BigInt(than);

const refusalOf = (status: unknown): Course['refusal'] => {
  const { code, message } = record(status);
  return { code: typeof code === 'number' ? code : 500, message: typeof message === 'string' ? message : 'no reason' };
};

/**
 * One watch on one ConfigMap, again and again until stopped; never rejects. It begins without a list: without a version
 * the API server tells what there is as events. After an orderly end it goes on from the version that was seen last;
 * after anything else it begins anew, so that nothing older than what was told meanwhile by the mount comes after it.
 */
export const watchConfigMap = async (
  open: OpenWatch,
  options: WatchOptions,
  hooks: WatchHooks,
  signal: AbortSignal,
): Promise<void> => {
  const { namespace, name, random = Math.random } = options;
  const times = { ...usual, ...options.times };
  const what = `ConfigMap ${namespace}/${name}`;
  /** `undefined`: from what there is; `'0'`: from what the API server has in its cache. */
  let from: string | undefined;
  let last: Metadata = {};
  let isConnected = false;
  let isAway = false;
  let failingSince: number | undefined;
  let said: string | undefined;

  const connected = (): void => {
    failingSince = undefined;
    if (said !== '') hooks.report(`${what} is watched`, false);
    said = '';
    if (!isConnected) hooks.fares(true, undefined);
    isConnected = true;
  };

  const failed = (why: string): void => {
    failingSince ??= performance.now();
    const isNews = performance.now() - failingSince >= times.worthSaying;
    isConnected = false;
    hooks.fares(false, isNews ? why : undefined);
    if (said !== why) hooks.report(`${what} is not watched, changes come by its mount: ${why}`, true);
    said = why;
  };

  const tell = (object: unknown, metadata: Metadata): void => {
    // From a cache that lags behind.
    if (from === '0' && metadata.uid === last.uid && isOlder(metadata.resourceVersion, last.resourceVersion)) return;
    last = metadata;
    hooks.tell(object);
  };

  /** One watch, until it ends. */
  const once = async (): Promise<Course> => {
    const began = performance.now();
    const begunFrom = from;
    let refusal: Course['refusal'];
    let wasHeard = false;
    let wasOpen = false;
    /** A watch that begins anew and tells of no object before its first bookmark: there is none. */
    let isKnown = from !== undefined && from !== '0';
    const opened = (): void => {
      wasOpen = true;
      if (isAway) hooks.cameBack();
      isAway = false;
      if (isKnown) connected();
    };
    const event = (type: string, object: unknown): void => {
      if (type === 'ERROR') {
        refusal = refusalOf(object);
        return;
      }
      const metadata = record(record(object)['metadata']) as Metadata;
      if (type !== 'BOOKMARK' && metadata.name !== name) return;
      if (type === 'DELETED' || (type === 'BOOKMARK' && !isKnown)) tell(undefined, metadata);
      if (type === 'ADDED' || type === 'MODIFIED') tell(object, metadata);
      wasHeard = true;
      isKnown = true;
      from = metadata.resourceVersion ?? from;
      connected();
    };
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
    // Nodes that began at one moment do not come again at one moment.
    const timeoutSeconds = Math.ceil((times.lasts * (1 + random())) / 1_000);
    const fields = { fieldSelector: `metadata.name=${name}`, allowWatchBookmarks: true };
    const query = { ...fields, timeoutSeconds, resourceVersion: from };
    const { answer: answerMs, silence: silenceMs } = times;
    const end = await open({ path, query, opened, event, answerMs, silenceMs }, signal);
    const took = performance.now() - began;
    const stood = wasHeard || (wasOpen && took > times.answer);
    // Clocks differ a little.
    const lasted = wasOpen && took > timeoutSeconds * 990;
    return { end, refusal, from: begunFrom, wasOpen, stood, lasted };
  };

  const pauses = createPauses(times, random);
  while (!signal.aborted) {
    const course = await once();
    if (signal.aborted) return;
    const next = afterWatch(course);
    if (course.stood) pauses.begin();
    if (next.from !== 'last') from = next.from === 'cache' ? '0' : undefined;
    if (next.why !== undefined) failed(next.why);
    isAway ||= next.isAway;
    await pause(pauses.next(next.pause), signal);
  }
};
