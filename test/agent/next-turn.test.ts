import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { untilNextTurn } from '../../src/next-turn.ts';
import { createPulse } from '../../src/pulse.ts';
import { createRest } from '../../src/rest.ts';

const now = (): number => performance.now();

const waiting = (rehearsalAt: number | undefined) => {
  const pulse = createPulse();
  const rehearsed: number[] = [];
  const node = { rehearsalAt: () => rehearsalAt, rehearse: () => void rehearsed.push(now()) };
  return { pulse, rehearsed, turn: { node, pulse, now, isReleasing: () => false } };
};
const never = new AbortController().signal;

describe('the wait for the next turn', () => {
  it('rehearses once, and never ends before its moment', async () => {
    const began = now();
    const { rehearsed, turn } = waiting(began + 20);
    await untilNextTurn(turn, began + 40, never);
    assert.ok(now() >= began + 40);
    assert.equal(rehearsed.length, 1);
  });

  it('ends at the first event, before and after the rehearsal, and the event is not told twice', async () => {
    for (const [rehearsalAt, times] of [
      [60_000, 0],
      [0, 1],
    ] as const) {
      const began = now();
      const { pulse, rehearsed, turn } = waiting(began + rehearsalAt);
      setTimeout(() => pulse.wake('a file'), 20);
      await untilNextTurn(turn, began + 120_000, never);
      assert.equal(rehearsed.length, times);
      assert.equal(pulse.isRung(), false);
    }
  });

  it('ends when it is stopped', async () => {
    const stop = new AbortController();
    const { turn } = waiting(now());
    const ended = untilNextTurn(turn, now() + 120_000, stop.signal);
    stop.abort();
    await ended;
  });
});

describe('the rest between looks', () => {
  const clockOf = () => {
    const clock = { ms: 0, slept: 0 };
    const sleep = async (ms: number): Promise<void> => {
      clock.ms += ms;
      clock.slept += ms;
    };
    return { clock, rest: createRest({ now: () => clock.ms, sleep }) };
  };

  it('is none after a few quick ones', async () => {
    const { clock, rest } = clockOf();
    for (let look = 0; look < 1_000; look += 1) {
      const began = clock.ms;
      clock.ms += 2;
      await rest.after(began, never);
      clock.ms += 3;
    }
    assert.equal(clock.slept, 0);
  });

  it('is half of the time when events never stop, and no more than 100 ms at once', async () => {
    const { clock, rest } = clockOf();
    for (let look = 0; look < 1_000; look += 1) {
      const began = clock.ms;
      clock.ms += 2;
      await rest.after(began, never);
    }
    assert.ok(clock.slept >= 1_950 && clock.slept <= 2_000, `${clock.slept} ms of ${clock.ms}`);
    const before = clock.slept;
    const began = clock.ms;
    clock.ms += 5_000;
    await rest.after(began, never);
    assert.equal(clock.slept - before, 100);
  });
});
