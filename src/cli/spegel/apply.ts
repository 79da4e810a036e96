import { type Command, exitCodes } from '../command.ts';
import { json } from '../printer.ts';
import { carryOut } from './carry-out.ts';
import { changeFlags, helmFlags, spegelFlags } from './flags.ts';
import { readSpegelInput, sayProblems } from './inputs.ts';
import { isFeasible, lookAtCluster, openCluster } from './look-at-cluster.ts';
import { planJson, printPlan } from './print-plan.ts';

/** `spegel apply`: Spegel's release becomes what the configuration says. */
export const spegelApplyCommand: Command = {
  name: 'spegel apply',
  arguments: '',
  positionals: 0,
  summary: 'install, upgrade or uninstall Spegel, as the configuration says',
  details:
    "Does what 'spegel plan' shows, with your own Helm 3 or 4: waits until Spegel is ready, and puts back what was there when\nit does not become so. Nothing to do when nothing differs. Never touches a release of another chart, or one that Flux or\nArgo CD manages.",
  example: 'handspegel spegel apply --config config.yaml',
  flags: [...spegelFlags, ...helmFlags, ...changeFlags],
  run: async (context) => {
    const { values, terminal } = context;
    const input = readSpegelInput(values, terminal);
    if (input === undefined) return exitCodes.failed;
    const { where, hide } = input;
    const cluster = await openCluster(context, where);
    const outlook = await lookAtCluster(cluster, input, values.on('take-over'));
    const { plan, choice, version, problems } = outlook;
    const isJson = values.on('json');
    if (!isJson) {
      sayProblems(terminal, problems, hide);
      printPlan(terminal, plan, where, version, hide);
    }
    const feasible = isFeasible(outlook);
    const wanted = {
      input: { chart: input.chart, version },
      values: input.values(choice.keptOut),
      nodes: choice.nodes.length,
    };
    const told = feasible ? await carryOut(plan, context, cluster, { where, wanted, hide }) : '';
    if (isJson) terminal.out(hide(json({ ...planJson(outlook, input), dryRun: values.on('dry-run'), done: feasible })));
    else if (told !== '') terminal.out(`${told}\n`);
    return feasible ? exitCodes.done : exitCodes.failed;
  },
};
