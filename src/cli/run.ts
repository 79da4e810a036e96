import { type AgentDeps, runAgent } from '../agent.ts';
import type { ClusterEvent } from '../core/cluster-event.ts';
import { type Listen, parseListen } from '../core/config/settings-listen.ts';
import { createClock } from '../io/clock.ts';
import { configStamp } from '../io/config-source.ts';
import { acquireLock } from '../io/lock.ts';
import { createLog, logLevels } from '../io/log.ts';
import { createStore } from '../io/store.ts';
import { createProbes } from '../probes.ts';
import { type Command, exitCodes } from './command.ts';
import { nodeOptions, stateDirOf, trackAddresses } from './open-node.ts';
import { nodeFlags, runFlags, UsageError, type Values } from './options.ts';

const listenOf = (values: Values, flag: string): Listen | undefined => parseListen(values.text(flag) ?? '');

type Report = (message: string, problem: boolean) => void;

const configMapOf = (values: Values): { readonly namespace: string; readonly name: string } | undefined => {
  const name = values.text('configmap');
  if (name === undefined || !values.on('kubernetes')) return undefined;
  return { namespace: values.text('namespace') ?? 'handspegel', name };
};

/** This node's runtime, version, labels and images, the control plane and the watched ConfigMap, from the API. */
const clusterFacts = (values: Values, report: Report): AgentDeps['askCluster'] => {
  const node = values.text('node-name');
  if (!values.on('kubernetes')) return undefined;
  if (node === undefined) throw new UsageError('--kubernetes needs --node-name: which node is it?');
  return async (hooks, signal) => {
    const { followCluster } = await import('../kubernetes/follow-cluster.ts');
    const options = { node, server: values.text('api-server'), configMap: configMapOf(values), report };
    await followCluster(options, hooks, signal);
  };
};

/** Events of this node; the API is loaded with the first one. */
const nodeEvents = (
  values: Values,
  report: Report,
  wall: () => Date,
  signal: AbortSignal,
): AgentDeps['tellCluster'] => {
  const node = values.text('node-name');
  if (!values.on('kubernetes') || !values.on('events') || node === undefined) return undefined;
  let loading: Promise<(event: ClusterEvent) => void> | undefined;
  const load = async (): Promise<(event: ClusterEvent) => void> => {
    const { createApi } = await import('../kubernetes/api-request.ts');
    const { createNodeEvents } = await import('../kubernetes/node-events.ts');
    const options = { node, instance: `handspegel-${node}`, wall, report, signal };
    return createNodeEvents(createApi(values.text('api-server')), options);
  };
  return (event) => {
    loading ??= load();
    void loading.then((tell) => tell(event));
  };
};

/** What of Kubernetes is asked for, loaded only then, after the first files. */
const taintRemoval = (values: Values, report: Report): ((signal: AbortSignal) => Promise<void>) | undefined => {
  const key = values.text('startup-taint');
  const node = values.text('node-name');
  if (key === undefined) return undefined;
  if (node === undefined) throw new UsageError('--startup-taint needs --node-name: whose taint is it?');
  return async (signal) => {
    const { createApi } = await import('../kubernetes/api-request.ts');
    const { takeTaintAway } = await import('../kubernetes/startup-taint.ts');
    await takeTaintAway(createApi(values.text('api-server')), { node, key, report }, signal);
  };
};

/** `run`: the agent. */
export const runCommand: Command = {
  name: 'run',
  arguments: '',
  positionals: 0,
  summary: 'run the agent: keep the files right until stopped',
  details:
    'Writes the files of the configuration, hands over to Spegel, takes back, and serves /livez and /readyz.\nSIGTERM stops it within a second; the files stay.',
  example: 'handspegel run --config /etc/handspegel --node-ip 10.0.0.5 --control-plane 10.0.0.1,10.0.0.2',
  flags: [...nodeFlags, ...runFlags],
  run: async ({ values, signal }) => {
    const listen = listenOf(values, 'listen');
    const adminListen = listenOf(values, 'admin-listen');
    const clock = createClock();
    const stateDir = stateDirOf(values);
    const word = values.text('log-level');
    const log = createLog({ level: logLevels.find((known) => known === word) ?? 'info' });
    const configPath = values.text('config');
    const tracker = await trackAddresses(values);
    const options = nodeOptions(values, tracker.current);
    const report: Report = (message, problem) => log[problem ? 'warn' : 'info']({}, message);
    const afterFirstPass = taintRemoval(values, report);
    const askCluster = clusterFacts(values, report);
    const tellCluster = nodeEvents(values, report, clock.wall, signal);
    const configMap = configMapOf(values);
    const running = runAgent(
      {
        ...options,
        addressesMayHaveChanged: tracker.mayHaveChanged,
        refreshAddresses: tracker.refresh,
        mountStamp: () => configStamp(configPath),
        configPath,
        listen,
        adminListen,
        podUid: values.text('pod-uid'),
        configMap: configMap === undefined ? undefined : `ConfigMap ${configMap.namespace}/${configMap.name}`,
      },
      {
        clock,
        store: createStore(stateDir),
        log,
        probes: (timeoutMs, held) => createProbes({ now: clock.now, timeoutMs, held }),
        acquireLock: (parent, onWaiting, stop) => acquireLock({ parent, onWaiting, signal: stop }),
        ...(afterFirstPass === undefined ? {} : { afterFirstPass }),
        ...(askCluster === undefined ? {} : { askCluster }),
        ...(tellCluster === undefined ? {} : { tellCluster }),
        loadObservers: async () => (await import('../observers.ts')).observers(stateDir, log.start),
      },
      signal,
    );
    await running.finally(log.flush);
    return exitCodes.done;
  },
};
