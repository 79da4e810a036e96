import { apiServerUrl, duration, objectName } from './flag-values.ts';
import type { Flag } from './options.ts';

/** What `--all` takes: the agents of a whole cluster, found by the API that kubectl is configured for. */
export const clusterFlags: readonly Flag[] = [
  { name: 'all', kind: 'switch', help: 'all nodes of the cluster, by the API that kubectl is configured for' },
  {
    name: 'namespace',
    kind: 'text',
    placeholder: 'NAME',
    help: 'with --all: where the chart is (default handspegel)',
    value: objectName,
  },
  {
    name: 'configmap',
    kind: 'text',
    placeholder: 'NAME',
    help: "with --all: the agents' ConfigMap (default handspegel)",
    value: objectName,
  },
  { name: 'selector', kind: 'text', placeholder: 'LABELS', help: "with --all: which pods are the agents'" },
  {
    name: 'timeout',
    kind: 'text',
    placeholder: 'DURATION',
    help: 'with --all: how long to wait (default 240s)',
    value: duration,
  },
  {
    name: 'api-server',
    kind: 'text',
    placeholder: 'URL',
    help: 'with --all: the API server, instead of the one configured',
    value: apiServerUrl,
  },
];
