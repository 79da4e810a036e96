import type { ClusterEvent } from '../core/cluster-event.ts';
import { textOf } from '../core/error-text.ts';
import type { Api } from './api-request.ts';

export type NodeEventsOptions = {
  readonly node: string;
  /** Of the agent, shown as the reporter. */
  readonly instance: string;
  /** The wall clock: events are read by people beside others'. */
  readonly wall: () => Date;
  /** Said once for each change: that events cannot be told, or that they can again. */
  readonly report: (message: string, problem: boolean) => void;
  readonly signal: AbortSignal;
  /** In milliseconds; at most one event of a reason in this time. */
  readonly everyMs?: number;
  /** A change of the ConfigMap has the same to tell on every node: each waits for its own part of this time. */
  readonly spreadMs?: number;
};

type Told = { name: string; note: string; count: number; busyUntil: number; waiting: ClusterEvent | undefined };

const events = '/apis/events.k8s.io/v1/namespaces/default/events';
const mostReasons = 100;

const micro = (date: Date): string => date.toISOString().replace('Z', '000Z');

/**
 * Events about the own Node (events.k8s.io/v1, namespace `default`, where kubectl looks for those of nodes): at most one a
 * minute of a reason, of what comes meanwhile the last; the same again becomes a series. Never throws, waits for nothing.
 */
export const createNodeEvents = (api: Api, options: NodeEventsOptions): ((event: ClusterEvent) => void) => {
  const { node, instance, wall, report, signal, everyMs = 60_000, spreadMs = 30_000 } = options;
  const ownPlaceMs = spreadMs * Math.random();
  const reasons = new Map<string, Told>();
  const timers = new Set<NodeJS.Timeout>();
  let said: string | undefined;
  let count = 0;

  const create = async (event: ClusterEvent): Promise<string> => {
    count += 1;
    const name = `${node}.${wall().getTime().toString(16)}.${count.toString(16)}`;
    await api('POST', events, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      eventTime: micro(wall()),
      reportingController: 'handspegel',
      reportingInstance: instance,
      action: 'Reconcile',
      type: event.type,
      reason: event.reason,
      note: event.note,
      regarding: { apiVersion: 'v1', kind: 'Node', name: node, uid: node },
    });
    return name;
  };

  const repeat = async (told: Told): Promise<void> => {
    const series = { count: told.count + 1, lastObservedTime: micro(wall()) };
    await api('PATCH', `${events}/${encodeURIComponent(told.name)}`, [{ op: 'add', path: '/series', value: series }]);
  };

  const send = async (event: ClusterEvent, told: Told): Promise<void> => {
    try {
      const same = told.name !== '' && told.note === event.note;
      // An event that has expired meanwhile is told anew.
      const repeated =
        same &&
        (await repeat(told).then(
          () => true,
          () => false,
        ));
      if (repeated) told.count += 1;
      else {
        told.name = await create(event);
        told.note = event.note;
        told.count = 1;
      }
      if (said !== undefined) report('events are told to the cluster again', false);
      said = undefined;
    } catch (error) {
      const why = textOf(error);
      if (said === undefined) report(`events cannot be told to the cluster: ${why}`, true);
      said = why;
    }
  };

  const after = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    timers.add(timer);
  };

  const later = (told: Told, wait: number): void =>
    after(wait, () => {
      const { waiting } = told;
      told.waiting = undefined;
      if (waiting !== undefined) tell(waiting);
    });

  const tell = (event: ClusterEvent): void => {
    if (signal.aborted) return;
    const told = reasons.get(event.reason) ?? { name: '', note: '', count: 0, busyUntil: 0, waiting: undefined };
    if (!reasons.has(event.reason) && reasons.size >= mostReasons) return;
    reasons.set(event.reason, told);
    const now = performance.now();
    if (now < told.busyUntil) {
      if (told.waiting === undefined) later(told, told.busyUntil - now);
      told.waiting = event;
      return;
    }
    told.busyUntil = now + everyMs;
    void send(event, told);
  };

  signal.addEventListener('abort', () => {
    for (const timer of timers) clearTimeout(timer);
  });
  return (event) => after(ownPlaceMs, () => tell(event));
};
