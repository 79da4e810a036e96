import type { ApiServer } from '../e2e/support/api-server.ts';

/** What of an agent's requests the API server has counted: those that have been answered, and the watches that stand. */
export type Counted = {
  readonly at: number;
  readonly nodes: number;
  readonly slices: number;
  readonly events: number;
  readonly watchesEnded: number;
  readonly watchesOpen: number;
};

type Sample = { readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number };

const parse = (line: string): Sample => {
  const [, name = '', labels = '', value = ''] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
  return { name, labels: new Map(pairs), value: Number(value) };
};

const kinds = [
  { key: 'nodes', verb: 'GET', resource: 'nodes' },
  { key: 'slices', verb: 'LIST', resource: 'endpointslices' },
  { key: 'events', verb: 'POST', resource: 'events' },
  { key: 'events', verb: 'PATCH', resource: 'events' },
  { key: 'watchesEnded', verb: 'WATCH', resource: 'configmaps' },
] as const;

/** Reads the API server's own metrics. It asks itself for some of the same: a look without clients tells how often. */
export const readCounted = async (api: ApiServer): Promise<Counted> => {
  const { body } = await api.ask('GET', '/metrics');
  const counted = { at: performance.now(), nodes: 0, slices: 0, events: 0, watchesEnded: 0, watchesOpen: 0 };
  for (const line of String(body['text']).split('\n')) {
    if (!/^apiserver_(?:request_total|longrunning_requests)\{/.test(line)) continue;
    const { name, labels, value } = parse(line);
    const [verb, resource] = [labels.get('verb'), labels.get('resource')];
    if (name === 'apiserver_longrunning_requests') {
      if (verb === 'WATCH' && resource === 'configmaps') counted.watchesOpen += value;
      continue;
    }
    const kind = kinds.find((one) => one.verb === verb && one.resource === resource);
    if (kind !== undefined) counted[kind.key] += value;
  }
  return counted;
};

/** Requests between two looks. */
export type Requests = {
  readonly seconds: number;
  readonly nodes: number;
  readonly slices: number;
  readonly events: number;
  readonly watches: number;
  readonly all: number;
};

export const between = (from: Counted, to: Counted): Requests => {
  const nodes = to.nodes - from.nodes;
  const slices = to.slices - from.slices;
  const events = to.events - from.events;
  // One that stands has not been counted yet.
  const watches = to.watchesEnded + to.watchesOpen - from.watchesEnded - from.watchesOpen;
  return { seconds: (to.at - from.at) / 1_000, nodes, slices, events, watches, all: nodes + slices + events + watches };
};
