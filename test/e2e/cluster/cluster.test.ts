import { after, afterEach, before, beforeEach, describe, type TestContext } from 'node:test';
import { bootstraps } from './scenarios/bootstrap.ts';
import { follows } from './scenarios/configuration.ts';
import { handsOver } from './scenarios/hand-off.ts';
import { withdraws } from './scenarios/hang.ts';
import { otherRuntime } from './scenarios/other-runtime.ts';
import { survivesOutages } from './scenarios/outage.ts';
import { restarts } from './scenarios/restarts.ts';
import { keepsSpegelOut, managesSpegel } from './scenarios/spegel-job.ts';
import { uninstallsSpegel } from './scenarios/spegel-uninstall.ts';
import { uninstalls } from './scenarios/uninstall.ts';
import { bootsWithUserData } from './scenarios/user-data.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { tellCluster } from './support/tell-cluster.ts';

// Two real nodes, as an administrator sees them. One cluster lives through all scenarios in this order; each begins where
// the one before it ended, so after a failure the rest is not played.

describe('a cluster of two nodes', { timeout: 900_000 }, () => {
  let started: Cluster | undefined;
  let failed: string | undefined;
  const ending: (() => unknown)[] = [];
  const suite = { after: (act: () => unknown) => ending.push(act) } as unknown as TestContext;
  const cluster = (): Cluster => {
    if (started === undefined) throw new Error('the cluster did not start');
    return started;
  };

  before(
    async () => {
      started = await startCluster(suite);
    },
    { timeout: 300_000 },
  );
  after(async () => {
    for (const act of ending.toReversed()) await act();
  });
  beforeEach(() => {
    if (failed !== undefined) throw new Error(`not played, because this failed: ${failed}`);
  });
  afterEach(async (t) => {
    if (failed !== undefined || !('passed' in t) || t.passed) return;
    failed = t.name;
    if (started !== undefined) console.error(await tellCluster(started));
  });

  bootstraps(cluster);
  handsOver(cluster);
  follows(cluster);
  survivesOutages(cluster);
  withdraws(cluster);
  restarts(cluster);
  uninstallsSpegel(cluster);
  managesSpegel(cluster);
  uninstalls(cluster);
  bootsWithUserData(cluster);
  otherRuntime(cluster);
  keepsSpegelOut(cluster);
});
