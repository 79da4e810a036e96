import { redactText } from '../../core/redact.ts';
import { planUninstall } from '../../core/spegel/plan-release.ts';
import { secretsIn } from '../../core/spegel/value-differences.ts';
import { listSpegels } from '../../kubernetes/list-spegels.ts';
import { type Command, exitCodes } from '../command.ts';
import { json } from '../printer.ts';
import { carryOut } from './carry-out.ts';
import { changeFlags, helmFlags, spegelFlags } from './flags.ts';
import { whereOf } from './inputs.ts';
import { openCluster } from './look-at-cluster.ts';
import { printPlan } from './print-plan.ts';

const used = ['release', 'namespace', 'json'];

/** `spegel uninstall`: whatever the configuration says. */
export const spegelUninstallCommand: Command = {
  name: 'spegel uninstall',
  arguments: '',
  positionals: 0,
  summary: 'uninstall Spegel, whatever the configuration says',
  details:
    "Spegel's own hook puts certs.d back on each node, and the agents their files. Nothing to do when there is no release;\nnever one of another chart, or one that Flux or Argo CD manages.",
  example: 'handspegel spegel uninstall --namespace spegel',
  flags: [...spegelFlags.filter(({ name }) => used.includes(name)), ...helmFlags, ...changeFlags],
  run: async (context) => {
    const { values, terminal } = context;
    const where = whereOf(values);
    const cluster = await openCluster(context, where);
    const [found, spegels] = [await cluster.release.find(), await listSpegels(cluster.api)];
    const plan = planUninstall({ where, found, spegels, nodes: undefined, takeOver: values.on('take-over') });
    const secrets = secretsIn(found?.values ?? {});
    const hide = (text: string): string => redactText(text, secrets);
    if (!values.on('json')) printPlan(terminal, plan, where, found?.version ?? '', hide);
    const told = await carryOut(plan, context, cluster, { where, wanted: undefined, hide });
    const feasible = plan.action !== 'refuse';
    if (values.on('json')) {
      terminal.out(hide(json({ ...where, ...plan, dryRun: values.on('dry-run'), done: feasible, problems: [] })));
    } else if (told !== '') terminal.out(`${told}\n`);
    return feasible ? exitCodes.done : exitCodes.failed;
  },
};
