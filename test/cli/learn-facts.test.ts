import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LearnedFacts } from '../../src/core/cluster-facts.ts';
import type { Api } from '../../src/kubernetes/api-request.ts';
import { learnFacts } from '../../src/kubernetes/learn-facts.ts';
import { createPulse, type Pulse } from '../../src/pulse.ts';

const node = {
  metadata: { labels: { a: 'b' } },
  status: { nodeInfo: { containerRuntimeVersion: 'containerd://2.4.2' } },
};
const slices = { items: [{ addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }] }] };

const play = async (options: {
  readonly everyMs?: number;
  readonly outage?: Pulse;
  readonly answer: (path: string, turn: number) => unknown;
  readonly turns: number;
  readonly needsControlPlane?: boolean;
}) => {
  const stop = new AbortController();
  const asked: string[] = [];
  const said: string[] = [];
  const learned: LearnedFacts[] = [];
  let nodes = 0;
  const api: Api = async (method, path) => {
    asked.push(`${method} ${path}`);
    if (path.includes('/nodes/')) nodes += 1;
    const turn = nodes;
    if (turn > options.turns) {
      stop.abort();
      throw new Error('over');
    }
    return options.answer(path, turn);
  };
  await learnFacts(
    api,
    {
      node: 'n1',
      learn: (facts) => learned.push(facts),
      needsControlPlane: () => options.needsControlPlane ?? true,
      report: (message) => said.push(message),
      random: () => 0.5,
      everyMs: options.everyMs ?? 2,
      firstPauseMs: 1,
      spreadMs: 1,
      ...(options.outage === undefined ? {} : { outage: options.outage }),
    },
    stop.signal,
  );
  return { asked, said, learned };
};

const well = (path: string): unknown => (path.includes('/nodes/') ? node : slices);

describe('learning from the cluster', () => {
  it('asks for the node and the control plane, again and again, and says so once', async () => {
    const { asked, said, learned } = await play({ answer: well, turns: 3 });
    assert.equal(asked.filter((one) => one === 'GET /api/v1/nodes/n1').length, 4);
    assert.deepEqual(said, ['the cluster tells of node n1']);
    assert.equal(learned.length, 6);
    assert.deepEqual(Object.assign({}, ...learned), {
      runtime: 'containerd',
      containerdVersion: '2.4.2',
      labels: { a: 'b' },
      heldImages: [],
      controlPlane: ['10.0.0.1'],
    });
  });

  it('asks nobody for a control plane that the configuration names', async () => {
    const { asked } = await play({ answer: well, turns: 2, needsControlPlane: false });
    assert.ok(asked.every((one) => one === 'GET /api/v1/nodes/n1'));
  });

  it('goes on while the API is away, and says when it is back', async () => {
    const answer = (path: string, turn: number): unknown => {
      if (turn <= 2) throw new Error('connect ECONNREFUSED');
      return well(path);
    };
    const { said } = await play({ answer, turns: 4 });
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /does not tell of node n1: connect ECONNREFUSED/);
    assert.equal(said[1], 'the cluster tells of node n1');
  });

  it('learns of the node although it may not ask for the control plane', async () => {
    const answer = (path: string): unknown => {
      if (!path.includes('/nodes/')) throw new Error('403 forbidden');
      return node;
    };
    const { said, learned } = await play({ answer, turns: 2 });
    assert.equal(learned[0]?.containerdVersion, '2.4.2');
    assert.match(said[0] ?? '', /403 forbidden/);
  });

  it('asks at once after an outage, and its ten minutes begin again', async () => {
    const outage = createPulse();
    // Ten minutes are never over in this test: each further turn is an outage that has ended.
    const answer = (path: string): unknown => {
      if (path.includes('/nodes/')) setImmediate(() => outage.wake('outage'));
      return well(path);
    };
    const { asked } = await play({ answer, turns: 3, everyMs: 600_000, outage });
    assert.equal(asked.filter((one) => one === 'GET /api/v1/nodes/n1').length, 4);
  });
});
