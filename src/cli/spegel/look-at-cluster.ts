import type { Problem } from '../../core/problem.ts';
import { chooseSpegel, type SpegelChoice } from '../../core/spegel/choice.ts';
import { planRelease, type ReleasePlan } from '../../core/spegel/plan-release.ts';
import { createHelm } from '../../io/helm.ts';
import { type Api, ApiRefusal, createApi } from '../../kubernetes/api-request.ts';
import { listNodes } from '../../kubernetes/list-nodes.ts';
import { listSpegels } from '../../kubernetes/list-spegels.ts';
import type { CommandContext } from '../command.ts';
import { type HelmRelease, openRelease } from './helm-release.ts';
import { hasErrors, layoutProblems, type SpegelInput, versionProblems } from './inputs.ts';

export type Cluster = { readonly api: Api; readonly release: HelmRelease };

/** What is to be done with Spegel in this cluster. */
export type Outlook = {
  readonly plan: ReleasePlan;
  readonly choice: SpegelChoice;
  readonly version: string;
  readonly problems: readonly Problem[];
};

/** A pod's own configuration names the Service's address: another one reaches Helm by the variables that it is made of. */
const environment = (env: CommandContext['env'], server: string | undefined): CommandContext['env'] => {
  if (server === undefined || env['KUBERNETES_SERVICE_HOST'] === undefined || env['KUBECONFIG']) return env;
  const { hostname, port } = new URL(server);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { ...env, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port === '' ? '443' : port };
};

/** A server that is not reached says so, and where another is named. */
const naming =
  (api: Api): Api =>
  async (...request) => {
    try {
      return await api(...request);
    } catch (error) {
      if (error instanceof ApiRefusal || !(error instanceof Error)) throw error;
      throw new Error(
        `the API server is not reached: ${error.message}. Say where it is: KUBECONFIG, its current context, or --api-server.`,
        { cause: error },
      );
    }
  };

/** The cluster that kubectl is configured for, by its API and by Helm. */
export const openCluster = async (context: CommandContext, where: SpegelInput['where']): Promise<Cluster> => {
  const { values, signal, env } = context;
  const server = values.text('api-server');
  const ours = environment(env, server);
  const helm = createHelm({ program: values.text('helm') ?? 'helm', env: ours, signal });
  const words = server === undefined || ours !== env ? [] : ['--kube-apiserver', server];
  return { api: naming(createApi(server)), release: await openRelease(helm, where, words) };
};

const chartOf = async (input: SpegelInput, release: HelmRelease) => {
  if (input.chart.kind !== 'path') return { version: input.version, problems: versionProblems(input) };
  const { version, hasHostPort } = await release.lookAtChart(input.chart.path);
  const layouts = hasHostPort ? ['two-ports', 'same-node'] : ['single-port'];
  return { version, problems: layoutProblems(input.config, version, layouts) };
};

/** Looks at nodes, Spegels and the release, and compares them with what is wanted. Changes nothing. */
export const lookAtCluster = async (
  { api, release }: Cluster,
  input: SpegelInput,
  takeOver: boolean,
): Promise<Outlook> => {
  const nodes = input.nodes ?? (await listNodes(api));
  const choice = chooseSpegel(input.config, nodes);
  // What is uninstalled need not fit, nor be there.
  const { version, problems } = choice.wanted
    ? await chartOf(input, release)
    : { version: input.version, problems: [] };
  const plan = planRelease({
    choice,
    where: input.where,
    version,
    versionAsked: input.versionAsked || input.chart.kind === 'path',
    values: input.values,
    nodes: nodes.map(({ name }) => name),
    found: await release.find(),
    spegels: await listSpegels(api),
    takeOver,
  });
  return { plan, choice, version, problems: [...input.problems, ...choice.problems, ...problems] };
};

/** A plan that may be carried out: neither refused, nor on a configuration that contradicts the chart. */
export const isFeasible = ({ plan, problems }: Outlook): boolean => plan.action !== 'refuse' && !hasErrors(problems);
