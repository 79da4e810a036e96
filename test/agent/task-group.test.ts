import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createPulse } from '../../src/pulse.ts';
import { runTogether } from '../../src/task-group.ts';

const untilAborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};

describe('tasks that run together', () => {
  it('all end when the signal is aborted', async () => {
    const stop = new AbortController();
    const running = runTogether([untilAborted, untilAborted], stop.signal);
    stop.abort();
    await running;
  });

  it('stop at the first failure, which is thrown when all have ended', async () => {
    let ended = false;
    const slow = async (signal: AbortSignal): Promise<void> => {
      await untilAborted(signal);
      ended = true;
    };
    const failing = async (): Promise<void> => {
      throw new Error('the port is on fire');
    };
    await assert.rejects(runTogether([slow, failing], new AbortController().signal), /the port is on fire/);
    assert.equal(ended, true);
  });
});

describe('a pulse', () => {
  it('rings once for many wake-ups and tells all reasons', async () => {
    const pulse = createPulse();
    for (const reason of ['file', 'probe', 'file']) pulse.wake(reason);
    assert.deepEqual(await pulse.next(60_000, new AbortController().signal), ['file', 'probe']);
  });

  it('rings at once for a wake-up that comes while it waits, and after its time without one', async () => {
    const pulse = createPulse();
    const next = pulse.next(60_000, new AbortController().signal);
    pulse.wake('address');
    assert.deepEqual(await next, ['address']);
    assert.deepEqual(await pulse.next(1, new AbortController().signal), ['timer']);
  });

  it('ends at once when the signal is aborted', async () => {
    const stop = new AbortController();
    const next = createPulse().next(60_000, stop.signal);
    stop.abort();
    await next;
  });
});
