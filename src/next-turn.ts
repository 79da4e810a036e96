import { setImmediate } from 'node:timers/promises';
import type { Node } from './node.ts';
import { type Pulse, timer } from './pulse.ts';

export type NextTurn = {
  readonly node: Pick<Node, 'rehearsalAt' | 'rehearse'>;
  readonly pulse: Pulse;
  readonly now: () => number;
  readonly isReleasing: () => boolean;
};

/** Timers count whole milliseconds and may be as late as this; what is rehearsed is not kept waiting so long. */
const timerMs = 2;

/**
 * Resolves when something happens, at `until` on the steady clock, or when the signal is aborted. What a pass at that
 * moment will write is rehearsed shortly before, while nothing happens.
 */
export const untilNextTurn = async (
  { node, pulse, now, isReleasing }: NextTurn,
  until: number,
  signal: AbortSignal,
): Promise<void> => {
  const at = node.rehearsalAt();
  if (at !== undefined && at < until) {
    const reasons = await pulse.next(at - now(), signal);
    if (signal.aborted || !reasons.includes(timer)) return;
    node.rehearse(isReleasing);
    if (!(await pulse.next(until - now() - timerMs, signal)).includes(timer)) return;
    while (now() < until && !pulse.isRung() && !signal.aborted) await setImmediate();
    if (pulse.isRung()) await pulse.next(0, signal);
    return;
  }
  await pulse.next(until - now(), signal);
};
