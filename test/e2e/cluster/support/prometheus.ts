import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../../support/agent.ts';
import { generousMs, until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';

export type Prometheus = {
  /** Names of the alerts that fire, each with what it fires for. */
  readonly firing: () => Promise<readonly string[]>;
  /** Addresses of what it found and scraped well. */
  readonly scraped: () => Promise<readonly string[]>;
};

type Labels = Readonly<Record<string, string>>;
type Alert = { readonly state: string; readonly labels: Labels };
type Target = { readonly health: string; readonly labels: Labels };

/** The two kinds of the Prometheus operator that the chart makes, as an API server has to know them. */
export const monitoringKinds = (['servicemonitors ServiceMonitor', 'prometheusrules PrometheusRule'] as const).map(
  (words) => {
    const [plural = '', kind] = words.split(' ');
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.monitoring.coreos.com` },
      spec: {
        group: 'monitoring.coreos.com',
        scope: 'Namespaced',
        names: { kind, plural },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
  },
);

/** The chart's rules as they lie in the cluster, but for how long a thing must last: nobody waits 15 minutes here. */
const rulesOf = async ({ kubectl }: Cluster): Promise<object> => {
  const words = ['get', 'prometheusrule', 'handspegel', '--namespace=handspegel', '-o', 'jsonpath={.spec}'];
  const text = await kubectl.run(...words);
  return JSON.parse(text, (key, value: unknown) => (key === 'for' ? '2s' : value)) as object;
};

/** Debian's Prometheus, which finds the agents by the name of the chart's Service. */
export const startPrometheus = async (cluster: Cluster): Promise<Prometheus> => {
  const { t, dir, n1 } = cluster;
  const place = join(dir, 'prometheus');
  mkdirSync(place);
  writeFileSync(join(place, 'rules.yaml'), JSON.stringify(await rulesOf(cluster)));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(place, 'rules.yaml')],
    scrape_configs: [
      {
        job_name: 'handspegel',
        // Debian builds it without the discovery by the Kubernetes API.
        dns_sd_configs: [
          { names: ['handspegel.handspegel.svc.cluster.local'], type: 'A', port: 9847, refresh_interval: '1s' },
        ],
      },
    ],
  };
  writeFileSync(join(place, 'prometheus.yaml'), JSON.stringify(config));
  const listen = `${n1.address}:9090`;
  const prometheus = startProcess(t, [
    ...n1.inside,
    'prometheus',
    `--config.file=${join(place, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(place, 'data')}`,
    `--web.listen-address=${listen}`,
  ]);
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://${listen}/api/v1/${path}`, { signal: AbortSignal.timeout(5_000) });
    const { data } = (await response.json()) as { readonly data: T };
    return data;
  };
  const answers = (): Promise<object> => ask<object>('status/buildinfo');
  await until('Prometheus answers', answers, { limitMs: 2 * generousMs, otherwise: prometheus.output });
  return {
    firing: async () => {
      const { alerts } = await ask<{ readonly alerts: readonly Alert[] }>('alerts');
      return alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => `${labels['alertname']} ${labels['instance'] ?? ''}`.trim())
        .toSorted();
    },
    scraped: async () => {
      const { activeTargets } = await ask<{ readonly activeTargets: readonly Target[] }>('targets?state=active');
      return activeTargets
        .flatMap(({ health, labels }) => (health === 'up' ? (labels['instance'] ?? '') : []))
        .toSorted();
    },
  };
};
