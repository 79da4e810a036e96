import { eventOfProblem } from '../../src/core/cluster-event.ts';
import { parseConfig } from '../../src/core/config/config.ts';
import { readConfigMap } from '../../src/core/config/config-map.ts';
import { sha256 } from '../../src/io/disk/hash.ts';
import { createApi } from '../../src/kubernetes/api-request.ts';
import { followCluster } from '../../src/kubernetes/follow-cluster.ts';
import { createNodeEvents } from '../../src/kubernetes/node-events.ts';

// What the agents of some nodes ask of the API server, in one process: rate.ts starts it, with KUBECONFIG set, and is told
// what comes.

/** What a client was told, or that it hears again; `at` in milliseconds of the wall clock. */
export type Heard = { readonly node: string; readonly what: 'told' | 'connected' | 'away'; readonly at: number };

const [first = 0, count = 0, factsEveryMs = 0, watchLastsMs = 0] = process.argv.slice(2).map(Number);
const stop = new AbortController();
process.once('disconnect', () => stop.abort());
const nothing = (): void => undefined;

for (let i = first; i < first + count; i++) {
  const node = `node-${i}`;
  const say = (what: Heard['what']): void => {
    const heard: Heard = { node, what, at: performance.timeOrigin + performance.now() };
    if (process.connected) process.send?.(heard);
  };
  const event = createNodeEvents(createApi(), {
    node,
    instance: `handspegel-${node}`,
    wall: () => new Date(),
    report: nothing,
    signal: stop.signal,
  });
  const tell = (object: unknown): void => {
    say('told');
    const { state } = readConfigMap(object, 'ConfigMap default/hs', sha256);
    if (state.kind !== 'text') return;
    for (const problem of parseConfig(state.text, state.file).problems) {
      const told = eventOfProblem(problem);
      if (told !== undefined) event(told);
    }
  };
  const options = {
    node,
    server: undefined,
    configMap: { namespace: 'default', name: 'hs' },
    report: nothing,
    factsEveryMs,
    times: { lasts: watchLastsMs },
  };
  const fares = (connected: boolean): void => say(connected ? 'connected' : 'away');
  const hooks = { tell, fares, learn: nothing, needsControlPlane: () => true };
  void followCluster(options, hooks, stop.signal);
}
