import type { Config } from '../config/config.ts';
import { isMap, valueAt } from '../config/config-json.ts';
import type { Problem } from '../problem.ts';

/** A node of the cluster, as far as it decides where Spegel runs. */
export type ClusterNode = {
  readonly name: string;
  /** `containerd`, `cri-o`, …; unknown while kubelet has not said it. */
  readonly runtime: string | undefined;
  /** Unknown: a `nodeSelector` is taken to fit. */
  readonly labels?: Readonly<Record<string, string>>;
};

/** Shall there be a Spegel, and where. */
export type SpegelChoice = {
  readonly wanted: boolean;
  /** Who says so: `enabled`, or the runtimes of the nodes. */
  readonly by: 'configuration' | 'nodes';
  /** For people, with the nodes that decide. */
  readonly reason: string;
  /** Names of the nodes that can run it; none when the nodes were not looked at. */
  readonly nodes: readonly string[];
  /** Names of the nodes that are kept out: another runtime. */
  readonly keptOut: readonly string[];
  readonly problems: readonly Problem[];
};

/** Unknown counts as containerd, as on the node itself. */
const runsContainerd = ({ runtime }: ClusterNode): boolean =>
  runtime === undefined || runtime === '' || /^containerd\b/i.test(runtime);

const mostNames = 10;

/** Up to ten names, then how many more. */
const listNames = (names: readonly string[]): string => {
  const shown = names.slice(0, mostNames).join(', ');
  return names.length > mostNames ? `${shown} and ${names.length - mostNames} more` : shown;
};

const withRuntime = ({ name, runtime }: ClusterNode): string => `${name} (${runtime ?? 'unknown'})`;

/** The nodes that the chart's own `nodeSelector` lets Spegel onto: Linux, and what `helm_values` adds. */
const candidates = (config: Config, nodes: readonly ClusterNode[]): readonly ClusterNode[] => {
  const selector = valueAt(config.helmValues, 'nodeSelector');
  const wanted = Object.entries({ 'kubernetes.io/os': 'linux', ...(isMap(selector) ? selector : {}) });
  return nodes.filter(
    ({ labels }) => labels === undefined || wanted.every(([key, value]) => value === null || labels[key] === value),
  );
};

/**
 * Shall Spegel be installed? `enabled` decides for the whole cluster. When it is not given, the default is per node: true
 * on containerd or an unknown runtime, false on any other, which is then kept out; with none left it is not installed.
 * `nodes: undefined` means that nobody looked.
 */
export const chooseSpegel = (config: Config, nodes: readonly ClusterNode[] | undefined): SpegelChoice => {
  const none = { nodes: [], keptOut: [], problems: [] };
  if (config.spegelEnabled === false) {
    return { wanted: false, by: 'configuration', reason: 'cluster.addon.spegel.enabled is false', ...none };
  }
  const possible = candidates(config, nodes ?? []);
  const [fit, unfit] = [possible.filter(runsContainerd), possible.filter((node) => !runsContainerd(node))];
  const names = fit.map(({ name }) => name);
  const others = unfit.map(withRuntime);
  if (config.spegelEnabled === true) {
    const problems: readonly Problem[] =
      unfit.length === 0
        ? []
        : [
            {
              code: 'spegel-other-runtime',
              severity: 'warning',
              message: `enabled: true asks for Spegel on every node, and it cannot start on ${listNames(others)}`,
              hint: 'Leave `enabled` out: then nodes with another runtime are kept out. Or choose nodes by helm_values.nodeSelector.',
              file: config.file,
              path: 'cluster.addon.spegel.enabled',
            },
          ];
    return {
      ...none,
      wanted: true,
      by: 'configuration',
      reason: 'cluster.addon.spegel.enabled is true',
      nodes: names,
      problems,
    };
  }
  if (nodes === undefined || possible.length === 0) {
    const reason =
      nodes === undefined
        ? 'enabled is not given: the default is true'
        : 'there is no node yet that could decide otherwise';
    return { ...none, wanted: true, by: 'nodes', reason };
  }
  if (fit.length === 0) {
    return { ...none, wanted: false, by: 'nodes', reason: `no node runs containerd: ${listNames(others)}` };
  }
  const on = `${fit.length === 1 ? '1 node runs' : `${fit.length} nodes run`} containerd: ${listNames(names)}`;
  const off = unfit.length === 0 ? '' : `; kept out by node affinity: ${listNames(others)}`;
  return { ...none, wanted: true, by: 'nodes', reason: on + off, nodes: names, keptOut: unfit.map(({ name }) => name) };
};
