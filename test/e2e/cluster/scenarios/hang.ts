import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generousMs, until } from '../../support/until.ts';
import { upstream } from '../support/addresses.ts';
import { isReady, podOf, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { processOf } from '../support/containers.ts';
import { spegelFile, whenDefault } from '../support/expected.ts';
import { helmHandspegel } from '../support/install.ts';
import { monitoringKinds, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { runPod } from '../support/sleeper.ts';

/** 5 and 9. Spegel hangs on one node, and Prometheus tells. */
export const withdraws = (cluster: () => Cluster): void => {
  let prometheus: Prometheus | undefined;
  let spegel = 0;

  const whenFiring = async (what: string, isSo: (names: readonly string[]) => boolean): Promise<void> => {
    let last: readonly string[] | undefined;
    const look = async (): Promise<boolean> => {
      last = await prometheus?.firing();
      return last !== undefined && isSo(last);
    };
    await until(what, look, { limitMs: 4 * generousMs, otherwise: () => `firing: ${last?.join()}` });
  };
  const alertsOf = (address: string): readonly string[] =>
    ['HandspegelMirrorCostsPulls', 'HandspegelWithdrawn'].map((name) => `${name} ${address}:9847`);

  it('9. Prometheus finds both agents, and no alert fires', async () => {
    const { kubectl, nodes } = cluster();
    for (const kind of monitoringKinds) await kubectl.apply(kind);
    await kubectl.run('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
    const monitored = ['serviceMonitor', 'prometheusRule'].map((name) => `--set=metrics.${name}.enabled=true`);
    await helmHandspegel(cluster(), 'upgrade', ...monitored);
    const started = await startPrometheus(cluster());
    prometheus = started;
    const agents = nodes.map(({ address }) => `${address}:9847`).join();
    const areScraped = async (): Promise<boolean> => (await started.scraped()).join() === agents;
    await until('both agents are scraped', areScraped, { limitMs: 2 * generousMs });
    await whenFiring('no alert fires', (names) => names.length === 0);
  });

  it('5. a Spegel that hangs is taken out of the file of its node, and pods pull', async () => {
    const { n1, n2, pushApp } = cluster();
    spegel = await processOf(cluster(), 'spegel', n2);
    await pushApp('while-it-hangs');
    process.kill(spegel, 'SIGSTOP');
    await whenPhase([n2], 'withdrawn');
    const isOut = (): boolean => !(n2.body('_default/hosts.toml') ?? '').includes(`http://${n2.address}:30020`);
    await until('the hanging mirror is out of the file', isOut);
    // Until kubelet takes the pod out of the Service, every second connection to the other port meets it as well.
    const isLeftOut = async (): Promise<boolean> => !isReady(await podOf(cluster(), 'spegel', n2));
    await until('the Service leaves the pod out', isLeftOut, { limitMs: 4 * generousMs });
    await runPod(cluster(), n2, `${upstream}/app:while-it-hangs`);
    await runPod(cluster(), n1, `${upstream}/app:while-it-hangs`);
  });

  it('9. the alerts fire for the withdrawn mirror', async () => {
    const wanted = alertsOf(cluster().n2.address);
    await whenFiring('the alerts fire', (names) => wanted.every((name) => names.includes(name)));
  });

  it("5. when it goes on, Spegel's own bytes are back", async () => {
    const { n1, n2, nodes } = cluster();
    process.kill(spegel, 'SIGCONT');
    await whenDefault(n2, spegelFile(n2.address));
    await whenDefault(n1, spegelFile(n1.address));
    await whenPhase(nodes, 'spegel');
    assert.equal(n2.files()['_default/hosts.toml'], spegelFile(n2.address), 'without a marker');
  });

  it('9. the alerts resolve', async () => {
    const wanted = alertsOf(cluster().n2.address);
    await whenFiring('they resolve', (names) => names.every((name) => !wanted.includes(name)));
  });
};
