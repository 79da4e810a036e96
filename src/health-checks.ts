import type { Status } from './core/status.ts';

/** One thing that must hold; `reasons` why it does not, empty when it does. */
export type Check = { readonly name: string; readonly reasons: readonly string[] };

export type CheckedState = {
  readonly now: () => number;
  /** When the loop turned last; `undefined` while this agent does not hold certs.d. */
  readonly lastTurn: () => number | undefined;
  /** Who holds certs.d instead. */
  readonly otherHolder: () => string | undefined;
  readonly isReleased: () => boolean;
  readonly status: () => Status;
};

/** What `/livez` and `/readyz` look at; the loop turns at least once within `intervalMs`. */
export const createChecks = (state: CheckedState, intervalMs: number) => {
  const loop = (): readonly string[] => {
    const last = state.lastTurn();
    const silent = last === undefined ? 0 : state.now() - last;
    return silent > 3 * intervalMs ? [`the loop has not turned for ${Math.round(silent / 1000)} s`] : [];
  };
  const lock = (): readonly string[] => {
    const holder = state.otherHolder();
    return holder === undefined ? [] : [`another agent holds certs.d: ${holder}`];
  };
  const firstPass = (): readonly string[] => {
    // Who waits for another agent has nothing to tell of a pass.
    if (state.otherHolder() !== undefined || state.isReleased()) return [];
    const { ready, waitingFor, problems } = state.status();
    if (ready) return [];
    const errors = problems.filter(({ severity }) => severity === 'error').map(({ message }) => message);
    return [waitingFor ?? 'the first pass has not been applied', ...errors];
  };
  return {
    liveChecks: (): readonly Check[] => [{ name: 'the loop turns', reasons: loop() }],
    readyChecks: (): readonly Check[] => [
      { name: 'no other agent holds certs.d', reasons: lock() },
      { name: 'the first pass has been applied', reasons: firstPass() },
    ],
  };
};
