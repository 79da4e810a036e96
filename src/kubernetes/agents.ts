import type { Api } from './api-request.ts';

/** A pod of an agent, as the API knows it. */
export type AgentPod = {
  readonly uid: string;
  readonly pod: string;
  readonly node: string;
  /** `http://ADDRESS:PORT` of health and metrics; `undefined` while the pod has no address. */
  readonly url: string | undefined;
  /** `gone`: no such node any more; `silent`: its kubelet is not heard of. */
  readonly nodeState: 'here' | 'gone' | 'silent';
};

/** What an agent's own pages say: `undefined` when it does not answer. */
export type AgentAnswer = { readonly phase: string | undefined; readonly ready: boolean } | undefined;

type PodList = {
  readonly items: readonly {
    readonly metadata: { readonly uid: string; readonly name: string };
    readonly spec: {
      readonly nodeName?: string;
      readonly containers: readonly {
        readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
      }[];
    };
    readonly status: { readonly phase?: string; readonly hostIP?: string };
  }[];
};
type NodeList = {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
};

/** The agents' pods that are, or may come, to run. Served from the API server's cache: one list each, however many. */
export const listAgents = async (api: Api, namespace: string, selector: string): Promise<readonly AgentPod[]> => {
  const query = `labelSelector=${encodeURIComponent(selector)}&resourceVersion=0`;
  const pods = (await api('GET', `/api/v1/namespaces/${namespace}/pods?${query}`)) as PodList;
  const nodes = (await api('GET', '/api/v1/nodes?resourceVersion=0')) as NodeList;
  const heard = new Map(
    nodes.items.map(({ metadata, status }) => [
      metadata.name,
      status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'Unknown',
    ]),
  );
  return pods.items
    .filter(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed')
    .map(({ metadata, spec, status }) => {
      const ports = spec.containers.flatMap((container) => container.ports ?? []);
      const port = ports.find(({ name }) => name === 'metrics')?.containerPort ?? 9847;
      const host = status.hostIP?.includes(':') ? `[${status.hostIP}]` : status.hostIP;
      const node = spec.nodeName ?? '';
      const state = heard.get(node);
      return {
        uid: metadata.uid,
        pod: metadata.name,
        node: node === '' ? `(pod ${metadata.name} has no node)` : node,
        url: host === undefined ? undefined : `http://${host}:${port}`,
        nodeState: state === undefined && node !== '' ? 'gone' : state === false ? 'silent' : 'here',
      };
    });
};

const phaseIn = (metrics: string): string | undefined =>
  /^handspegel_phase\{[^}]*\bphase="([^"]+)"[^}]*\} 1(?:\.0)?$/m.exec(metrics)?.[1];

/** Asks an agent for its phase and whether it is ready; within 3 s each. */
export const askAgent = async ({ url }: AgentPod, signal: AbortSignal): Promise<AgentAnswer> => {
  if (url === undefined) return undefined;
  const get = (path: string): Promise<Response> =>
    fetch(url + path, { signal: AbortSignal.any([signal, AbortSignal.timeout(3_000)]) });
  try {
    const [metrics, ready] = [await get('/metrics'), await get('/readyz')];
    await ready.body?.cancel();
    return { phase: metrics.ok ? phaseIn(await metrics.text()) : undefined, ready: ready.ok };
  } catch (error) {
    // No answer is an answer here: refused, unreachable, too slow.
    if (error instanceof TypeError || (error instanceof DOMException && error.name !== 'SyntaxError')) return undefined;
    throw error;
  }
};
