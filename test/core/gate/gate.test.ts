import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FileGate, giveBackLimits, nextFileGate } from '../../../src/core/gate/file-gate.ts';
import type { Mirror } from '../../../src/core/gate/mirror.ts';
import { pauseBefore } from '../../../src/core/gate/pace.ts';
import { firstStanding, isReturning, nextOuts, type Outs } from '../../../src/core/gate/standing.ts';
import {
  addSample,
  currentOf,
  type Depth,
  isCostly,
  type MirrorState,
  newMirrorState,
  type Verdict,
  verdicts,
} from '../../../src/core/gate/verdict.ts';

const mirror = (key: string, near = true): Mirror => ({
  key,
  url: key,
  probeUrls: [`${key}/v2/`],
  role: near ? 'local' : 'foreign',
  address: '10.0.0.1',
  port: 30020,
  registries: ['_default'],
  near,
  deep: near,
  onePod: near,
  headers: {},
  ca: [],
  client: undefined,
  skipVerify: false,
});

const m = mirror('http://m');
const after = (samples: readonly (readonly [Depth, Verdict])[], of = m): MirrorState =>
  samples.reduce(
    (state, [depth, verdict], at) =>
      addSample(state, depth, { verdict, at: at * 1_000, latencyMs: 1, detail: verdict }),
    newMirrorState(of, 0),
  );
const shallow = (...all: readonly Verdict[]): MirrorState => after(all.map((verdict) => ['shallow', verdict]));
const isOutAfter = (state: MirrorState, before: Outs = {}): boolean =>
  m.key in nextOuts(before, new Map([[m.key, state]]), [m]);

describe('which mirrors are out', () => {
  const cases: readonly (readonly [readonly Verdict[], boolean])[] = [
    [[], false],
    [['hung'], false],
    [['hung', 'hung'], true],
    [['timeout', 'wrong'], true],
    [['hung', 'up', 'hung'], false],
    [['hung', 'refused', 'hung'], false],
    [['refused', 'refused', 'refused'], false],
    [['erroring', 'erroring'], false],
    [['up', 'up', 'wrong', 'wrong'], true],
  ];
  for (const [samples, out] of cases) {
    it(`${samples.join(', ') || 'nothing asked'}: ${out ? 'out' : 'in'}`, () => {
      assert.equal(isOutAfter(shallow(...samples)), out);
    });
  }

  const held: Outs = { [m.key]: ['shallow'] };
  for (const [samples, out] of [
    [[], true],
    [['up'], true],
    [['up', 'up'], false],
    [['up', 'refused', 'up'], true],
    [['refused', 'refused'], true],
  ] as const satisfies readonly (readonly [readonly Verdict[], boolean])[]) {
    it(`was out, then ${samples.join(', ') || 'nothing asked yet'}: ${out ? 'out' : 'in'}`, () => {
      assert.equal(isOutAfter(shallow(...samples), held), out);
    });
  }

  it('needs two good answers of the probe that had something against it', () => {
    const bad = after([
      ['shallow', 'up'],
      ['deep', 'hung'],
      ['deep', 'hung'],
    ]);
    const outs = nextOuts({}, new Map([[m.key, bad]]), [m]);
    assert.deepEqual(outs, { [m.key]: ['deep'] });
    assert.equal(currentOf(bad)?.last.verdict, 'hung');
    assert.equal(
      isOutAfter(
        after([
          ['shallow', 'up'],
          ['shallow', 'up'],
        ]),
        outs,
      ),
      true,
    );
    assert.equal(
      isOutAfter(
        after([
          ['deep', 'up'],
          ['deep', 'up'],
        ]),
        outs,
      ),
      false,
    );
  });

  it('forgets a mirror that nobody wants any more', () => {
    assert.deepEqual(nextOuts({ other: ['shallow'] }, new Map(), [m]), {});
  });
});

describe('what holds of a mirror as a whole', () => {
  for (const [atV2, deep, expected] of [
    ['up', 'up', 'up'],
    ['up', 'hung', 'hung'],
    ['up', 'erroring', 'erroring'],
    ['erroring', 'up', 'erroring'],
    ['erroring', 'hung', 'hung'],
    ['hung', 'wrong', 'hung'],
    ['refused', 'hung', 'refused'],
  ] as const) {
    it(`/v2/ ${atV2}, deep ${deep}: ${expected}`, () => {
      const state = after([
        ['shallow', atV2],
        ['deep', deep],
      ]);
      assert.equal(currentOf(state)?.last.verdict, expected);
    });
  }
});

describe('the one sample that decides for a first file', () => {
  for (const verdict of verdicts) {
    it(`${verdict}: ${isCostly(verdict) ? 'out' : 'in'}`, () => {
      assert.equal(firstStanding(shallow(verdict), 0), isCostly(verdict) ? 'out' : 'in');
    });
  }
  it('is waited for until 500 ms have gone by', () => {
    assert.equal(firstStanding(undefined, 0), undefined);
    assert.equal(firstStanding(newMirrorState(m, 0), 499), undefined);
    assert.equal(firstStanding(newMirrorState(m, 0), 500), 'out');
  });
});

describe('how often a mirror is asked', () => {
  const pace = { interval: 5_000, deepInterval: 60_000, remoteInterval: 60_000 };
  const far = mirror('http://far', false);
  const remote = (...all: readonly Verdict[]): MirrorState =>
    after(
      all.map((verdict) => ['shallow', verdict]),
      far,
    );
  for (const [name, state, depth, expected] of [
    ['a new one at once', newMirrorState(m, 0), 'shallow', 0],
    ['near, after its first sample, each second', shallow('up'), 'shallow', 1_000],
    ['near, at rest', shallow('up', 'up'), 'shallow', 5_000],
    ['near, while it changes', shallow('up', 'up', 'hung'), 'shallow', 1_000],
    ['near, gone for good', shallow('hung', 'hung'), 'shallow', 5_000],
    [
      'deep, at rest',
      after([
        ['deep', 'up'],
        ['deep', 'up'],
      ]),
      'deep',
      60_000,
    ],
    [
      'deep, while it changes',
      after([
        ['deep', 'up'],
        ['deep', 'hung'],
      ]),
      'deep',
      1_000,
    ],
    ['far, at rest', remote('up', 'up'), 'shallow', 60_000],
    ['far, suspected', remote('up', 'hung'), 'shallow', 5_000],
    ['far, suspected again: back-off', remote('hung', 'hung'), 'shallow', 10_000],
    ['far, for a long time', remote('hung', 'hung', 'hung', 'hung', 'hung', 'hung'), 'shallow', 60_000],
    ['far, it answers again', remote('hung', 'hung', 'up'), 'shallow', 5_000],
    ['far, refused', remote('refused', 'refused'), 'shallow', 60_000],
  ] as const) {
    it(name, () => assert.equal(pauseBefore(state, depth, pace), expected));
  }
});

describe('laws of the gate', () => {
  const keys = ['a', 'b', 'c'] as const;
  /** The same answer some times in a row: single ones hardly ever take a mirror out, let alone bring it back. */
  const answers = fc.record({
    key: fc.constantFrom(...keys),
    verdict: fc.oneof({ weight: 2, arbitrary: fc.constant('up' as const) }, fc.constantFrom(...verdicts)),
    depth: fc.constantFrom<Depth>('shallow', 'deep'),
    pause: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 30_000 }) }, fc.nat({ max: 1_200_000 })),
    times: fc.integer({ min: 1, max: 3 }),
  });
  const steps = (most: number) =>
    fc
      .array(answers, { minLength: most / 2, maxLength: most, size: 'max' })
      .map((all) => all.flatMap(({ times, ...one }) => Array.from({ length: times }, () => one)));
  const mirrors = keys.map((key) => mirror(key));

  const play = (played: readonly { key: string; verdict: Verdict; depth: Depth; pause: number }[]) => {
    const states = new Map<string, MirrorState>(mirrors.map((one) => [one.key, newMirrorState(one, 0)]));
    let outs: Outs = {};
    let gate: FileGate | undefined;
    let now = 0;
    return played.map(({ key, verdict, depth, pause }) => {
      now += pause;
      const state = states.get(key);
      assert.ok(state);
      states.set(key, addSample(state, depth, { verdict, at: now, latencyMs: 1, detail: '' }));
      outs = nextOuts(outs, states, mirrors);
      const before: FileGate | undefined = gate;
      const isOut = (one: string): boolean => one in outs;
      const isBack = (one: string): boolean => isReturning(outs, one, states.get(one));
      gate = nextFileGate(before, keys, { isOut, isReturning: isBack }, now);
      return { now, before, gate, outs, back: (before?.out ?? []).filter((one) => !gate?.out.includes(one)) };
    });
  };

  it('never leaves a mirror in a file that two costly samples in a row were seen of', () => {
    let met = 0;
    fc.assert(
      fc.property(steps(200), (played) => {
        for (const { gate, outs } of play(played)) {
          for (const key of Object.keys(outs)) assert.ok(gate.out.includes(key));
          met += Object.keys(outs).length;
        }
      }),
    );
    assert.ok(met > 0);
  });

  it('never gives back more often than its limit', () => {
    let most = 0;
    fc.assert(
      fc.property(steps(300), (played) => {
        const backs = play(played)
          .filter(({ back }) => back.length > 0)
          .map(({ now }) => now);
        for (const at of backs) {
          const within = backs.filter((other) => other <= at && at - other < giveBackLimits.windowMs);
          assert.ok(within.length <= giveBackLimits.count, `${within.length} within an hour`);
          most = Math.max(most, within.length);
        }
      }),
    );
    assert.equal(most, giveBackLimits.count, 'the limit was met');
  });

  it('counts what a first file was made without only from the second time on', () => {
    const hour = giveBackLimits.windowMs;
    const looks: readonly (readonly [at: number, out: readonly string[]])[] = [
      [0, ['a', 'b']],
      [10, ['b']],
      [20, []],
      [30, ['a']],
      [40, []],
      [50, ['a']],
      [60, []],
      [70, ['a', 'b']],
      [80, []],
      [90, ['b']],
      [100, []],
      [100 + hour, []],
    ];
    let gate: FileGate | undefined;
    const seen = looks.map(([now, out]) => {
      const isLeftOut = (key: string): boolean => now === 0 && out.includes(key);
      const standings = { isOut: (key: string) => out.includes(key), isReturning: () => false, isLeftOut };
      gate = nextFileGate(gate, ['a', 'b'], standings, now);
      return `${gate.out.join()} ${gate.givenBack.length}`;
    });
    assert.deepEqual(seen, [
      'a,b 0',
      'b 0',
      ' 0',
      'a 0',
      ' 1',
      'a 1',
      ' 2',
      'a,b 2',
      ' 3',
      'b 3',
      'b 3', // A fourth time within an hour: closed.
      ' 1',
    ]);
  });

  it('settles: when all are well for long enough everything is in, and looking again changes nothing', () => {
    fc.assert(
      fc.property(steps(100), (played) => {
        const well = keys.flatMap((key) =>
          (['shallow', 'deep'] as const).flatMap((depth) =>
            [0, 0].map(() => ({ key, depth, verdict: 'up' as const, pause: 1_000 })),
          ),
        );
        const later = [
          { key: 'a', depth: 'shallow' as const, verdict: 'up' as const, pause: giveBackLimits.closedMs + 1 },
        ];
        const end = play([...played, ...well, ...later, ...later]).at(-1);
        assert.deepEqual(end?.gate.out, []);
        const again = nextFileGate(end?.gate, keys, { isOut: () => false, isReturning: () => false }, end?.now ?? 0);
        assert.deepEqual(again.out, []);
      }),
    );
  });

  it('keeps no more than 200 samples of 15 minutes', () => {
    let state = newMirrorState(m, 0);
    for (let at = 0; at < 5_000; at++)
      state = addSample(state, 'shallow', { verdict: 'up', at: at * 100, latencyMs: 1, detail: '' });
    assert.ok(state.recent.length <= 200);
    state = addSample(state, 'shallow', { verdict: 'up', at: 10_000_000, latencyMs: 1, detail: '' });
    assert.equal(state.recent.length, 1);
  });
});
