import { resolve } from 'node:path';
import type { Config } from '../../core/config/config.ts';
import { chooseMounted } from '../../core/config/config-choice.ts';
import type { JsonMap } from '../../core/config/config-json.ts';
import { render } from '../../core/config/render.ts';
import { chooseCertsDir } from '../../core/config/settings-certs-dir.ts';
import { insidePolicy, withStandIns } from '../../core/config/stand-ins.ts';
import { formatProblem, type Problem } from '../../core/problem.ts';
import { redactText } from '../../core/redact.ts';
import { type ChartReference, layoutsOfVersion, pinnedChart, readChartReference } from '../../core/spegel/chart.ts';
import type { ClusterNode } from '../../core/spegel/choice.ts';
import { spegelContradictions } from '../../core/spegel/contradictions.ts';
import { secretsIn } from '../../core/spegel/value-differences.ts';
import { spegelValues } from '../../core/spegel/values.ts';
import { readConfigSource } from '../../io/config-source.ts';
import { createTools } from '../../tools.ts';
import { agentVersion } from '../../version.ts';
import type { Terminal } from '../command.ts';
import { UsageError, type Values } from '../options.ts';
import { printable } from '../printer.ts';

/** What the flags and the configuration say about Spegel's release. */
export type SpegelInput = {
  readonly config: Config;
  readonly values: (keptOut: readonly string[]) => JsonMap;
  readonly chart: ChartReference;
  readonly version: string;
  /** The version was given, not only pinned. */
  readonly versionAsked: boolean;
  readonly where: { readonly release: string; readonly namespace: string };
  /** The nodes as the flags name them; `undefined`: ask the cluster. */
  readonly nodes: readonly ClusterNode[] | undefined;
  readonly problems: readonly Problem[];
  /** What nobody may see, wherever it is quoted. */
  readonly hide: (text: string) => string;
};

/** Release and namespace, as the flags name them. */
export const whereOf = (values: Values): SpegelInput['where'] => ({
  release: values.text('release') ?? 'spegel',
  namespace: values.text('namespace') ?? 'spegel',
});

const chartOf = (values: Values): ChartReference => {
  const text = values.text('chart') ?? pinnedChart.reference;
  const chart = readChartReference(text);
  if (chart.kind === 'path' && /^[a-z]+:\/\//i.test(text)) {
    throw new UsageError(`--chart takes oci://…, https://REPOSITORY/CHART or a directory, not '${redactText(text)}'`);
  }
  return chart.kind === 'path' ? { kind: 'path', path: resolve(chart.path) } : chart;
};

const nodesOf = (values: Values): readonly ClusterNode[] | undefined => {
  const words = values.list('runtime');
  if (words.length === 0) return undefined;
  const nodes = words.map((word, i) => {
    const at = word.indexOf('=');
    const [name, runtime] = at < 0 ? [`node-${i + 1}`, word] : [word.slice(0, at), word.slice(at + 1)];
    return { name, runtime: runtime === '' || runtime === 'unknown' ? undefined : runtime };
  });
  if (words.length > 1 && words.some((word) => !word.includes('='))) {
    throw new UsageError('--runtime of more than one node takes their names: n1=containerd,n2=cri-o');
  }
  return nodes;
};

/** Addresses of RFC 5737: what templates name is compared with the chart's ports, wherever the nodes are. */
const exampleFacts = {
  nodeName: 'node-1',
  nodeAddresses: ['192.0.2.10'],
  controlPlane: ['192.0.2.1'],
  runtime: 'containerd',
  labels: {},
  secrets: {},
};

const contradictionsIn = (config: Config): readonly Problem[] => {
  const tools = createTools({ agentVersion, object: () => undefined });
  const facts = withStandIns(config, insidePolicy(config, exampleFacts));
  return spegelContradictions(config, render(config, facts, tools), facts);
};

/** The ports that the configuration counts on must be those that this version of the chart opens. */
export const layoutProblems = (config: Config, version: string, layouts: readonly string[]): readonly Problem[] => {
  const { layout } = config.chart.ports;
  if (layouts.includes(layout)) return [];
  const has = layouts.includes('single-port') ? 'one port (the node port)' : 'a host port and a node port';
  const wants = layout === 'single-port' ? 'one' : 'both';
  return [
    {
      code: 'spegel-chart-layout',
      severity: 'error',
      message: `chart ${version} has ${has}, but the configuration counts on ${wants}, so the agents would write other mirrors than Spegel`,
      hint: layouts.includes('single-port')
        ? 'Say handspegel.spegel.layout: single-port, and leave service.registry.hostPort out.'
        : 'Say handspegel.spegel.layout: two-ports, or take a chart after 0.7.4 (--chart-version).',
      file: config.file,
      path: 'handspegel.spegel.layout',
    },
  ];
};

/** The same for a chart that is known by its version; one on this machine is asked itself. */
export const versionProblems = ({ config, chart, version }: SpegelInput): readonly Problem[] =>
  chart.kind === 'path' ? [] : layoutProblems(config, version, layoutsOfVersion(version));

/** Prints problems for people, without credentials. */
export const sayProblems = (terminal: Terminal, problems: readonly Problem[], hide: (text: string) => string): void => {
  for (const problem of problems) terminal.error(`${printable(hide(formatProblem(problem)))}\n`);
};

/** A configuration that the agents would refuse is refused here too; the problems are said. */
export const readSpegelInput = (values: Values, terminal: Terminal): SpegelInput | undefined => {
  const path = values.text('config');
  const { config, problems } = chooseMounted(path === undefined ? undefined : readConfigSource(path), undefined);
  if (config === undefined) {
    sayProblems(terminal, problems, redactText);
    return undefined;
  }
  const secrets = secretsIn(config.helmValues);
  const version = values.text('chart-version') ?? pinnedChart.version;
  const flag = values.text('certs-dir');
  const certsDir = chooseCertsDir({
    flag,
    preset: config.settings.certsDir.preset,
    helmValues: config.chart.containerdRegistryConfigPath,
  });
  const chart = chartOf(values);
  return {
    config,
    values: (keptOut) => spegelValues(config, certsDir.path, keptOut),
    chart,
    version,
    versionAsked: values.text('chart-version') !== undefined,
    where: whereOf(values),
    nodes: nodesOf(values),
    problems: [...problems, ...contradictionsIn(config), ...(flag === undefined ? [] : certsDir.problems)],
    hide: (text) => redactText(text, secrets),
  };
};

export const hasErrors = (problems: readonly Problem[]): boolean =>
  problems.some(({ severity }) => severity === 'error');
