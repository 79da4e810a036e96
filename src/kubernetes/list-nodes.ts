import { factsOfNode } from '../core/cluster-facts.ts';
import type { ClusterNode } from '../core/spegel/choice.ts';
import { type Api, ApiRefusal } from './api-request.ts';

type Page = {
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly { readonly metadata: { readonly name: string } }[];
};

/** Kept small for clusters of thousands: 500 Nodes are some 10 MB. */
const pageSize = 500;

const list = async (api: Api, path: string): Promise<readonly unknown[]> => {
  const items: unknown[] = [];
  for (let next = ''; ; ) {
    const more = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
    const page = (await api('GET', `${path}limit=${pageSize}${more}`)) as Page;
    items.push(...(page.items ?? []));
    next = page.metadata?.continue ?? '';
    if (next === '') return items;
  }
};

/** All objects of a list, page by page; from the start again when a page has expired. */
export const listAll = async (api: Api, path: string): Promise<readonly unknown[]> => {
  for (let turn = 1; ; turn += 1) {
    try {
      return await list(api, path);
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 410 || turn >= 3) throw error;
    }
  }
};

/** Name, runtime and labels of every node of the cluster, in the order of their names. */
export const listNodes = async (api: Api): Promise<readonly ClusterNode[]> =>
  (await listAll(api, '/api/v1/nodes?')).map((node) => {
    const { runtime, labels = {} } = factsOfNode(node);
    return { name: (node as { readonly metadata: { readonly name: string } }).metadata.name, runtime, labels };
  });
