import type { TestContext } from 'node:test';
import { type Ended, startProcess } from '../../support/agent.ts';
import { helmBinary } from '../../support/built.ts';

export type Kubectl = {
  /** Its standard output; throws with all it said when it fails. */
  readonly run: (...words: readonly string[]) => Promise<string>;
  readonly json: (...words: readonly string[]) => Promise<unknown>;
  /** Gives an object on standard input to `kubectl apply`. */
  readonly apply: (object: object) => Promise<string>;
  /** However it ends. */
  readonly tried: (...words: readonly string[]) => Promise<Ended>;
};

const succeeded = (words: readonly string[], ended: Ended): string => {
  if (ended.code === 0) return ended.stdout;
  throw new Error(`${words.join(' ')} ended with ${ended.code ?? ended.signal}: ${ended.output}`);
};

export const createKubectl = (t: TestContext, kubeconfig: string): Kubectl => {
  const tried = (...words: readonly string[]): Promise<Ended> =>
    startProcess(t, ['kubectl', `--kubeconfig=${kubeconfig}`, ...words]).ended;
  const run = async (...words: readonly string[]): Promise<string> =>
    succeeded(['kubectl', ...words], await tried(...words));
  return {
    run,
    tried,
    json: async (...words) => JSON.parse(await run(...words, '--output=json')),
    apply: async (object) => {
      const script = 'printf %s "$0" | kubectl --kubeconfig="$1" apply --filename=-';
      return succeeded(
        ['kubectl apply'],
        await startProcess(t, ['sh', '-c', script, JSON.stringify(object), kubeconfig]).ended,
      );
    },
  };
};

export type Helm = (...words: readonly string[]) => Promise<string>;

export const createHelm = (t: TestContext, kubeconfig: string, home: string): Helm => {
  const env = { KUBECONFIG: kubeconfig, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  return async (...words) => succeeded(['helm', ...words], await startProcess(t, [helmBinary, ...words], env).ended);
};
