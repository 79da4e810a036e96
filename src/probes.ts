import type { Agent as HttpAgent } from 'node:http';
import type { HeldImage } from './core/facts.ts';
import type { Mirror } from './core/gate/mirror.ts';
import { type Depth, isCostly, type Sample } from './core/gate/verdict.ts';
import type { ProbeOptions, ProbeSample } from './io/probe.ts';

export type ProbesOptions = {
  readonly now: () => number;
  /** For a complete answer to `/v2/`, in milliseconds. */
  readonly timeoutMs: () => number;
  readonly held?: () => HeldImage | undefined;
};

/** No image has it; Spegel looks for it among its peers and answers that nobody has. */
const unknownDigest = `sha256:${'0'.repeat(63)}1`;
/** Spegel before v0.0.27 looks for 5 s before it says that nobody has a digest; containerd waits 30 s. */
const deepTimeouts = 10;

type ProbeModule = typeof import('./io/probe.ts');

/**
 * Probes as the gate wants them (design.md, Gate). node:http costs 30 ms to load: what refuses a connection is told
 * without it.
 */
export const createProbes = ({ now, timeoutMs, held }: ProbesOptions) => {
  let loaded: ProbeModule | undefined;
  let kept: HttpAgent | undefined;

  const load = async (): Promise<ProbeModule> => {
    loaded ??= await import('./io/probe.ts');
    return loaded;
  };

  /** A connection is kept for this node's own pod alone: elsewhere it would stick to one of several. */
  const agentOf = async (mirror: Mirror, url: string): Promise<Pick<ProbeOptions, 'agent'>> => {
    if (!mirror.onePod || !url.startsWith('http:')) return {};
    // Several mirrors may stand behind one port: none waits for the answer of another.
    kept ??= new (process.getBuiltinModule('node:http').Agent)({ keepAlive: true, maxFreeSockets: 2 });
    return { agent: kept };
  };

  const ask = async (mirror: Mirror, url: string, limitMs: number, signal: AbortSignal): Promise<ProbeSample> => {
    const { probeMirror } = await load();
    return probeMirror({
      url,
      timeoutMs: limitMs,
      headers: mirror.headers,
      skipVerify: mirror.skipVerify,
      signal,
      ...(mirror.ca.length === 0 ? {} : { ca: mirror.ca }),
      ...mirror.client,
      ...(await agentOf(mirror, url)),
    });
  };

  /** HTTPS and then HTTP where containerd would try both: the first that answers, or that would make it wait. */
  const shallow = async (mirror: Mirror, signal: AbortSignal): Promise<ProbeSample> => {
    let last: ProbeSample = { kind: 'erroring', latencyMs: 0, detail: 'its URL cannot be asked' };
    for (const url of mirror.probeUrls) {
      if (loaded === undefined && url.startsWith('http:')) {
        const { isRefused } = await import('./io/connect.ts');
        const refused = await isRefused(new URL(url), timeoutMs(), signal);
        if (refused !== undefined) return refused;
      }
      last = await ask(mirror, url, timeoutMs(), signal);
      if (last.kind === 'up' || isCostly(last.kind)) return last;
    }
    return last;
  };

  /** Any complete answer will do: nobody has that digest, and an image may have been removed since. */
  const asAnswer = (sample: ProbeSample, what: string): ProbeSample =>
    sample.kind === 'erroring' && sample.status !== undefined
      ? { ...sample, kind: 'up' }
      : { ...sample, detail: `${what}: ${sample.detail}` };

  const deep = async (mirror: Mirror, signal: AbortSignal): Promise<ProbeSample> => {
    const [base] = mirror.probeUrls;
    const limitMs = timeoutMs() * deepTimeouts;
    const unknown = `${base}handspegel/probe/manifests/${unknownDigest}?ns=docker.io`;
    const first = asAnswer(await ask(mirror, unknown, limitMs, signal), 'a digest that nobody has');
    const image = held?.();
    if (first.kind !== 'up' || image === undefined) return first;
    const url = `${base}${image.repository}/manifests/${image.digest}?ns=${encodeURIComponent(image.registry)}`;
    return asAnswer(await ask(mirror, url, limitMs, signal), 'the manifest of an image that this node holds');
  };

  return async (mirror: Mirror, depth: Depth, signal: AbortSignal): Promise<Sample> => {
    const sample = await (depth === 'deep' ? deep(mirror, signal) : shallow(mirror, signal));
    return { verdict: sample.kind, at: now(), latencyMs: sample.latencyMs, detail: sample.detail };
  };
};
