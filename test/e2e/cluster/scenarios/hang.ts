import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generousMs, until } from '../../support/until.ts';
import { upstream } from '../support/addresses.ts';
import { isReady, podOf, whenPhase } from '../support/agents.ts';
import type { Cluster } from '../support/cluster.ts';
import { processOf } from '../support/containers.ts';
import { spegelFile, whenDefault } from '../support/expected.ts';
import { runPod } from '../support/sleeper.ts';

/** 5. Spegel hangs on one node. */
export const withdraws = (cluster: () => Cluster): void => {
  it('5. a Spegel that hangs is taken out of the file of its node and pods pull; when it goes on, its bytes are back', async () => {
    const { n1, n2, pushApp } = cluster();
    const spegel = await processOf(cluster(), 'spegel', n2);
    await pushApp('while-it-hangs');
    process.kill(spegel, 'SIGSTOP');
    try {
      await whenPhase([n2], 'withdrawn');
      const isOut = (): boolean => !(n2.body('_default/hosts.toml') ?? '').includes(`http://${n2.address}:30020`);
      await until('the hanging mirror is out of the file', isOut);
      // Until kubelet takes the pod out of the Service, every second connection to the other port meets it as well.
      const isLeftOut = async (): Promise<boolean> => !isReady(await podOf(cluster(), 'spegel', n2));
      await until('the Service leaves the pod out', isLeftOut, { limitMs: 4 * generousMs });
      await runPod(cluster(), n2, `${upstream}/app:while-it-hangs`);
      await runPod(cluster(), n1, `${upstream}/app:while-it-hangs`);
    } finally {
      process.kill(spegel, 'SIGCONT');
    }
    await whenDefault(n2, spegelFile(n2.address));
    await whenPhase([n2], 'spegel');
    assert.equal(n1.files()['_default/hosts.toml'], spegelFile(n1.address));
  });
};
