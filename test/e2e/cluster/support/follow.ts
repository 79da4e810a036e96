import { startProcess } from '../../support/agent.ts';
import { until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterNode } from './node.ts';

/** What stood under certs.d at some time: each path with its rights, and a file with its text. */
export type Sight = { readonly at: number; readonly files: Readonly<Record<string, string>> };

export type Follower = {
  /** Each change of any file so far, the state at the start first. */
  readonly sights: () => readonly Sight[];
  readonly stop: () => Promise<readonly Sight[]>;
};

const script = new URL('reader.ts', import.meta.url).pathname;

/** A reader on a node that looks at certs.d every 10 ms. */
export const follow = async ({ t }: Cluster, node: ClusterNode): Promise<Follower> => {
  const reader = startProcess(t, [process.execPath, script, node.certsDir]);
  const sights = (): readonly Sight[] =>
    reader
      .output()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Sight);
  await until('the reader reads', () => sights().length > 0, { otherwise: reader.output });
  return {
    sights,
    stop: async () => {
      await reader.stop();
      return sights();
    },
  };
};
