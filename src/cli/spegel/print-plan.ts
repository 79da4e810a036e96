import type { ReleasePlan } from '../../core/spegel/plan-release.ts';
import type { Terminal } from '../command.ts';
import { paint, printable, table } from '../printer.ts';
import type { SpegelInput } from './inputs.ts';
import type { Outlook } from './look-at-cluster.ts';

const colours = { nothing: 'green', install: 'cyan', upgrade: 'cyan', uninstall: 'yellow', refuse: 'red' } as const;

const rowsOf = (plan: ReleasePlan, version: string): readonly (readonly string[])[] => {
  if (plan.action === 'install') return [['chart', version]];
  if (plan.action !== 'upgrade') return [];
  return [
    ...(plan.versions === undefined ? [] : [['chart', `${plan.versions.from} -> ${plan.versions.to}`]]),
    ...plan.differences.map(({ path, from, to }) => [path, `${from ?? '(not given)'} -> ${to ?? '(not given)'}`]),
  ];
};

/** The plan for people: what, where, why, and each value that differs. */
export const printPlan = (
  terminal: Terminal,
  plan: ReleasePlan,
  { release, namespace }: SpegelInput['where'],
  version: string,
  hide: (text: string) => string,
): void => {
  const word = plan.action === 'nothing' ? 'nothing to do' : plan.action;
  const lines = [
    `  ${plan.reason}`,
    ...(plan.action === 'nothing' && plan.remark !== undefined ? [`  ${plan.remark}`] : []),
    ...(plan.action === 'refuse' ? [`  ${plan.hint}`] : []),
  ];
  const rows = table(rowsOf(plan, version).map(([first = '', ...rest]) => [`  ${first}`, ...rest]));
  terminal.out(`${release} in namespace ${namespace}: ${paint(terminal, colours[plan.action], word)}\n`);
  terminal.out(printable(hide(`${lines.join('\n')}\n${rows}`)));
};

/** The plan for programs. */
export const planJson = (
  outlook: Outlook,
  { where }: Pick<SpegelInput, 'where'>,
): Readonly<Record<string, unknown>> => {
  const { plan, choice, version, problems } = outlook;
  const { problems: _, ...chosen } = choice;
  return { ...where, ...plan, chartVersion: version, enabled: chosen, problems };
};
