import { type Command, exitCodes } from '../command.ts';
import { json } from '../printer.ts';
import { helmFlags, spegelFlags } from './flags.ts';
import { readSpegelInput, sayProblems } from './inputs.ts';
import { isFeasible, lookAtCluster, openCluster } from './look-at-cluster.ts';
import { planJson, printPlan } from './print-plan.ts';

/** `spegel plan`: what `spegel apply` would do. */
export const spegelPlanCommand: Command = {
  name: 'spegel plan',
  arguments: '',
  positionals: 0,
  summary: "what 'spegel apply' would do with Spegel's Helm release, and why",
  details:
    "Compares Spegel's release with cluster.addon.spegel: whether it is enabled, chart version, each value. The nodes decide\nwhere `enabled` is not given: other runtimes than containerd are kept out. Changes nothing; exit code 3 when something\nwould change.",
  example: 'handspegel spegel plan --config config.yaml',
  flags: [...spegelFlags, ...helmFlags],
  run: async (context) => {
    const { values, terminal } = context;
    const input = readSpegelInput(values, terminal);
    if (input === undefined) return exitCodes.failed;
    const outlook = await lookAtCluster(await openCluster(context, input.where), input, values.on('take-over'));
    const { plan, problems, version } = outlook;
    if (values.on('json')) terminal.out(input.hide(json(planJson(outlook, input))));
    else {
      sayProblems(terminal, problems, input.hide);
      printPlan(terminal, plan, input.where, version, input.hide);
    }
    if (!isFeasible(outlook)) return exitCodes.failed;
    return plan.action === 'nothing' ? exitCodes.done : exitCodes.differences;
  },
};
