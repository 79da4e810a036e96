import type { LearnedFacts } from '../core/cluster-facts.ts';
import { createPulse } from '../pulse.ts';
import { createApi } from './api-request.ts';
import { createWatch } from './client.ts';
import { learnFacts } from './learn-facts.ts';
import { type WatchHooks, type WatchTimes, watchConfigMap } from './watch-config-map.ts';

export type FollowOptions = {
  readonly node: string;
  /** Instead of the address that the configuration of kubectl, or the pod, has. */
  readonly server: string | undefined;
  /** `undefined`: none is watched. */
  readonly configMap: { readonly namespace: string; readonly name: string } | undefined;
  readonly report: (message: string, problem: boolean) => void;
  readonly times?: Partial<WatchTimes>;
  readonly factsEveryMs?: number;
};

export type FollowHooks = Pick<WatchHooks, 'tell' | 'fares'> & {
  readonly learn: (facts: LearnedFacts) => void;
  readonly needsControlPlane: () => boolean;
};

/** Facts of this node and the one ConfigMap, from the API server, until stopped; never rejects. */
export const followCluster = async (options: FollowOptions, hooks: FollowHooks, signal: AbortSignal): Promise<void> => {
  const { node, server, configMap, report, times = {} } = options;
  const everyMs = options.factsEveryMs === undefined ? {} : { everyMs: options.factsEveryMs };
  const { learn, needsControlPlane, tell, fares } = hooks;
  const outage = createPulse();
  const cameBack = (): void => outage.wake('outage');
  await Promise.all([
    learnFacts(createApi(server), { node, learn, needsControlPlane, report, outage, ...everyMs }, signal),
    configMap === undefined
      ? undefined
      : watchConfigMap(createWatch(server), { ...configMap, times }, { tell, fares, cameBack, report }, signal),
  ]);
};
