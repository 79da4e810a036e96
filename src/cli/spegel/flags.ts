import { isExactVersion, pinnedChart } from '../../core/spegel/chart.ts';
import { apiServerUrl, type FlagValue, releaseName, runtimeName, wholeSeconds } from '../flag-values.ts';
import { type Flag, jsonFlag, nodeFlags, onNode } from '../options.ts';

const chartVersion: FlagValue = { takes: `one version such as ${pinnedChart.version}`, fits: isExactVersion };

/** `n1=containerd`, or the runtime alone; without one, or `unknown`: not known. */
const runtimeOfNode: FlagValue = {
  takes: 'runtimes such as containerd, or with the node n1=containerd',
  fits: (value) => {
    const at = value.indexOf('=');
    const runtime = value.slice(at + 1);
    return at !== 0 && (runtime === '' || runtime === 'unknown' || runtimeName.fits(runtime));
  },
};

const used = ['config', 'certs-dir'];

/** What every `spegel` command takes. */
export const spegelFlags: readonly Flag[] = [
  ...onNode(nodeFlags.filter(({ name }) => used.includes(name))),
  {
    name: 'runtime',
    kind: 'list',
    placeholder: '[NODE=]NAME',
    help: 'runtimes of the nodes, as n1=containerd,n2=cri-o, instead of asking the cluster',
    value: runtimeOfNode,
  },
  {
    name: 'release',
    kind: 'text',
    placeholder: 'NAME',
    help: "name of Spegel's Helm release (default spegel)",
    value: releaseName,
  },
  {
    name: 'namespace',
    kind: 'text',
    placeholder: 'NAME',
    help: 'where Spegel runs (default spegel)',
    value: releaseName,
  },
  {
    name: 'chart',
    kind: 'text',
    placeholder: 'CHART',
    help: "Spegel's chart: oci://…, https://REPOSITORY/CHART, or a directory",
  },
  {
    name: 'chart-version',
    kind: 'text',
    placeholder: 'VERSION',
    help: 'its version, instead of the pinned one',
    value: chartVersion,
  },
  jsonFlag,
];

/** What talks to a cluster takes besides. */
export const helmFlags: readonly Flag[] = [
  { name: 'helm', kind: 'text', placeholder: 'FILE', help: 'Helm 3.13 or later, or 4 (default: helm on PATH)' },
  {
    name: 'api-server',
    kind: 'text',
    placeholder: 'URL',
    help: 'the API server, instead of the one that kubectl is configured for',
    value: apiServerUrl,
  },
  { name: 'take-over', kind: 'switch', help: 'also a release that somebody else manages' },
];

/** What changes a cluster takes besides. */
export const changeFlags: readonly Flag[] = [
  { name: 'dry-run', kind: 'switch', help: 'let Helm try it against the cluster, change nothing' },
  {
    name: 'timeout',
    kind: 'text',
    placeholder: 'DURATION',
    help: 'how long Helm waits (default 5m)',
    value: wholeSeconds,
  },
  { name: 'no-wait', kind: 'switch', help: 'do not wait until all is ready, and roll nothing back' },
];
