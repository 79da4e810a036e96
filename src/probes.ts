import type { HeldImage } from './core/facts.ts';
import type { Mirror } from './core/gate/mirror.ts';
import { type Depth, isCostly, type Sample } from './core/gate/verdict.ts';
import { createPlainProbes, type PlainTarget, plainTarget } from './io/plain-probe.ts';
import type { ProbeSample } from './io/probe.ts';

type Target = { readonly mirror: Mirror; readonly depth: Depth };

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

/** Of parsed URLs; more are forgotten. */
const mostTargets = 1_000;

/** Probes as the gate wants them (design.md, Gate). */
export const createProbes = ({ now, timeoutMs, held }: ProbesOptions) => {
  const askPlainly = createPlainProbes();
  const targets = new Map<string, PlainTarget | undefined>();
  const targetOf = (address: string): PlainTarget | undefined => {
    if (targets.has(address)) return targets.get(address);
    const target = plainTarget(new URL(address));
    if (targets.size >= mostTargets) targets.clear();
    targets.set(address, target);
    return target;
  };
  /** Mirrors whose answers need a whole HTTP client, by key and depth, until they refuse. */
  const special = new Set<string>();

  const ask = async (target: Target, address: string, limitMs: number, signal: AbortSignal): Promise<ProbeSample> => {
    const { mirror, depth } = target;
    const plain = Object.keys(mirror.headers).length === 0 ? targetOf(address) : undefined;
    const id = `${depth} ${mirror.key}`;
    if (plain !== undefined && !special.has(id)) {
      // Kept for this node's own pod alone: elsewhere a connection would stick to one of several.
      const outcome = await askPlainly({ target: plain, timeoutMs: limitMs, keep: mirror.onePod, signal });
      if (typeof outcome !== 'string') return outcome;
      if (outcome === 'other') special.add(id);
    }
    // Costs 30 ms to load.
    const { probeMirror } = await import('./io/probe.ts');
    const sample = await probeMirror({
      url: address,
      timeoutMs: limitMs,
      headers: mirror.headers,
      skipVerify: mirror.skipVerify,
      signal,
      ...(mirror.ca.length === 0 ? {} : { ca: mirror.ca }),
      ...mirror.client,
    });
    if (sample.kind === 'refused') special.delete(id);
    return sample;
  };

  /** HTTPS and then HTTP where containerd would try both: the first that answers, or that would make it wait. */
  const shallow = async (mirror: Mirror, signal: AbortSignal): Promise<ProbeSample> => {
    let last: ProbeSample = { kind: 'erroring', latencyMs: 0, detail: 'its URL cannot be asked' };
    for (const url of mirror.probeUrls) {
      last = await ask({ mirror, depth: 'shallow' }, url, timeoutMs(), signal);
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
    const first = asAnswer(await ask({ mirror, depth: 'deep' }, unknown, limitMs, signal), 'a digest that nobody has');
    const image = held?.();
    if (first.kind !== 'up' || image === undefined) return first;
    const url = `${base}${image.repository}/manifests/${image.digest}?ns=${encodeURIComponent(image.registry)}`;
    return asAnswer(
      await ask({ mirror, depth: 'deep' }, url, limitMs, signal),
      'the manifest of an image that this node holds',
    );
  };

  return async (mirror: Mirror, depth: Depth, signal: AbortSignal): Promise<Sample> => {
    const sample = await (depth === 'deep' ? deep(mirror, signal) : shallow(mirror, signal));
    return { verdict: sample.kind, at: now(), latencyMs: sample.latencyMs, detail: sample.detail };
  };
};
