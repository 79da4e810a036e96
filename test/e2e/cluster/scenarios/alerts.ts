import { it } from 'node:test';
import { generousMs, until } from '../../support/until.ts';
import { whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { processOf } from '../support/containers.ts';
import { helmHandspegel } from '../support/install.ts';
import { monitoringKinds, startPrometheus } from '../support/prometheus.ts';

/** 9. Prometheus. */
export const alerts = (cluster: () => Cluster): void => {
  it('9. Prometheus finds both agents, its alerts fire for a withdrawn mirror and resolve', async () => {
    const { kubectl, nodes, n1 } = cluster();
    for (const kind of monitoringKinds) await kubectl.apply(kind);
    await kubectl.run('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
    const monitored = ['serviceMonitor', 'prometheusRule'].map((name) => `--set=metrics.${name}.enabled=true`);
    await helmHandspegel(cluster(), 'upgrade', ...monitored);
    const { firing, scraped } = await startPrometheus(cluster());
    const agents = nodes.map(({ address }) => `${address}:9847`).join();
    await until('both agents are scraped', async () => (await scraped()).join() === agents, {
      limitMs: 2 * generousMs,
    });
    await until('no alert fires', async () => (await firing()).length === 0, { limitMs: 2 * generousMs });

    const spegel = await processOf(cluster(), 'spegel', n1);
    let last: readonly string[] = [];
    const look = async (isSo: (names: readonly string[]) => boolean): Promise<boolean> => {
      last = await firing();
      return isSo(last);
    };
    const wanted = ['HandspegelMirrorCostsPulls', 'HandspegelWithdrawn'].map((name) => `${name} ${n1.address}:9847`);
    const options = { limitMs: 4 * generousMs, otherwise: () => last.join('\n') };
    process.kill(spegel, 'SIGSTOP');
    try {
      await until('the alerts fire', () => look((names) => wanted.every((name) => names.includes(name))), options);
    } finally {
      process.kill(spegel, 'SIGCONT');
    }
    await until('they resolve', () => look((names) => names.every((name) => !wanted.includes(name))), options);
    await whenPhase(cluster().nodes, 'spegel');
  });
};
