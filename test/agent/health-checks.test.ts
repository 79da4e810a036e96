import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChecks } from '../../src/health-checks.ts';
import { well } from '../http/support/statuses.ts';

const at = { now: 100_000, lastTurn: 100_000 as number | undefined, holder: undefined as string | undefined };

const reasons = (options: Partial<typeof at & { ready: boolean; released: boolean; waitingFor: string }>) => {
  const { now, lastTurn, holder, ready = true, released = false, waitingFor } = { ...at, ...options };
  const { liveChecks, readyChecks } = createChecks(
    {
      now: () => now,
      lastTurn: () => lastTurn,
      otherHolder: () => holder,
      isReleased: () => released,
      status: () => ({ ...well, ready, problems: [], waitingFor }),
    },
    30_000,
  );
  return {
    live: liveChecks().flatMap((check) => check.reasons),
    ready: readyChecks().flatMap((check) => check.reasons),
  };
};

describe('what /livez and /readyz look at', () => {
  it('fails /livez when the loop has not turned for more than three intervals', () => {
    assert.deepEqual(reasons({ lastTurn: 10_000 }).live, []);
    assert.deepEqual(reasons({ lastTurn: 9_000 }).live, ['the loop has not turned for 91 s']);
  });

  it('does not fail /livez of an agent that waits for another', () => {
    assert.deepEqual(reasons({ lastTurn: undefined, holder: 'pid 7' }).live, []);
  });

  it('fails /readyz until the first pass has been applied, with what it waits for', () => {
    assert.deepEqual(reasons({ ready: false }).ready, ['the first pass has not been applied']);
    assert.deepEqual(reasons({ ready: false, waitingFor: 'Spegel is at work' }).ready, ['Spegel is at work']);
    assert.deepEqual(reasons({}).ready, []);
    assert.deepEqual(reasons({ ready: false, released: true }).ready, []);
  });

  it('fails /readyz while another agent holds certs.d, and names it', () => {
    assert.deepEqual(reasons({ holder: 'pid 7', ready: false }).ready, ['another agent holds certs.d: pid 7']);
  });
});
