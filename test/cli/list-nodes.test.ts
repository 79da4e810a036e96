import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Api, ApiRefusal } from '../../src/kubernetes/api-request.ts';
import { listNodes } from '../../src/kubernetes/list-nodes.ts';

const node = (name: string) => ({
  metadata: { name },
  status: { nodeInfo: { containerRuntimeVersion: 'containerd://2.4.2' } },
});

test('all nodes are read page by page, and from the start when a page has expired in between', async () => {
  const asked: string[] = [];
  let expired = false;
  const api: Api = (_, path) => {
    asked.push(path);
    if (!path.includes('continue=')) return Promise.resolve({ metadata: { continue: 'a&b' }, items: [node('n1')] });
    if (!expired) {
      expired = true;
      return Promise.reject(new ApiRefusal(410, 'the page is too old'));
    }
    return Promise.resolve({ metadata: {}, items: [node('n2')] });
  };
  assert.deepEqual(
    (await listNodes(api)).map(({ name, runtime }) => `${name} ${runtime}`),
    ['n1 containerd', 'n2 containerd'],
  );
  const [first, second] = ['/api/v1/nodes?limit=500', '/api/v1/nodes?limit=500&continue=a%26b'];
  assert.deepEqual(asked, [first, second, first, second]);
});

test('a list that expires each time is an error, not a loop', async () => {
  const api: Api = () => Promise.reject(new ApiRefusal(410, 'the page is too old'));
  await assert.rejects(listNodes(api), /too old/);
});
