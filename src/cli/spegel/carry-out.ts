import { parseDuration } from '../../core/config/settings-duration.ts';
import type { ReleasePlan } from '../../core/spegel/plan-release.ts';
import { hasNamespace } from '../../kubernetes/list-spegels.ts';
import type { CommandContext } from '../command.ts';
import type { Values } from '../options.ts';
import { HelmFailure } from './helm-release.ts';
import type { SpegelInput } from './inputs.ts';
import type { Cluster } from './look-at-cluster.ts';

/** What is to be installed; `undefined` when there is nothing to install. */
export type Wanted = {
  readonly input: Pick<SpegelInput, 'chart' | 'version'>;
  readonly values: Parameters<Cluster['release']['install']>[0]['values'];
  /** On how many nodes it would run; none when nobody counted. */
  readonly nodes: number;
};

/** How long Helm waits, in milliseconds. */
const timeoutOf = (values: Values): number => parseDuration(values.text('timeout') ?? '') ?? 300_000;

const doing = { install: 'installing', upgrade: 'upgrading', uninstall: 'uninstalling' } as const;

/** Does what a plan says, waits, and gives what is to be told at the end; throws an Error with Helm's words, redacted. */
export const carryOut = async (
  plan: ReleasePlan,
  { values, terminal }: CommandContext,
  cluster: Cluster,
  {
    where,
    wanted,
    hide,
  }: {
    readonly where: SpegelInput['where'];
    readonly wanted: Wanted | undefined;
    readonly hide: (text: string) => string;
  },
): Promise<string> => {
  if (plan.action === 'nothing' || plan.action === 'refuse') return '';
  const [timeoutMs, dryRun] = [timeoutOf(values), values.on('dry-run')];
  const say = (text: string): void => {
    if (!values.on('json')) terminal.out(`${text}\n`);
  };
  // A Spegel without peers never becomes ready, and waiting for it would roll a good installation back.
  const isAlone = plan.action !== 'uninstall' && wanted?.nodes === 1;
  const wait = !values.on('no-wait') && !isAlone;
  if (isAlone && !dryRun) say('not waited for: a Spegel without another node never becomes ready');
  say(
    dryRun
      ? 'trying it: nothing is changed'
      : `${doing[plan.action]}${wait ? `, for ${timeoutMs / 1000} s at most` : ''}`,
  );
  try {
    if (plan.action === 'uninstall' || wanted === undefined)
      await cluster.release.uninstall({ timeoutMs, dryRun, wait });
    else {
      const createNamespace = plan.action === 'install' && !(await hasNamespace(cluster.api, where.namespace));
      const { chart, version } = wanted.input;
      await cluster.release.install({
        chart,
        version,
        values: wanted.values,
        createNamespace,
        wait,
        timeoutMs,
        dryRun,
      });
    }
  } catch (error) {
    if (!(error instanceof HelmFailure)) throw error;
    const back =
      wait && !dryRun && plan.action !== 'uninstall' ? '\nHelm was told to put back what was there before.' : '';
    throw new Error(hide(error.message) + back, { cause: error });
  }
  return dryRun ? 'it would work' : 'done';
};
