import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startProcess } from '../../support/agent.ts';
import { atEnd } from '../../support/cleanup.ts';
import { upstream, world } from './addresses.ts';
import type { ControlPlane } from './control-plane.ts';

type Slice = {
  readonly metadata: { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[] | null;
};
type Service = {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly clusterIP?: string };
};

const nameOf = (service: string, namespace: string): string => `${service}.${namespace}.svc.cluster.local`;

/**
 * dnsmasq as cluster DNS: Services by their ClusterIP, headless ones by their pods. Spegel's uninstall hook asks for the
 * latter.
 */
export const startDns = (t: TestContext, dir: string, { get }: ControlPlane): void => {
  mkdirSync(join(dir, 'hosts.d'), { recursive: true });
  const write = (lines: readonly string[]): void => {
    writeFileSync(join(dir, 'hosts.new'), `${[`${world} ${upstream}`, ...lines].join('\n')}\n`);
    renameSync(join(dir, 'hosts.new'), join(dir, 'hosts.d/cluster'));
  };
  write([]);
  startProcess(t, [
    'dnsmasq',
    '--user=root',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    `--hostsdir=${join(dir, 'hosts.d')}`,
    `--pid-file=${join(dir, 'dnsmasq.pid')}`,
    '--local=/test/',
    '--local=/cluster.local/',
    `--listen-address=${world}`,
    '--bind-interfaces',
  ]);
  const look = async (): Promise<readonly string[]> => {
    const { items: services } = (await get('/api/v1/services')) as { readonly items: readonly Service[] };
    const { items: slices } = (await get('/apis/discovery.k8s.io/v1/endpointslices')) as {
      readonly items: readonly Slice[];
    };
    return services.flatMap(({ metadata: { name, namespace }, spec: { clusterIP } }) => {
      if (clusterIP !== 'None') return clusterIP === undefined ? [] : [`${clusterIP} ${nameOf(name, namespace)}`];
      const own = slices.filter(
        ({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
      );
      const addresses = own.flatMap(({ endpoints }) => endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
      return addresses.map((address) => `${address} ${nameOf(name, namespace)}`);
    });
  };
  const ending = new AbortController();
  atEnd(t, () => ending.abort());
  const follow = async (): Promise<void> => {
    let last = '';
    while (!ending.signal.aborted) {
      // While the API server is stopped, names stay as they are.
      const lines = await look().catch(() => undefined);
      if (lines !== undefined && lines.join() !== last) write(lines);
      last = lines?.join() ?? last;
      await setTimeout(1_000, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  void follow();
};
