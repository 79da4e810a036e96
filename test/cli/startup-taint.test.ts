import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Api, ApiRefusal } from '../../src/kubernetes/api-request.ts';
import { takeTaintAway } from '../../src/kubernetes/startup-taint.ts';

type Taint = { readonly key: string; readonly effect: string };
type Step = { readonly op: string; readonly path: string; readonly value?: unknown };

const key = 'handspegel.io/starting';
const ours: Taint = { key, effect: 'NoSchedule' };
const theirs: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' };

/** A node object as an API server keeps it: a JSON patch whose test fails changes nothing. */
const clusterOf = (start: readonly Taint[] | undefined, failures: readonly Error[] = []) => {
  const node = { taints: start };
  const left = [...failures];
  const asked: string[] = [];
  let between = (): void => undefined;
  const api: Api = async (method, path, body) => {
    asked.push(`${method} ${path}`);
    const failure = left.shift();
    if (failure !== undefined) throw failure;
    if (method === 'GET') return { spec: node.taints === undefined ? {} : { taints: node.taints } };
    between();
    for (const { op, value } of body as readonly Step[]) {
      if (op === 'test' && JSON.stringify(value) !== JSON.stringify(node.taints))
        throw new ApiRefusal(422, 'the test failed');
      if (op === 'replace') node.taints = value as readonly Taint[];
      if (op === 'remove') node.taints = undefined;
    }
    return {};
  };
  return {
    node,
    api,
    asked,
    onPatch: (act: () => void) => {
      between = act;
    },
  };
};

const take = async (api: Api): Promise<readonly string[]> => {
  const said: string[] = [];
  const report = (message: string): void => void said.push(message);
  await takeTaintAway(api, { node: 'n1', key, report, pauseMs: 1, random: () => 0 }, new AbortController().signal);
  return said;
};

describe('the startup taint', () => {
  it('is taken away, and no other', async () => {
    const { node, api, asked } = clusterOf([theirs, ours]);
    assert.deepEqual(await take(api), [`the taint ${key} is taken from node n1`]);
    assert.deepEqual(node.taints, [theirs]);
    assert.deepEqual(asked, ['GET /api/v1/nodes/n1', 'PATCH /api/v1/nodes/n1']);
  });

  it('leaves no empty list behind', async () => {
    const { node, api } = clusterOf([ours]);
    await take(api);
    assert.equal(node.taints, undefined);
  });

  it('that is not there is nothing to do', async () => {
    for (const start of [undefined, [], [theirs]]) {
      const { api, asked } = clusterOf(start);
      assert.deepEqual(await take(api), [`node n1 has no taint ${key}`]);
      assert.equal(asked.length, 1);
    }
  });

  it('is tried again when somebody changed the list meanwhile, without losing theirs', async () => {
    const { node, api, onPatch } = clusterOf([ours]);
    let once = true;
    onPatch(() => {
      if (once) node.taints = [ours, theirs];
      once = false;
    });
    assert.deepEqual(await take(api), [`the taint ${key} is taken from node n1`]);
    assert.deepEqual(node.taints, [theirs]);
  });

  it('is tried again while the API is away, which is said once', async () => {
    const away = [1, 2, 3].map(() => new Error('connect ECONNREFUSED'));
    const { node, api } = clusterOf([ours], away);
    const said = await take(api);
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /stays on node n1, it is tried again: connect ECONNREFUSED/);
    assert.equal(node.taints, undefined);
  });

  it('is left when the agent ends', async () => {
    const stop = new AbortController();
    const api: Api = async () => {
      stop.abort();
      throw new Error('away');
    };
    await takeTaintAway(api, { node: 'n1', key, report: () => undefined, pauseMs: 100_000 }, stop.signal);
  });
});
